// Dialogues: which response is an answer, and whose. See docs/resolution.md, "What a response is".
import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket from 'dns-packet';
import { Dialogue, type Server } from '../support/dialogue.ts';
import { NXDOMAIN, type Reply, rr } from '../support/scripted.ts';

const NOERROR_FLAGS = 0x8180;
const NXDOMAIN_FLAGS = 0x8583;
const SERVFAIL_FLAGS = 0x8182;
const SOA = 'b.test 900 SOA ns.b.test h.b.test 1 2 3 4 500';

/** The root refers to b.test, whose servers are at these addresses. */
function zoneOf(servers: Record<string, Server>): Dialogue {
  const addresses = Object.keys(servers);
  const authority = addresses.map((_, i) => `b.test 3600 NS ns${i}.b.test`);
  const additional = addresses.map((address, i) => `ns${i}.b.test 3600 A ${address}`);
  return new Dialogue({ '10.0.0.1': () => ({ flags: 0, authority, additional }), ...servers });
}

const good: Server = ({ name }) => ({ answer: [`${name} 60 A 192.0.2.1`] });

/** What a server says that is no answer as long as another one may say better; what it is when nobody does. */
const SECOND_BEST: readonly [title: string, reply: (name: string) => Reply, flags: number, records: number][] = [
  ['an answer', (name) => ({ flags: 0, answer: [`${name} 60 A 10.6.6.6`] }), NOERROR_FLAGS, 1],
  ['a denial', () => ({ flags: 0, rcode: NXDOMAIN, authority: [SOA] }), NXDOMAIN_FLAGS, 0],
  ['no data', () => ({ flags: 0, authority: [SOA] }), NOERROR_FLAGS, 0],
  ['nothing at all', () => ({ flags: 0 }), NOERROR_FLAGS, 0],
  [
    'an alias',
    (name) =>
      name === 'y.b.test'
        ? { flags: 0, answer: ['y.b.test 60 A 10.6.6.6'] }
        : { flags: 0, answer: [`${name} 60 CNAME y.b.test`] },
    NOERROR_FLAGS,
    2,
  ],
];

for (const [title, reply, flags, records] of SECOND_BEST) {
  const second: Server = ({ name }) => reply(name);
  test(`${title} without AA is not believed while another server may have AA`, () => {
    for (let i = 0; i < 20; i++) {
      const outcome = zoneOf({ '10.0.2.1': second, '10.0.2.2': good }).ask('x.b.test');
      assert.deepEqual(outcome.records, ['x.b.test 60 A 192.0.2.1']);
      assert.doesNotMatch(outcome.log.join('\n'), /10\.6\.6\.6|0a060606/);
    }
  });

  test(`${title} without AA is believed when nobody has AA, after one second for each silent server`, () => {
    for (let i = 0; i < 20; i++) {
      const outcome = zoneOf({ '10.0.2.1': second, '10.0.2.2': () => 'silent' }).ask('x.b.test');
      assert.deepEqual([outcome.flags, outcome.records.length], [flags, records]);
      assert.ok(outcome.seconds <= 2 * Math.max(records, 1), `${outcome.seconds}`);
    }
    const alone = zoneOf({ '10.0.2.1': second }).ask('x.b.test');
    assert.deepEqual([alone.flags, alone.records.length, alone.seconds], [flags, records, 0]);
  });
}

test('an answer without AA waits one second, and no longer, for a server whose address cannot be found', () => {
  const servers: Record<string, Server> = {
    '10.0.0.1': ({ name }) =>
      name.endsWith('c.test')
        ? { flags: 0, authority: ['c.test 3600 NS ns.c.test'], additional: ['ns.c.test 3600 A 10.0.3.1'] }
        : {
            flags: 0,
            authority: ['b.test 3600 NS ns.b.test', 'b.test 3600 NS away.c.test'],
            additional: ['ns.b.test 3600 A 10.0.2.1'],
          },
    '10.0.2.1': ({ name }) => ({ flags: 0, answer: [`${name} 60 A 192.0.2.1`] }),
    '10.0.3.1': () => 'silent',
  };
  const { records, seconds } = new Dialogue(servers).ask('x.b.test');
  assert.deepEqual([records, seconds], [['x.b.test 60 A 192.0.2.1'], 1]);
});

test('a server that answers without AA is asked last for a minute', () => {
  const second: Server = ({ name }) => ({ flags: 0, answer: [`${name} 60 A 192.0.2.1`] });
  const dialogue = zoneOf({ '10.0.2.1': second, '10.0.2.2': good });
  let n = 0;
  while (dialogue.ask(`n${n++}.b.test`).sent.at(-1)!.server !== '10.0.2.2' || n < 10);
  for (let i = 0; i < 20; i++) assert.equal(dialogue.ask(`m${i}.b.test`).sent.length, 1);
});

