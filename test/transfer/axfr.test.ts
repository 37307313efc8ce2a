import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, EMPTY } from '../../src/base/bytes.ts';
import { taiOfUnix } from '../../src/base/tai.ts';
import { cdbInMemory } from '../../src/cdb/in-memory.ts';
import { CdbCursor } from '../../src/cdb/reader.ts';
import { findSoa, ZoneStream, zoneAccess } from '../../src/transfer/axfr.ts';
import { secondariesOf } from '../../src/transfer/secondaries.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import { piecesOf } from '../support/pieces.ts';
import { messagesIn, recordsIn } from '../support/transfer.ts';

const ZONE = nameOf('zone.test')!;
const NOW_UNIX = 1_700_000_000;
const NOW = taiOfUnix(NOW_UNIX, { hi: 0, lo: 0 });
const LOCATION_AB = 0x6162;

interface Value {
  key: string | Uint8Array;
  type: number;
  data: readonly (string | readonly number[])[];
  mark?: '=' | '>' | '*' | '+';
  location?: string;
  ttl?: number;
  /** Unix seconds. */
  time?: number;
}

function packedValue({ type, data, mark = '=', location = '', ttl = 300, time }: Value): Uint8Array {
  const octets = [type >> 8, type & 255, mark.charCodeAt(0), ...bytesOf(location)];
  const stamp = new Uint8Array(12);
  const view = new DataView(stamp.buffer);
  view.setUint32(0, ttl);
  if (time !== undefined) {
    const tai = taiOfUnix(time, { hi: 0, lo: 0 });
    view.setUint32(4, tai.hi);
    view.setUint32(8, tai.lo);
  }
  octets.push(...stamp);
  for (const part of data) octets.push(...(typeof part === 'string' ? nameOf(part)! : part));
  return Uint8Array.from(octets);
}

function fileOf(values: readonly (Value | { key: Uint8Array; raw: Uint8Array })[]): Uint8Array {
  return cdbInMemory((maker) => {
    for (const value of values) {
      const key = typeof value.key === 'string' ? nameOf(value.key)! : value.key;
      maker.add(key, 'raw' in value ? value.raw : packedValue(value));
    }
  });
}

const NUMBERS = Array.from({ length: 20 }, (_, i) => i);
const SOA: Value = { key: 'zone.test', type: 6, data: ['ns.zone.test', 'who.zone.test', NUMBERS], ttl: 60 };

/** The stream of the zone, or why there is none. */
function transferOf(file: Uint8Array, location = 0): { bytes: Buffer; failure: string } | string {
  const found = findSoa(new CdbCursor(), file, ZONE, location, NOW);
  if ('problem' in found) return found.problem;
  const request = { id: 0xbeef, qname: nameOf('ZONE.test')!, qclass: 1, zone: ZONE, location, now: NOW, opt: EMPTY };
  const stream = new ZoneStream(request, found.soa, piecesOf(file));
  const out = new Uint8Array(65537);
  const parts: Buffer[] = [];
  for (let length = stream.fill(out); length > 0; length = stream.fill(out))
    parts.push(Buffer.from(out.slice(0, length)));
  return { bytes: Buffer.concat(parts), failure: stream.failure };
}

function recordsOf(values: Parameters<typeof fileOf>[0], location = 0): string[] {
  const transfer = transferOf(fileOf(values), location);
  assert.ok(typeof transfer === 'object' && transfer.failure === '', JSON.stringify(transfer));
  return recordsIn(transfer.bytes)
    .slice(1, -1)
    .map((record) => record.split(' ').slice(0, 3).join(' '));
}

const a = (key: string, more: Partial<Value> = {}): Value => ({ key, type: 1, data: [[1, 2, 3, 4]], ...more });

test('what is in the zone is in the stream, in the order of the file; what is beside it is not', () => {
  const values = [
    a('zone.test'),
    a('test'),
    a('xzone.test'),
    SOA,
    a('deep.below.zone.test'),
    { ...SOA, key: 'child.zone.test' },
    { ...SOA },
    a('child.zone.test'),
    a('zone.test', { mark: '*' }),
    { key: new Uint8Array([0, 0x25, 1]), raw: bytesOf('ab') },
    a('last.zone.test'),
  ];
  assert.deepEqual(recordsOf(values), [
    'zone.test A 300',
    'deep.below.zone.test A 300',
    'child.zone.test A 300',
    '*.zone.test A 300',
    'last.zone.test A 300',
  ]);
});

test('locations and timestamps hide what they hide from an ordinary question, and dying records have TTL 2', () => {
  const values = [
    SOA,
    a('here.zone.test', { mark: '>', location: 'ab' }),
    a('there.zone.test', { mark: '>', location: 'cd' }),
    a('zone.test', { mark: '+', location: 'ab' }),
    a('dying.zone.test', { ttl: 0, time: NOW_UNIX + 1000 }),
    a('now.zone.test', { ttl: 0, time: NOW_UNIX }),
    a('dead.zone.test', { ttl: 0, time: NOW_UNIX - 1 }),
    a('born.zone.test', { time: NOW_UNIX - 1 }),
    a('unborn.zone.test', { time: NOW_UNIX }),
  ];
  const everywhere = ['dying.zone.test A 2', 'now.zone.test A 2', 'born.zone.test A 300'];
  assert.deepEqual(recordsOf(values), everywhere);
  assert.deepEqual(recordsOf(values, LOCATION_AB), ['here.zone.test A 300', '*.zone.test A 300', ...everywhere]);
});

