// Dialogues: which servers are asked, when, and what happens when they are dead, lame, refusing, truncating or wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialogue, type Server } from '../support/dialogue.ts';
import { NXDOMAIN, REFUSED, reply, SERVFAIL, TC } from '../support/scripted.ts';

const NOERROR_FLAGS = 0x8180;
const SERVFAIL_FLAGS = 0x8182;
const silent: Server = () => 'silent';
const answers: Server = ({ name }) => ({ answer: [`${name} 60 A 192.0.2.1`] });

/** A resolver that knows only these servers, for everything. */
function asking(servers: Record<string, Server>, options = {}): Dialogue {
  return new Dialogue(servers, { roots: { '.': Object.keys(servers) }, ...options });
}

test('one silent server is asked at 0, 1, 4 and 15 seconds; after 60 the answer is SERVFAIL', () => {
  const { sent, seconds, flags, log } = asking({ '10.0.0.1': silent }).ask('x');
  assert.deepEqual(
    sent.map(({ at }) => at),
    [0, 1, 4, 15],
  );
  assert.equal(seconds, 60);
  assert.equal(flags, SERVFAIL_FLAGS);
  assert.deepEqual(log, ['tx 0 1 x. . 0a000001', 'servfail x. input/output error']);
});

test('two silent servers are asked in turn: 0 1 2 5 8 19 30 75, SERVFAIL after 120 seconds', () => {
  const dialogue = asking({ '10.0.0.1': silent, '10.0.0.2': silent });
  const { sent, seconds } = dialogue.ask('x');
  assert.deepEqual(
    sent.map(({ at }) => at),
    [0, 1, 2, 5, 8, 19, 30, 75],
  );
  assert.equal(seconds, 120);
  assert.notEqual(sent[0]!.server, sent[1]!.server);
});

test('a forwarder is asked with RD at 0, 3 and 14 seconds; SERVFAIL after 59', () => {
  const { sent, seconds } = asking({ '10.0.0.1': silent }, { forwardOnly: true }).ask('x');
  assert.deepEqual(
    sent.map(({ at }) => at),
    [0, 3, 14],
  );
  assert.equal(seconds, 59);
  assert.equal(sent[0]!.query[2], 1);
});

test('every try has another ID', () => {
  const { sent } = asking({ '10.0.0.1': silent, '10.0.0.2': silent }).ask('x');
  assert.ok(new Set(sent.map(({ query }) => query.readUInt16BE(0))).size > 6);
});

/** What one of two servers does; the time it costs when it is asked first. */
const MISBEHAVIOURS: readonly [title: string, server: Server, seconds: number][] = [
  ['refuses (REFUSED)', () => ({ rcode: REFUSED }), 0],
  ['fails (SERVFAIL)', () => ({ rcode: SERVFAIL }), 0],
  ['is not there (ECONNREFUSED)', () => 'refuse', 0],
  ['cannot be reached', () => 'unreachable', 0],
  ['sends an empty datagram, which anybody could have', () => new Uint8Array(0), 1],
  ['sends something malformed after its question', (asked) => damaged(asked), 0],
  ['refers to the zone it was asked for', () => ({ flags: 0, authority: ['. 60 NS other'] }), 0],
  ['refers sideways', () => ({ flags: 0, authority: ['elsewhere.test 60 NS other'] }), 0],
  ['is silent', silent, 1],
  ['echoes the question', ({ raw }) => raw, 1],
  ['sends another opcode', (asked) => withFlags(reply(asked, {}), 0xa800), 1],
  ['sends 513 octets', (asked) => Buffer.concat([reply(asked, {}), Buffer.alloc(513)]).subarray(0, 513), 1],
  ['answers another name', (asked) => reply({ ...asked, question: [{ name: 'y', type: 'A' }] }, {}), 1],
  ['answers another type', (asked) => reply({ ...asked, question: [{ name: 'x', type: 'MX' }] }, {}), 1],
  ['answers under another ID', (asked) => reply({ ...asked, id: asked.id ^ 1 }, {}), 1],
];

function damaged(asked: Parameters<Server>[0]): Uint8Array {
  const message = reply(asked, { answer: ['x 60 A 192.0.2.6'] });
  return message.subarray(0, message.length - 1);
}

function withFlags(message: Buffer, flags: number): Buffer {
  message.writeUInt16BE(flags, 2);
  return message;
}

for (const [title, server, cost] of MISBEHAVIOURS) {
  test(`a server that ${title} costs ${cost} s, then the other one answers`, () => {
    // Servers are asked in random order: repeat until it was asked first.
    for (;;) {
      const dialogue = asking({ '10.0.0.1': server, '10.0.0.2': answers });
      const { sent, seconds, records } = dialogue.ask('x');
      assert.deepEqual(records, ['x 60 A 192.0.2.1']);
      if (sent.length === 1) continue;
      assert.equal(seconds, cost);
      return;
    }
  });
}