test('forwarders and servers of servers/ need no AA', () => {
  const second: Server = ({ name }) => ({ flags: 0, answer: [`${name} 60 A 192.0.2.1`] });
  const servers = { '10.0.0.1': second, '10.0.0.2': second };
  for (const forwardOnly of [true, false]) {
    const dialogue = new Dialogue(servers, { roots: { '.': Object.keys(servers) }, forwardOnly });
    for (let i = 0; i < 10; i++) assert.equal(dialogue.ask(`n${i}`).sent.length, 1);
  }
});

test("the zone's own NS set with AA and without an SOA record is no data, kept for five seconds", () => {
  const dialogue = zoneOf({ '10.0.2.1': () => ({ authority: ['b.test 3600 NS ns0.b.test'] }) });
  const { flags, records, log } = dialogue.ask('x.b.test', 'TXT');
  assert.deepEqual([flags, records], [NOERROR_FLAGS, []]);
  assert.match(log.join('\n'), /^nodata 0a000201 5 16 x\.b\.test\.$/m);
  assert.doesNotMatch(log.join('\n'), /^lame/m);
  assert.equal(dialogue.ask('x.b.test', 'TXT').sent.length, 0);
  dialogue.now += 6;
  assert.equal(dialogue.ask('x.b.test', 'TXT').sent.length, 1);
});

test('of delegations to several zones on the way the deepest one is followed', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': () => ({
      flags: 0,
      authority: ['c.b.test 60 NS ns.c.b.test', 'b.test 60 NS ns.b.test', 'x.test 60 NS ns.x.test'],
      additional: ['ns.b.test 60 A 10.0.2.1', 'ns.c.b.test 60 A 10.0.3.1'],
    }),
    '10.0.3.1': good,
  });
  const { records, sent } = dialogue.ask('w.c.b.test');
  assert.equal(records.length, 1);
  assert.equal(sent.length, 2);
});

test('two server names with one address are one server', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': () => ({
      flags: 0,
      authority: ['b.test 60 NS ns1.b.test', 'b.test 60 NS ns2.b.test'],
      additional: ['ns1.b.test 60 A 10.0.2.1', 'ns2.b.test 60 A 10.0.2.1'],
    }),
    '10.0.2.1': () => 'silent',
  });
  const { sent, seconds } = dialogue.ask('x.b.test');
  assert.deepEqual(
    sent.map(({ at }) => at),
    [0, 0, 1, 4, 15],
  );
  assert.equal(seconds, 60);
});

test('DS records are asked of the servers above the cut, also when those of the zone are known', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': ({ type }) =>
      type === 'DS'
        ? { authority: ['test 60 SOA n h 1 2 3 4 60'] }
        : { flags: 0, authority: ['b.test 3600 NS ns.b.test'], additional: ['ns.b.test 3600 A 10.0.2.1'] },
    '10.0.2.1': good,
  });
  dialogue.ask('b.test');
  assert.deepEqual(
    dialogue.ask('x.b.test').sent.map(({ server }) => server),
    ['10.0.2.1'],
  );
  const ds = dialogue.ask('b.test', 'DS');
  assert.deepEqual(
    ds.sent.map(({ server }) => server),
    ['10.0.0.1'],
  );
  assert.equal(ds.flags, NOERROR_FLAGS);
  assert.deepEqual(
    dialogue.ask('x.b.test', 'DS').sent.map(({ server }) => server),
    ['10.0.2.1'],
  );
  assert.equal(dialogue.ask('.', 'DS').sent[0]!.server, '10.0.0.1');
});

/** The response with the data of its last record replaced by these octets. */
function withData(asked: Parameters<Server>[0], answer: string[], data: Uint8Array): Uint8Array {
  const packet = { id: asked.id, type: 'response', flags: 0x0400, questions: asked.question, answers: answer.map(rr) };
  const message = dnsPacket.encode(packet as dnsPacket.Packet);
  const length = dnsPacket.encodingLength({ type: 'response', answers: [rr(answer.at(-1)!)] } as dnsPacket.Packet);
  const head = message.subarray(0, message.length - length + 12 + asked.name.length + 2 + 8);
  return Buffer.concat([head, Buffer.from([data.length >> 8, data.length]), data]);
}

for (const [type, type2, data] of [
  ['A', '192.0.2.1', '102030'],
  ['A', '192.0.2.1', '10203040ff'],
  ['AAAA', '2001:db8::1', '20010db8'],
  ['SRV', '1 2 3 x.b.test', '00'],
] as const) {
  test(`a set of type ${type} with the data ${data} reaches nobody`, () => {
    const answer = [`x.b.test 60 ${type} ${type2}`, `x.b.test 60 ${type} ${type2}`];
    const bad: Server = (asked) => withData(asked, answer, Buffer.from(data, 'hex'));
    const { flags, records, log } = zoneOf({ '10.0.2.1': bad }).ask('x.b.test', type);
    assert.deepEqual([flags, records], [SERVFAIL_FLAGS, []]);
    assert.equal(log.at(-1), 'drop EPROTO');
  });
}