test('a zone without an SOA that the client sees is absent', () => {
  const cases: readonly (readonly Value[])[] = [
    [],
    [a('zone.test')],
    [{ ...SOA, key: 'test' }],
    [{ ...SOA, mark: '*' }],
    [{ ...SOA, mark: '>', location: 'ab' }],
    [{ ...SOA, ttl: 0, time: NOW_UNIX - 5 }],
  ];
  for (const values of cases) assert.equal(transferOf(fileOf(values)), 'absent', JSON.stringify(values));
});

test('the first message echoes the question, all have the ID, AA and one answer', () => {
  const transfer = transferOf(fileOf([SOA, a('zone.test')]));
  assert.ok(typeof transfer === 'object');
  const [first, middle, last] = messagesIn(transfer.bytes).map((message) => message.toString('hex'));
  const question = `${Buffer.from(nameOf('ZONE.test')!).toString('hex')}00fc0001`;
  assert.ok(first!.startsWith(`beef84000001000100000000${question}`));
  assert.equal(middle, 'beef84000000000100000000047a6f6e650474657374000001000100 00012c000401020304'.replace(' ', ''));
  assert.equal(last, `beef84000000000100000000${first!.slice(24 + question.length)}`);
});

test('a corrupt file ends the stream after what is whole, and says how it is corrupt', () => {
  const good = [SOA, a('one.zone.test')];
  const failures: readonly (readonly [value: Parameters<typeof fileOf>[0][number], failure: string])[] = [
    [{ key: nameOf('x.zone.test')!, raw: new Uint8Array(2) }, 'protocol error'],
    [{ key: 'x.zone.test', type: 2, data: [[3, 1]] }, 'protocol error'],
    [{ key: 'x.zone.test', type: 15, data: [[1]] }, 'protocol error'],
    [{ key: new Uint8Array(0), raw: new Uint8Array(30) }, 'format error'],
    [{ key: new Uint8Array([3, 1]), raw: new Uint8Array(30) }, 'format error'],
    [{ key: new Uint8Array(513), raw: new Uint8Array(30) }, 'format error'],
    [{ key: nameOf('other.test')!, raw: new Uint8Array(32768) }, 'format error'],
  ];
  for (const [value, failure] of failures) {
    const transfer = transferOf(fileOf([...good, value, a('two.zone.test')]));
    assert.ok(typeof transfer === 'object');
    assert.equal(transfer.failure, failure, JSON.stringify(value));
    assert.equal(messagesIn(transfer.bytes).length, 2);
  }
});

test('a zone is allowed by an element equal to it, in any case, before anything that is no name', () => {
  const cases: readonly (readonly [list: string | undefined, access: string])[] = [
    [undefined, 'allowed'],
    ['', 'disallowed'],
    ['//', 'disallowed'],
    ['zone.test', 'allowed'],
    ['a/ZONE.test./b', 'allowed'],
    ['.zone..test', 'allowed'],
    ['\\172one.test', 'allowed'],
    ['test/sub.zone.test', 'disallowed'],
    ['zone.test ', 'disallowed'],
    [`${'x'.repeat(64)}/zone.test`, 'undecodable'],
    [`zone.test/${'x'.repeat(64)}`, 'allowed'],
  ];
  for (const [list, access] of cases)
    assert.equal(zoneAccess(list === undefined ? list : bytesOf(list), ZONE), access, list);
  assert.equal(zoneAccess(bytesOf('.'), nameOf('')!), 'allowed');
});

test('the secondaries are the name servers but for the primary of the SOA, each once, with their addresses', () => {
  const ns = (target: string): Value => ({ key: 'zone.test', type: 2, data: [target] });
  const file = fileOf([
    SOA,
    ns('NS.zone.test'),
    ns('b.ns.zone.test'),
    ns('B.ns.zone.test'),
    ns('elsewhere.test'),
    a('b.ns.zone.test'),
    a('b.ns.zone.test', { data: [[5, 6, 7, 8]] }),
  ]);
  const found = secondariesOf(file, ZONE, NOW);
  assert.ok('secondaries' in found);
  assert.deepEqual(
    found.secondaries.map(({ name, addresses }) => [formatName(name), addresses.map((address) => address.join('.'))]),
    [
      ['b.ns.zone.test', ['1.2.3.4', '5.6.7.8']],
      ['elsewhere.test', []],
    ],
  );
  assert.deepEqual(secondariesOf(fileOf([ns('b.test')]), ZONE, NOW), { problem: 'absent' });
});