/** What the only server does; tries, seconds, log after the first line. */
const ALONE: readonly [title: string, server: Server, tries: number, seconds: number, log: string[]][] = [
  ['refuses', () => ({ rcode: REFUSED }), 4, 0, ['servfail x. input/output error']],
  ['fails', () => ({ rcode: SERVFAIL }), 4, 0, ['servfail x. input/output error']],
  ['is not there', () => 'refuse', 4, 0, ['servfail x. input/output error']],
  ['cannot be reached', () => 'unreachable', 4, 0, ['drop ENETUNREACH']],
  ['sends something malformed', damaged, 1, 0, ['drop EPROTO']],
  ['refers sideways', () => ({ flags: 0, authority: ['side.test 60 NS other'] }), 1, 0, ['drop EIO']],
  ['is lame', () => ({ flags: 0, authority: ['. 60 NS other'] }), 1, 0, ['lame 0a000001 . .']],
];

for (const [title, server, tries, seconds, log] of ALONE) {
  test(`when the only server ${title} the client gets SERVFAIL after ${tries} tries and ${seconds} s`, () => {
    const outcome = asking({ '10.0.0.1': server }).ask('x');
    assert.equal(outcome.flags, SERVFAIL_FLAGS);
    assert.equal(outcome.sent.length, tries);
    assert.equal(outcome.seconds, seconds);
    assert.deepEqual(outcome.log.slice(1), log);
  });
}

test('lame servers are left one after the other, each time with a tx line; nothing of theirs is kept', () => {
  const lame: Server = () => ({ flags: 0, authority: ['. 60 NS other'], additional: ['other 60 A 10.9.9.9'] });
  const dialogue = asking({ '10.0.0.1': lame, '10.0.0.2': lame });
  const { log, flags } = dialogue.ask('x');
  assert.equal(flags, SERVFAIL_FLAGS);
  assert.deepEqual(
    log.map((line) => line.split(' ')[0]),
    ['tx', 'lame', 'tx', 'lame'],
  );
  assert.equal(dialogue.resolver.cache.motion, 0);
});

test('an empty servers/@ is SERVFAIL without a word; none at all with a drop line', () => {
  const empty = new Dialogue({}, { roots: { '.': [] } }).ask('x');
  assert.deepEqual([empty.flags, empty.log], [SERVFAIL_FLAGS, []]);
  const none = new Dialogue({}, { roots: { 'other.test': ['10.0.0.1'] } }).ask('x');
  assert.deepEqual([none.flags, none.log], [SERVFAIL_FLAGS, ['drop EIO']]);
});

test('what is truncated is asked over TCP, first of the server that truncated', () => {
  const server: Server = (asked) => (asked.overTcp ? answers(asked) : { flags: TC });
  const refusing: Server = () => ({ rcode: REFUSED });
  let later = 0; // how often the server that truncated was not the first of the list
  while (later < 5) {
    const dialogue = asking({ '10.0.0.1': server, '10.0.0.2': refusing, '10.0.0.3': refusing });
    const { sent, records } = dialogue.ask('x');
    assert.deepEqual(records, ['x 60 A 192.0.2.1']);
    assert.deepEqual(
      sent.slice(-2).map(({ transport, server: asked }) => `${transport} ${asked}`),
      ['udp 10.0.0.1', 'tcp 10.0.0.1'],
    );
    if (sent.length > 2) later++;
  }
});

const OVER_TCP: readonly [title: string, server: Server, seconds: number][] = [
  ['is silent', silent, 10],
  ['refuses the connection', () => 'refuse', 0],
  ['truncates again', () => ({ flags: TC }), 0],
  ['fails', () => ({ rcode: SERVFAIL }), 0],
  ['answers another question', (asked) => reply({ ...asked, question: [{ name: 'y', type: 'A' }] }, {}), 0],
];

for (const [title, overTcp, seconds] of OVER_TCP) {
  test(`a server that ${title} over TCP is left for the next one, over TCP, each once; then SERVFAIL`, () => {
    const server: Server = (asked) => (asked.overTcp ? overTcp(asked) : { flags: TC });
    const { sent, flags, seconds: taken } = asking({ '10.0.0.1': server, '10.0.0.2': server }).ask('x');
    assert.equal(flags, SERVFAIL_FLAGS);
    assert.deepEqual(
      sent.map(({ transport }) => transport),
      ['udp', 'tcp', 'tcp'],
    );
    assert.notEqual(sent[1]!.server, sent[2]!.server);
    assert.equal(taken, 2 * seconds);
  });
}

test('a server that was silent is asked last for a minute, then like the others again', () => {
  const servers: Record<string, Server> = { '10.0.0.1': silent, '10.0.0.2': answers };
  const dialogue = asking(servers);
  let n = 0;
  while (dialogue.ask(`n${n++}`).sent.length === 1); // until the silent one was asked first
  for (let i = 0; i < 30; i++) assert.equal(dialogue.ask(`m${i}`).sent[0]!.server, '10.0.0.2');
  dialogue.now += 61;
  let again = 0;
  for (let i = 0; i < 30 && again === 0; i++) again = dialogue.ask(`k${i}`).sent.length - 1;
  assert.equal(again, 1);
});

