// Every line that a server's log can make is taken apart into what went into it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Address, type Ip4, type Ip6, ip4 } from '../../src/base/address.ts';
import { CacheLog } from '../../src/log/cachelog.ts';
import { scanLine } from '../../src/log/dnslog-parse.ts';
import type { Fields } from '../../src/log/entry.ts';
import type { Sink } from '../../src/log/lines.ts';
import { type Client, Log } from '../../src/log/qlog.ts';
import { readData } from '../../src/log/rdata-text.ts';
import type { AcceptedRecord } from '../../src/resolve/log.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';

const u16 = fc.nat(65535);
const u32 = fc.nat(0xffffffff);
const ip: fc.Arbitrary<Address> = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => octets as Ip4),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => octets as Ip6),
);
const client = fc.record({ ip, port: u16 });
const error = fc.constantFrom(
  ['ETIMEDOUT', 'timed out'],
  ['EIO', 'input/output error'],
  ['EPERM', 'permission denied'],
  ['ENOTHING', 'unknown error'],
) as fc.Arbitrary<[code: string, text: string]>;

/** Names, and how dnscache shows them. */
const name = fc
  .array(fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(...'abcdefgh0123456789-_*') }), {
    maxLength: 8,
  })
  .map((labels) => ({ wire: nameOf(labels.join('.')) as Uint8Array, dotted: `${labels.join('.')}.`.toLowerCase() }));

const record: fc.Arbitrary<AcceptedRecord & { owner: string }> = fc
  .record({ ip, ttl: u32, name, type: u16 })
  .map(({ name, ...rest }) => ({ ...rest, names: Uint8Array.of(9, ...name.wire), ownerAt: 1, owner: name.dotted }));

/** The address as text, by the means of URLs. */
function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups = Buffer.from(octets)
    .toString('hex')
    .replace(/(....)(?=.)/g, '$1:');
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}

const peer = ({ ip, port }: Client) => ({ ip: addressText(ip), port });

/** The one line that a log writes, taken apart, without its time. */
function scanned(write: (sink: Sink) => void, stamped: boolean): Fields {
  let line = '';
  write((bytes, from, to) => {
    line += Buffer.from(bytes.subarray(from, to)).toString('latin1');
  });
  assert.match(line, /^[^\n]+\n$/);
  const { time, text, ...fields } = scanLine(line.slice(0, -1));
  assert.equal(time !== undefined, stamped, line);
  return fields;
}

type Expected = [write: (log: CacheLog) => void, fields: Fields];

/** Types that are not shown in hexadecimal. */
const NAMED: readonly number[] = [TYPE.NS, TYPE.CNAME, TYPE.PTR, TYPE.MX, TYPE.SOA];

function read({ ip, ttl, type }: AcceptedRecord, owner: string, data: string): Fields {
  return { event: 'rr', server: addressText(ip), ttl, type, name: owner, data };
}

const plainRecord: fc.Arbitrary<Expected> = fc
  .tuple(record, fc.uint8Array({ minLength: 1, maxLength: 40 }))
  .map(([{ owner, ...rest }, bytes]) => {
    const type = NAMED.includes(rest.type) ? TYPE.A : rest.type;
    const hex = Buffer.from(bytes.subarray(0, 32)).toString('hex') + (bytes.length < 32 ? '' : '...');
    return [
      (log) => log.rr({ ...rest, type }, bytes, 0, bytes.length),
      read({ ...rest, type }, owner, readData(type, hex)),
    ];
  });
const nameRecord: fc.Arbitrary<Expected> = fc
  .tuple(record, fc.constantFrom(TYPE.NS, TYPE.CNAME, TYPE.PTR), name)
  .map(([{ owner, ...rest }, type, { wire, dotted }]) => [
    (log) => log.rr({ ...rest, type }, Uint8Array.of(7, ...wire, 7), 1, 1 + wire.length),
    read({ ...rest, type }, owner, dotted),
  ]);
const mxRecord: fc.Arbitrary<Expected> = fc
  .tuple(record, u16, name)
  .map(([{ owner, ...rest }, preference, { wire, dotted }]) => [
    (log) =>
      log.rr({ ...rest, type: TYPE.MX }, Uint8Array.of(preference >> 8, preference, ...wire), 0, 2 + wire.length),
    read({ ...rest, type: TYPE.MX }, owner, `${preference} ${dotted}`),
  ]);
