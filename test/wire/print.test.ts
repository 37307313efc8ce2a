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

test('an OPT record is a weird class as in 1.05, and in the typed style its fields', () => {
  const header = '0007 8400 0000 0000 0000 0001';
  const opt = '00 0029 04d0 01 00 8000 000c 000a 0008 0102030405060708';
  const packet = Buffer.from((header + opt).replaceAll(' ', ''), 'hex');
  assert.match(formatPacket(packet) ?? '', /^additional: \. 16809984 weird class$/m);
  const fields = 'version 0, 1232 octets, extended rcode 1, dnssec ok, options 000a00080102030405060708';
  assert.equal(formatPacket(packet, 'typed')?.split('\n')[1], `additional: . OPT ${fields}`);
  assert.equal(formatPacket(packet.subarray(0, -1), 'typed'), undefined);
});
