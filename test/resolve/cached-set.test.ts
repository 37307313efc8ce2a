// The form of sets in the cache: what is written is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket from 'dns-packet';
import { dataAt, putCachedRecord, recordEnd } from '../../src/resolve/cached-set.ts';
import { Response } from '../../src/resolve/response.ts';
import { nameOf } from '../../src/wire/name.ts';
import { rr } from '../support/scripted.ts';

/** Sets, and the data of their records in hexadecimal, names whole. */
const SETS: readonly [type: number, records: string[], data: string[]][] = [
  [1, ['x.test 5 A 192.0.2.1', 'x.test 5 A 192.0.2.2'], ['c0000201', 'c0000202']],
  [2, ['x.test 5 NS a.x.test', 'x.test 5 NS test'], ['01610178047465737400', '047465737400']],
  [5, ['x.test 5 CNAME y.x.test'], ['01790178047465737400']],
  [
    6,
    ['x.test 5 SOA a.test h.x.test 1 2 3 4 5'],
    ['0161047465737400016801780474657374000000000100000002000000030000000400000005'],
  ],
  [15, ['x.test 5 MX 513 x.test', 'x.test 5 MX 1 test'], ['02010178047465737400', '0001047465737400']],
  [16, ['x.test 5 TXT abc', 'x.test 5 TXT '], ['03616263', '00']],
  [28, ['x.test 5 AAAA 2001:db8::1'], ['20010db8000000000000000000000001']],
];

for (const [type, records, expected] of SETS) {
  test(`a set of type ${type} comes out of the cache's form as it went in`, () => {
    const questions = [{ type: 'A', name: 'x.test' }];
    const packet = { type: 'response', questions, answers: records.map(rr) } as dnsPacket.Packet;
    const response = new Response();
    assert.ok(response.parse(dnsPacket.encode(packet), { name: nameOf('x.test')!, type, zoneAt: 0 }));
    const set = new Uint8Array(2000);
    let end = 0;
    for (const record of response.records) end = putCachedRecord(response, record, set, end);
    const found: string[] = [];
    for (let at = 0; at < end; at = recordEnd(type, set, at)) {
      found.push(Buffer.from(set.subarray(dataAt(type, at), recordEnd(type, set, at))).toString('hex'));
    }
    assert.deepEqual(found, expected);
  });
}