const soaRecord: fc.Arbitrary<Expected> = fc
  .tuple(record, name, name, fc.tuple(u32, u32, u32, u32, u32))
  .map(([{ owner, ...rest }, a, b, numbers]) => {
    const octets = Buffer.alloc(20);
    for (const [i, number] of numbers.entries()) octets.writeUInt32BE(number, 4 * i);
    return [
      (log) =>
        log.rr(
          { ...rest, type: TYPE.SOA },
          Uint8Array.of(...a.wire, ...b.wire, ...octets),
          0,
          a.wire.length + b.wire.length + 20,
        ),
      read({ ...rest, type: TYPE.SOA }, owner, [a.dotted, b.dotted, ...numbers].join(' ')),
    ];
  });

/** For each of dnscache's lines, by the method that makes it: a call of it, and what must be read again. */
const CACHE_LINES: Readonly<Record<string, fc.Arbitrary<Expected>>> = {
  starting: fc.constant([(log) => log.starting(), { event: 'starting', program: 'dnscache' }]),
  query: fc
    .tuple(u32, client, u16, u16, name)
    .map(([number, from, id, type, { wire, dotted }]) => [
      (log) => log.query(number, from, id, type, wire),
      { event: 'query', number, client: peer(from), id, type, name: dotted },
    ]),
  sent: fc
    .tuple(u32, u16)
    .map(([number, octets]) => [(log) => log.sent(number, octets), { event: 'sent', number, octets }]),
  drop: fc
    .tuple(u32, error)
    .map(([number, [code, text]]) => [(log) => log.drop(number, code), { event: 'drop', number, error: text }]),
  refused: client.map((from) => [(log) => log.refused(from), { event: 'refused', client: peer(from) }]),
  tcpOpen: client.map((from) => [(log) => log.tcpOpen(from), { event: 'tcpopen', client: peer(from) }]),
  tcpClose: fc
    .tuple(client, error)
    .map(([from, [code, text]]) => [
      (log) => log.tcpClose(from, code),
      { event: 'tcpclose', client: peer(from), error: text },
    ]),
  cached: fc
    .tuple(u16, name)
    .map(([type, { wire, dotted }]) => [(log) => log.cached(type, wire), { event: 'cached', type, name: dotted }]),
  cachedCname: fc
    .tuple(name, name)
    .map(([from, to]) => [
      (log) => log.cachedCname(from.wire, Uint8Array.of(7, ...to.wire), 1),
      { event: 'cached alias', name: from.dotted, target: to.dotted },
    ]),
  cachedNs: fc
    .tuple(name, name)
    .map(([zone, server]) => [
      (log) => log.cachedNs(Uint8Array.of(7, ...zone.wire), 1, Uint8Array.of(7, ...server.wire), 1),
      { event: 'cached delegation', zone: zone.dotted, target: server.dotted },
    ]),
  cachedNxdomain: name.map(({ wire, dotted }) => [
    (log) => log.cachedNxdomain(wire),
    { event: 'cached nxdomain', name: dotted },
  ]),
  cachedServfail: fc
    .tuple(name, u16)
    .map(([{ wire, dotted }, type]) => [
      (log) => log.cachedServfail(wire, type),
      { event: 'cached failure', name: dotted, type },
    ]),
  tx: fc.tuple(fc.nat(9), u16, name, fc.array(client, { maxLength: 16 })).map(([level, type, asked, servers]) => {
    const zoneAt = asked.wire[0] === 0 ? 0 : 1 + asked.wire[0]!;
    const zone = asked.dotted.slice(asked.dotted.indexOf('.') + 1) || '.';
    return [
      (log) => log.tx(level, type, asked.wire, zoneAt, servers),
      { event: 'tx', level, type, name: asked.dotted, zone, servers: servers.map(({ ip }) => addressText(ip)) },
    ];
  }),
  merge: fc
    .tuple(ip, u16, name)
    .map(([from, type, { wire, dotted }]) => [
      (log) => log.merge(from, type, wire),
      { event: 'merge', server: addressText(from), type, name: dotted },
    ]),
  rr: fc.oneof(plainRecord, nameRecord, mxRecord, soaRecord),
  nxdomain: fc
    .tuple(ip, u32, name)
    .map(([from, ttl, { wire, dotted }]) => [
      (log) => log.nxdomain(from, ttl, wire),
      { event: 'nxdomain', server: addressText(from), ttl, name: dotted },
    ]),
  nodata: fc
    .tuple(ip, u32, u16, name)
    .map(([from, ttl, type, { wire, dotted }]) => [
      (log) => log.nodata(from, ttl, type, wire),
      { event: 'nodata', server: addressText(from), ttl, type, name: dotted },
    ]),
  lame: fc
    .tuple(ip, name, name)
    .map(([from, asked, referral]) => [
      (log) => log.lame(from, asked.wire, 0, Uint8Array.of(7, ...referral.wire), 1),
      { event: 'lame', server: addressText(from), zone: asked.dotted, target: referral.dotted },
    ]),
  servfail: fc
    .tuple(name, error)
    .map(([{ wire, dotted }, [code, text]]) => [
      (log) => log.servfail(wire, code),
      { event: 'servfail', name: dotted, error: text },
    ]),
  stats: fc.constant([
    (log) => log.stats(),
    { event: 'stats', stats: { queries: 5, motion: 1e12, udp: 200, tcp: 20 } },
  ]),
};