test('a lame or refusing server is asked last, for the zone it was lame for only', () => {
  const servers: Record<string, Server> = { '10.0.0.1': () => ({ rcode: REFUSED }), '10.0.0.2': answers };
  const dialogue = new Dialogue(servers, {
    roots: { 'a.test': Object.keys(servers), 'b.test': Object.keys(servers) },
  });
  let n = 0;
  while (dialogue.ask(`n${n++}.a.test`).sent.length === 1);
  for (let i = 0; i < 30; i++) assert.equal(dialogue.ask(`m${i}.a.test`).sent.length, 1);
  let other = 0;
  for (let i = 0; i < 60 && other === 0; i++) other = dialogue.ask(`m${i}.b.test`).sent.length - 1;
  assert.equal(other, 1);
});

test('a forwarder that refuses one name is not lame for all', () => {
  const refusing: Server = (asked) => (asked.name === 'bad' ? { rcode: REFUSED } : answers(asked));
  const dialogue = asking({ '10.0.0.1': refusing, '10.0.0.2': refusing }, { forwardOnly: true });
  for (let i = 0; i < 5; i++) dialogue.ask('bad');
  const first = new Set(Array.from({ length: 40 }, (_, i) => dialogue.ask(`x${i}`).sent[0]!.server));
  assert.equal(first.size, 2);
});

test('a failure is remembered for five seconds: no packet, a log line, SERVFAIL', () => {
  const dialogue = asking({ '10.0.0.1': () => ({ rcode: SERVFAIL }) });
  dialogue.ask('x');
  dialogue.now += 4;
  const { sent, log, flags } = dialogue.ask('x');
  assert.deepEqual([sent, log, flags], [[], ['cached servfail x. 1'], SERVFAIL_FLAGS]);
  assert.equal(dialogue.ask('x', 'MX').sent.length, 4);
  dialogue.now += 2;
  assert.equal(dialogue.ask('x').sent.length, 4);
});

test('a failing alias of somebody does not make the name it leads to fail', () => {
  const dialogue = asking({
    '10.0.0.1': ({ name }) => {
      const loop = /^l(\d+)$/.exec(name);
      if (loop) return { answer: [`${name} 60 CNAME ${Number(loop[1]) > 30 ? 'victim' : `l${Number(loop[1]) + 1}`}`] };
      return { answer: [`${name} 60 A 192.0.2.1`] };
    },
  });
  assert.equal(dialogue.ask('l0').flags, SERVFAIL_FLAGS);
  assert.equal(dialogue.ask('l16').flags, NOERROR_FLAGS);
  assert.equal(dialogue.ask('victim').flags, NOERROR_FLAGS);
});

test('the nearest listed domain decides: its servers get the question, not those of the root', () => {
  const servers: Record<string, Server> = { '10.0.0.1': answers, '10.0.0.2': answers };
  const dialogue = new Dialogue(servers, { roots: { '.': ['10.0.0.1'], 'priv.test': ['10.0.0.2'] } });
  assert.equal(dialogue.ask('x.y.Priv.test').sent[0]!.server, '10.0.0.2');
  assert.equal(dialogue.ask('priv.tests').sent[0]!.server, '10.0.0.1');
});

test('a forwarder that refers is followed, with RD', () => {
  const dialogue = new Dialogue(
    {
      '10.0.0.1': () => ({ flags: 0, authority: ['test 60 NS ns.test'], additional: ['ns.test 60 A 10.0.0.2'] }),
      '10.0.0.2': answers,
    },
    { forwardOnly: true },
  );
  const { sent, records } = dialogue.ask('x.test');
  assert.deepEqual(records, ['x.test 60 A 192.0.2.1']);
  assert.deepEqual(
    sent.map(({ server, query }) => `${server} ${query[2]}`),
    ['10.0.0.1 1', '10.0.0.2 1'],
  );
  // The delegation is not used to choose servers the next time.
  assert.equal(dialogue.ask('y.test').sent[0]!.server, '10.0.0.1');
});

test('NXDOMAIN counts even when the reply has an answer; an alias counts more than both', () => {
  const both = asking({ '10.0.0.1': ({ name }) => ({ rcode: NXDOMAIN, answer: [`${name} 60 A 192.0.2.1`] }) });
  const { flags, records } = both.ask('x');
  assert.deepEqual([flags, records], [0x8583, []]);
  const alias = asking({
    '10.0.0.1': ({ name }) =>
      name === 'x' ? { rcode: NXDOMAIN, answer: ['x 60 A 192.0.2.6', 'x 60 CNAME y'] } : answers({ name } as never),
  });
  assert.deepEqual(alias.ask('x').records, ['x 60 CNAME y', 'y 60 A 192.0.2.1']);
});

test('servers whose addresses differ only as capital and small letters do are two servers', () => {
  const dialogue = asking({ '10.0.0.65': silent, '10.0.0.97': answers });
  let n = 0;
  while (dialogue.ask(`n${n++}`).sent.length === 1);
  for (let i = 0; i < 30; i++) assert.equal(dialogue.ask(`m${i}`).sent[0]!.server, '10.0.0.97');
});