/** Types whose names may be compressed: what stands before the name, and behind it. */
const OLD_NAMES: readonly [type: number, before: string, names: number, after: string][] = [
  [3, '', 1, ''],
  [7, '', 1, ''],
  [14, '', 2, ''],
  [17, '', 2, ''],
  [18, '0001', 1, ''],
  [21, '0001', 1, ''],
  [26, '0001', 2, ''],
  [30, '', 1, '400000'],
  [33, '000100020003', 1, ''],
  [35, '000100020161016201' + '63', 1, ''],
  [36, '0001', 1, ''],
  [39, '', 1, ''],
];

for (const [type, before, names, after] of OLD_NAMES) {
  test(`compressed names in data of type ${type} are made whole, for clients and for the cache`, () => {
    const name = Buffer.from('\x01x\x01b\x04test\0', 'latin1');
    const pointer = before + 'c00c'.repeat(names) + after;
    const whole = before + name.toString('hex').repeat(names) + after;
    const server: Server = ({ raw }) => {
      const data = Buffer.from(pointer, 'hex');
      const record = Buffer.from(`c00c${type.toString(16).padStart(4, '0')}00010000003c0000`, 'hex');
      record.writeUInt16BE(data.length, 10);
      const message = Buffer.concat([raw, record, data]);
      message.writeUInt16BE(0x8400, 2);
      message.writeUInt16BE(1, 6);
      return message;
    };
    const dialogue = zoneOf({ '10.0.2.1': server });
    for (let i = 0; i < 2; i++) {
      const { bytes } = dialogue.ask('x.b.test', type);
      assert.equal(bytes.toString('hex').slice(-whole.length), whole);
    }
  });
}

const DNAME = 'd.b.test 60 DNAME e.b.test';

function dname(reply: (name: string) => Reply): Dialogue {
  return zoneOf({ '10.0.2.1': ({ name }) => reply(name) });
}

test('a DNAME record makes the alias, which is what the server made of it', () => {
  const dialogue = dname((name) =>
    name.endsWith('e.b.test')
      ? { answer: [`${name} 60 A 192.0.2.7`] }
      : { answer: [DNAME, `${name} 60 CNAME ${name.replace('d.b', 'e.b')}`] },
  );
  assert.deepEqual(dialogue.ask('x.d.b.test').records, ['x.d.b.test 60 CNAME x.e.b.test', 'x.e.b.test 60 A 192.0.2.7']);
  // Other names below need nobody any more.
  const other = dialogue.ask('y.z.d.b.test');
  assert.deepEqual(other.records, ['y.z.d.b.test 60 CNAME y.z.e.b.test', 'y.z.e.b.test 60 A 192.0.2.7']);
  assert.deepEqual(
    other.sent.map(({ question }) => question),
    ['A y.z.e.b.test'],
  );
  assert.match(other.log[0]!, /^cached cname y\.z\.d\.b\.test\. y\.z\.e\.b\.test\.$/);
});

test('a DNAME record alone is enough; an alias that it does not make is not followed', () => {
  for (const made of [[], ['x.d.b.test 60 CNAME evil.test']]) {
    const dialogue = dname((name) =>
      name === 'x.d.b.test' ? { answer: [DNAME, ...made] } : { answer: [`${name} 60 A 192.0.2.7`] },
    );
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(dialogue.ask('x.d.b.test').records, [
        'x.d.b.test 60 CNAME x.e.b.test',
        'x.e.b.test 60 A 192.0.2.7',
      ]);
    }
  }
});

test('a DNAME record of another zone, or in another section, makes nothing', () => {
  const other = dname(() => ({ answer: ['test 60 DNAME evil.example', 'x.b.test 60 A 192.0.2.7'] }));
  assert.deepEqual(other.ask('x.b.test').records, ['x.b.test 60 A 192.0.2.7']);
  const section = dname((name) => ({ answer: [`${name} 60 A 192.0.2.7`], additional: [DNAME], authority: [DNAME] }));
  assert.deepEqual(section.ask('x.d.b.test').records, ['x.d.b.test 60 A 192.0.2.7']);
  assert.deepEqual(section.ask('y.d.b.test').records, ['y.d.b.test 60 A 192.0.2.7']);
});

test('an alias of a DNAME record that would be too long is YXDOMAIN, from the server and from the cache', () => {
  const long = `${'l'.repeat(60)}.`.repeat(3);
  const record = `d.b.test 60 DNAME ${long}b.test`;
  const label = `${'x'.repeat(60)}.${'y'.repeat(10)}.`;
  const dialogue = dname((name) => ({
    answer: [record],
    ...(name.length > 60 ? { rcode: 6 } : { answer: [record, `${name} 60 CNAME ${name[0]}.${long}b.test`] }),
  }));
  assert.deepEqual([dialogue.ask(`${label}d.b.test`).flags & 15, 6], [6, 6]);
  dialogue.ask('y.d.b.test');
  const again = dialogue.ask(`${label}d.b.test`);
  assert.deepEqual([again.flags & 15, again.sent.length], [6, 0]);
});
