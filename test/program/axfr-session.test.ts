import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ip4 } from '../../src/base/address.ts';
import { Log } from '../../src/log/qlog.ts';
import { AxfrSession, dataService } from '../../src/program/axfr-session.ts';
import { descriptors } from '../support/process.ts';
import { run, temporaryDirectory } from '../support/programs.ts';
import { framedQuery, zoneData } from '../support/transfer.ts';

const ZONE = 'session.test';
const root = temporaryDirectory();
writeFileSync(`${root}/data`, zoneData(ZONE, 40, 5));
run('tinydns-data', [], { cwd: root });
process.chdir(root);

const silentLog = new Log(false, () => {});

const client = { ip: ip4(127, 0, 0, 1), port: 4000, axfr: undefined, keys: undefined };
const service = dataService(silentLog);

/** What a session makes of `input`, pushed in pieces of these lengths (used again and again). */
function play(input: Buffer, pieces: readonly number[]): { sent: Buffer; failure: string } {
  const session = new AxfrSession(client, service);
  const sent: Buffer[] = [];
  for (let at = 0, i = 0; at < input.length && session.failure === ''; i++) {
    const length = pieces[i % pieces.length]!;
    session.push(input.subarray(at, at + length));
    at += length;
    for (let bytes = session.next(); bytes; bytes = session.next()) sent.push(Buffer.from(bytes));
  }
  session.close();
  return { sent: Buffer.concat(sent), failure: session.failure };
}

const FAILURES = [
  '',
  'truncated request',
  'bogus query',
  'bogus query: bad class',
  'excessively large request',
  'unable to locate information in data.cdb',
];
const REQUESTS = [
  framedQuery(ZONE, 'AXFR'),
  framedQuery(`alias0.${ZONE}`, 'A'),
  framedQuery(`x.wild.${ZONE}`, 'A'),
  framedQuery(ZONE, 'NS'),
];
const requests = fc.array(fc.constantFrom(...REQUESTS), { minLength: 1, maxLength: 6 });
const pieces = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 });
const damage = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 });

test('replies do not depend on how requests are cut', () => {
  fc.assert(
    fc.property(requests, pieces, (some, cuts) => {
      const input = Buffer.concat(some);
      const whole = play(input, [input.length]);
      assert.equal(whole.failure, '');
      assert.deepEqual(play(input, cuts), whole);
    }),
  );
});

test('whatever comes, a session answers or fails with the stated words, and leaves no file open', () => {
  const before = descriptors(process.pid);
  fc.assert(
    fc.property(requests, damage, pieces, (some, changes, cuts) => {
      const input = Buffer.concat(some);
      for (const [at, octet] of changes) if (at < input.length) input[at] = octet;
      const { failure } = play(input, cuts);
      assert.ok(FAILURES.includes(failure), failure);
    }),
    { numRuns: 1000 },
  );
  assert.equal(descriptors(process.pid), before);
});
