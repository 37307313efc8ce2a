// The schedule of questions: whom, over what, for how long, and what each kind of reply does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip4, newIp4 } from '../../src/base/address.ts';
import type { Endpoint } from '../../src/base/endpoint.ts';
import { Exchange } from '../../src/stub/exchange.ts';
import { nameOf } from '../../src/wire/name.ts';

const server = (last: number): Endpoint => ({ ip: ip4(127, 0, 0, last), port: 53 });
const QUESTION = { name: nameOf('Www.Example')!, type: 1 };

function exchange(servers: number[], recursive = false, anyOpcode = false): Exchange {
  return new Exchange(QUESTION, servers.map(server), { recursive, anyOpcode });
}

/** The attempts as `transport:server:seconds` while every one times out. */
function silence(made: Exchange): string[] {
  const attempts: string[] = [];
  while (made.attempt) {
    const { transport, server, seconds } = made.attempt;
    attempts.push(`${transport}:${server.ip[3]}:${seconds}`);
    made.failed('ETIMEDOUT');
  }
  return attempts;
}

/** A reply to the present attempt with these flags; `change` may spoil it. */
function reply(made: Exchange, flags: number, change: (message: Uint8Array) => void = () => {}): Uint8Array {
  const message = Uint8Array.from(made.attempt!.query);
  message[2] = flags >> 8;
  message[3] = flags;
  change(message);
  return message;
}

test('a silent server is asked for 1, 3, 11 and 45 seconds, by recursive questions for 3, 11 and 45', () => {
  assert.deepEqual(silence(exchange([1])), ['udp:1:1', 'udp:1:3', 'udp:1:11', 'udp:1:45']);
  assert.deepEqual(silence(exchange([1], true)), ['udp:1:3', 'udp:1:11', 'udp:1:45']);
});

test('a round asks each server once, in the order given, whatever came before', () => {
  const attempts = silence(exchange([2, 1]));
  assert.deepEqual(
    attempts,
    [1, 3, 11, 45].flatMap((seconds) => [`udp:2:${seconds}`, `udp:1:${seconds}`]),
  );
});

test('the error of the whole is that of the last attempt', () => {
  const made = exchange([1, 2]);
  for (let i = 0; i < 7; i++) made.failed('ECONNREFUSED');
  assert.ok(made.attempt);
  made.failed('ETIMEDOUT');
  assert.equal(made.attempt, undefined);
  assert.equal(made.error, 'ETIMEDOUT');
});

test('servers with the address 0.0.0.0 are skipped, and with no other there is an input/output error', () => {
  const zero: Endpoint = { ip: newIp4(), port: 53 };
  const none = new Exchange(QUESTION, [zero], { recursive: true });
  assert.equal(none.attempt, undefined);
  assert.equal(none.error, 'EIO');
  const some = new Exchange(QUESTION, [zero, server(7)], { recursive: true });
  assert.equal(some.attempt?.server.ip[3], 7);
});

