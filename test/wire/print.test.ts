// Messages as text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatPacket } from '../../src/wire/print.ts';

test('a packet of any octets prints or does not', () => {
  let printed = 0;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 20, size: 'max' }), (octets) => {
      if (octets.length >= 12) octets.fill(0, 4, 12);
      const packet = octets.length % 2 ? octets : octets.subarray(0, 12);
      const text = formatPacket(packet);
      if (text === undefined) return;
      printed++;
      assert.match(text, new RegExp(`^${packet.length} bytes, 0\\+0\\+0\\+0 records, [ -~]*\\n$`));
    }),
    { numRuns: 1000 },
  );
  assert.ok(printed > 0);
  assert.equal(formatPacket(new Uint8Array(11)), undefined);
});