test('every line of dnscache is read as what was written', () => {
  const counts = () => ({ queries: 5, motion: 1e12, udpActive: 200, tcpActive: 20 });
  for (const [method, lines] of Object.entries(CACHE_LINES)) {
    fc.assert(
      fc.property(lines, fc.boolean(), ([write, expected], stamped) => {
        const fields = scanned((sink) => {
          const log = new CacheLog(counts, stamped, sink);
          write(log);
          log.flush();
        }, stamped);
        assert.deepEqual(fields, expected, method);
      }),
    );
  }
});

test('no method of the log is missing among those lines', () => {
  const helpers = ['constructor', 'flush', 'begin', 'client', 'record'];
  const methods = Object.getOwnPropertyNames(CacheLog.prototype).filter((method) => !helpers.includes(method));
  assert.deepEqual(Object.keys(CACHE_LINES).sort(), methods.sort());
});

test("the content servers' and axfrdns's lines are read as what was written", () => {
  fc.assert(
    fc.property(
      fc.record({
        from: client,
        id: u16,
        status: fc.constantFrom('', ...'+-ICE'),
        type: u16,
        name,
        unreadable: fc.boolean(),
      }),
      fc.boolean(),
      ({ from, id, status, type, name: { wire }, unreadable }, stamped) => {
        const fields = scanned((sink) => {
          const log = new Log(stamped, sink);
          if (unreadable) log.unreadable(from);
          else log.query(from, id, status === '' ? 0 : status.charCodeAt(0), type, wire);
          log.flush();
        }, stamped);
        const expected: Fields = { event: 'packet', client: peer(from), id, type, name: formatName(wire) };
        if (unreadable) Object.assign(expected, { id: 0, status: '/', type: 0, name: '.' });
        else if (status !== '') expected.status = status;
        assert.deepEqual(fields, expected);
      },
    ),
  );
});

test('what came of a packet is read behind its line, whatever the code', () => {
  fc.assert(
    fc.property(client, u16, name, fc.nat(4095), u16, fc.boolean(), (from, id, { wire }, rcode, octets, truncated) => {
      const fields = scanned((sink) => {
        const log = new Log(false, sink);
        log.query(from, id, 43, 28, wire);
        log.result(rcode, octets, truncated);
        log.flush();
      }, false);
      const { client: _client, ...rest } = fields;
      const code = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'][rcode];
      if (code) assert.equal(fields.rcode, code);
      assert.match(fields.rcode!, /^[A-Z]+[0-9]*$/);
      const expected = { event: 'packet', id, status: '+', type: 28, name: formatName(wire), octets, truncated };
      assert.deepEqual(rest, { ...expected, rcode: fields.rcode });
    }),
  );
});

test('lines are written whole, however many there are between two flushes', () => {
  const written: string[] = [];
  const log = new Log(true, (bytes, from, to) =>
    written.push(Buffer.from(bytes.subarray(from, to)).toString('latin1')),
  );
  const wire = Uint8Array.of(...Array.from({ length: 3 }, () => [63, ...new Uint8Array(63).fill(1)]).flat(), 0);
  for (let i = 0; i < 1000; i++) log.query({ ip: ip4(127, 0, 0, 1), port: i }, i, 43, 1, wire);
  log.flush();
  assert.ok(written.length > 1 && written.every((lines) => lines.endsWith('\n') && lines.length <= 65536));
  const entries = written.join('').trimEnd().split('\n').map(scanLine);
  assert.deepEqual(
    entries.map(({ id }) => id),
    Array.from({ length: 1000 }, (_, i) => i),
  );
});