test('an OPT record says how long a response may be, and may ask for DNSSEC records', () => {
  const opt = (size: number, dnssecOk: boolean) => {
    const made = new Exchange(QUESTION, [server(1)], { recursive: false, edns: { size, dnssecOk } });
    const { query } = made.attempt!;
    assert.deepEqual([...query.subarray(4, 12)], [0, 1, 0, 0, 0, 0, 0, 1]);
    return [...query.subarray(12 + QUESTION.name.length + 4)];
  };
  assert.deepEqual(opt(1232, false), [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(opt(65535, true), [0, 0, 41, 0xff, 0xff, 0, 0, 0x80, 0, 0, 0]);
});

test('with an OPT record a response over UDP may be as long as that says, and no longer', () => {
  const made = new Exchange(QUESTION, [server(1)], { recursive: false, edns: { size: 600, dnssecOk: false } });
  const long = new Uint8Array(601);
  long.set(reply(made, 0x8000));
  assert.equal(made.received(long), 'ignore');
  assert.equal(made.received(long.subarray(0, 600)), 'done');
});

test('TCP from the start asks each server once, in the order given', () => {
  const made = new Exchange(QUESTION, [server(1), server(2)], { recursive: true, overTcp: true });
  assert.deepEqual(silence(made), ['tcp:1:10', 'tcp:2:10']);
});

test('a limit of seconds ends the exchange where it stands', () => {
  const limited = (timeout: number, overTcp = false) =>
    new Exchange(QUESTION, [server(1), server(2)], { recursive: false, overTcp, timeout });
  assert.deepEqual(silence(limited(0.5)), ['udp:1:0.5']);
  assert.deepEqual(silence(limited(6)), ['udp:1:1', 'udp:2:1', 'udp:1:3', 'udp:2:1']);
  assert.deepEqual(silence(limited(30, true)), ['tcp:1:10', 'tcp:2:5']);
  const refused = limited(6);
  for (let i = 0; i < 8; i++) refused.failed('ECONNREFUSED');
  assert.equal(refused.attempt, undefined);
  assert.equal(refused.error, 'ECONNREFUSED');
  const silent = limited(1);
  silent.failed('ETIMEDOUT');
  assert.equal(silent.error, 'ETIMEDOUT');
});

test('every attempt has a new ID', () => {
  const ids = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const made = exchange([1]);
    for (; made.attempt; made.failed('ETIMEDOUT')) ids.add((made.attempt.query[0]! << 8) | made.attempt.query[1]!);
  }
  assert.ok(ids.size > 700, `${ids.size} of 800`); // 800 of 65536: about 5 collide
});

const RELEVANCE: [string, (message: Uint8Array) => void][] = [
  ['another ID', (m) => void (m[0]! ^= 1)],
  ['QR not set', (m) => void (m[2]! &= 0x7f)],
  ['a foreign opcode', (m) => void (m[2]! |= 0x08)],
  ['no question', (m) => void (m[5] = 0)],
  ['two questions', (m) => void (m[5] = 2)],
  ['another name', (m) => void (m[14] = 120)],
  ['another type', (m) => void (m[m.length - 3] = 2)],
  ['another class', (m) => void (m[m.length - 1] = 3)],
];

for (const [what, change] of RELEVANCE) {
  test(`a datagram with ${what} is ignored, and over TCP ends the attempt`, () => {
    const made = exchange([1]);
    const before = made.attempt;
    assert.equal(made.received(reply(made, 0x8000, change)), 'ignore');
    assert.equal(made.attempt, before);
    made.received(reply(made, 0x8200));
    assert.equal(made.attempt?.transport, 'tcp');
    assert.equal(made.received(reply(made, 0x8000, change)), 'next');
    assert.equal(made.attempt, undefined);
    assert.equal(made.reply, undefined);
  });
}

test('the tools that show replies take any opcode', () => {
  const made = exchange([1], false, true);
  assert.equal(made.received(reply(made, 0xfc00)), 'done');
});

test('the name counts in any case, and the reply is a copy that names its server', () => {
  const made = exchange([5]);
  const message = reply(made, 0x8400, (m) => void (m[13] = 0x77));
  assert.equal(made.received(Buffer.from(message)), 'done');
  message.fill(0);
  assert.equal(made.reply?.[2], 0x84);
  assert.equal(made.repliedBy?.ip[3], 5);
  assert.equal(made.attempt, undefined);
});

test('longer than 512 octets is ignored, and so is a datagram of nothing', () => {
  const made = exchange([1, 2]);
  const long = new Uint8Array(513);
  long.set(reply(made, 0x8000));
  assert.equal(made.received(long), 'ignore');
  assert.equal(made.received(long.subarray(0, 512)), 'done');
  const other = exchange([1, 2]);
  assert.equal(other.received(new Uint8Array(0)), 'ignore');
  assert.equal(other.attempt?.server.ip[3], 1);
});

test('a server that cannot answer is left at once in every round, with temporary failure at the end', () => {
  const made = exchange([1, 2]);
  const asked: string[] = [];
  while (made.attempt) {
    asked.push(`${made.attempt.server.ip[3]}:${made.attempt.seconds}`);
    assert.equal(made.received(reply(made, 0x8002)), 'next');
  }
  assert.deepEqual(asked, ['1:1', '2:1', '1:3', '2:3', '1:11', '2:11', '1:45', '2:45']);
  assert.equal(made.error, 'EAGAIN');
});

test('truncation leads to TCP, each server once, first the one that truncated, and not back to UDP', () => {
  const made = exchange([1, 2, 3]);
  made.failed('ETIMEDOUT');
  assert.equal(made.received(reply(made, 0x8202)), 'next'); // TC counts before the rcode
  assert.deepEqual(silence(made), ['tcp:2:10', 'tcp:1:10', 'tcp:3:10']);
  assert.equal(made.error, 'ETIMEDOUT');
});

test('NXDOMAIN is an answer; truncation over TCP is an input/output error', () => {
  assert.equal(((made) => made.received(reply(made, 0x8003)))(exchange([1])), 'done');
  const made = exchange([1]);
  made.received(reply(made, 0x8200));
  made.received(reply(made, 0x8200));
  assert.equal(made.error, 'EIO');
});
