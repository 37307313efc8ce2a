// Questions to servers over real sockets on loopback: ports, merging, who takes over when the first one gives up.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ip4Of } from '../../src/base/address.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { composeQuery } from '../../src/stub/exchange.ts';
import { type Asker, Upstream } from '../../src/transport/upstream.ts';
import { nameOf } from '../../src/wire/name.ts';
import { needs } from '../support/programs.ts';
import { type Query, reply, ScriptedServer, type Send } from '../support/scripted.ts';

const LOCAL = '127.40.6.1';
const skip = needs('root');

/** A question that keeps what happens to it; one attempt at one server. */
class FakeAsker implements Asker {
  attempt: Asker['attempt'];
  readonly askedName: Uint8Array;
  readonly askedType = 1;
  /** What happened: `received`, or an error code. */
  readonly events: string[] = [];
  readonly ended: Promise<void>;
  private end: () => void = () => {};

  constructor(server: string, name: string, seconds: number, transport: 'udp' | 'tcp' = 'udp', id = nextId++) {
    this.askedName = nameOf(name)!;
    const query = composeQuery({ name: this.askedName, type: 1 }, false);
    query[0] = id >> 8;
    query[1] = id;
    const ip = ip4Of(bytesOf(server))!;
    this.attempt = { transport, server: { ip, port: 53 }, seconds, query };
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  received(message: Uint8Array): boolean {
    const query = this.attempt!.query;
    if (message[0] !== query[0] || message[1] !== query[1]) return false;
    this.finish('received');
    return true;
  }

  failed(code: string): void {
    this.finish(code);
  }

  unsendable(code: string): void {
    this.finish(`unsendable ${code}`);
  }

  private finish(event: string): void {
    this.events.push(event);
    this.attempt = undefined;
    this.end();
  }
}

let nextId = 1;

function upstreamOf(merged: FakeAsker[] = []): Upstream<FakeAsker> {
  return new Upstream(
    { ip4: ip4Of(bytesOf(LOCAL)) },
    {
      before() {},
      done() {},
      merged: (asker) => void merged.push(asker),
      after() {},
    },
  );
}

const servers: ScriptedServer[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function serverAt(address: string, script: (query: Query, send: Send) => void): Promise<ScriptedServer> {
  const server = await new ScriptedServer(address, script).listen();
  servers.push(server);
  return server;
}

test('a question is answered over UDP and over TCP', { skip }, async () => {
  await serverAt('127.40.6.2', (query, send) => send(reply(query, {})));
  for (const transport of ['udp', 'tcp'] as const) {
    const asker = new FakeAsker('127.40.6.2', 'x.test', 5, transport);
    upstreamOf().start(asker);
    await asker.ended;
    assert.deepEqual(asker.events, ['received']);
  }
});

test('every question comes from the address given and another port', { skip }, async () => {
  const ports = new Set<number>();
  await serverAt('127.40.6.3', (query, send) => {
    assert.equal(query.client, LOCAL);
    ports.add(query.port);
    send(reply(query, {}));
  });
  const upstream = upstreamOf();
  const askers = Array.from({ length: 40 }, (_, i) => new FakeAsker('127.40.6.3', `n${i}.test`, 5));
  for (const asker of askers) upstream.start(asker);
  await Promise.all(askers.map((asker) => asker.ended));
  assert.ok(ports.size >= 38, `${ports.size} ports`);
});

test('nobody there is ECONNREFUSED, over UDP after sending, over TCP before', { skip }, async () => {
  const udp = new FakeAsker('127.40.6.99', 'x.test', 5);
  const tcp = new FakeAsker('127.40.6.99', 'x.test', 5, 'tcp');
  for (const asker of [udp, tcp]) upstreamOf().start(asker);
  await Promise.all([udp.ended, tcp.ended]);
  assert.deepEqual([udp.events, tcp.events], [['ECONNREFUSED'], ['unsendable ECONNREFUSED']]);
});

for (const transport of ['udp', 'tcp'] as const) {
  const address = transport === 'udp' ? '127.40.6.4' : '127.40.6.5';
  test(`the same question of five askers is sent once over ${transport} and answers all`, { skip }, async () => {
    const server = await serverAt(address, (query, send) => void setTimeout(() => send(reply(query, {})), 50));
    const merged: FakeAsker[] = [];
    const upstream = upstreamOf(merged);
    const askers = ['x.test', 'X.test', 'x.TEST', 'x.test', 'x.tesT'].map(
      (name) => new FakeAsker(address, name, 5, transport),
    );
    for (const asker of askers) upstream.start(asker);
    await Promise.all(askers.map((asker) => asker.ended));
    assert.deepEqual(merged, askers.slice(1));
    assert.equal(server.queries, 1);
    for (const { events } of askers) assert.deepEqual(events, ['received']);
    const later = new FakeAsker(address, 'x.test', 5, transport);
    upstream.start(later);
    await later.ended;
    assert.equal(server.queries, 2);
  });
}

test('other names, types, servers and transports are other questions', { skip }, async () => {
  const slow = (query: Query, send: Send) => void setTimeout(() => send(reply(query, {})), 50);
  // 65 and 97 are A and a where letters count as one.
  await Promise.all(['127.40.6.65', '127.40.6.97'].map((address) => serverAt(address, slow)));
  const merged: FakeAsker[] = [];
  const upstream = upstreamOf(merged);
  const askers = [
    new FakeAsker('127.40.6.65', 'x.test', 5),
    new FakeAsker('127.40.6.97', 'x.test', 5),
    new FakeAsker('127.40.6.65', 'y.test', 5),
    new FakeAsker('127.40.6.65', 'x.test', 5, 'tcp'),
  ];
  for (const asker of askers) upstream.start(asker);
  await Promise.all(askers.map((asker) => asker.ended));
  assert.deepEqual(merged, []);
});

test('who waits keeps its own deadline, and takes over with a query of its own when the first gives up', {
  skip,
}, async () => {
  const ids: number[] = [];
  await serverAt('127.40.6.6', (query, send) => {
    ids.push(query.id);
    if (ids.length === 2) send(reply(query, {}));
  });
  const upstream = upstreamOf();
  const first = new FakeAsker('127.40.6.6', 'x.test', 0.6, 'udp', 101);
  const hasty = new FakeAsker('127.40.6.6', 'x.test', 0.2, 'udp', 102);
  const heir = new FakeAsker('127.40.6.6', 'x.test', 5, 'udp', 103);
  const last = new FakeAsker('127.40.6.6', 'x.test', 5, 'udp', 104);
  for (const asker of [first, hasty, heir, last]) upstream.start(asker);
  await Promise.all([first, hasty, heir, last].map((asker) => asker.ended));
  assert.deepEqual(
    [first, hasty, heir, last].map(({ events }) => events[0]),
    ['ETIMEDOUT', 'ETIMEDOUT', 'received', 'received'],
  );
  assert.deepEqual(ids, [101, 103]);
});

test('one takes over too when the first is stopped; a waiter that is stopped hears nothing more', {
  skip,
}, async () => {
  const ids: number[] = [];
  await serverAt('127.40.6.7', (query, send) => {
    ids.push(query.id);
    if (query.id === 203) send(reply(query, {}));
  });
  const upstream = upstreamOf();
  const [first, waiter, heir] = [201, 202, 203].map((id) => new FakeAsker('127.40.6.7', 'x.test', 5, 'udp', id));
  for (const asker of [first!, waiter!, heir!]) upstream.start(asker);
  upstream.stop(waiter!);
  await sleep(50);
  upstream.stop(first!);
  await heir!.ended;
  assert.deepEqual(ids, [201, 203]);
  assert.deepEqual([first!.events, waiter!.events, heir!.events], [[], [], ['received']]);
});

test('a TCP server that closes early, or sends in pieces, is understood', { skip }, async () => {
  const { createServer } = await import('node:net');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      if (data.includes('early')) return void socket.end(Uint8Array.of(0));
      const message = Buffer.from(data);
      message[4] = 0x80;
      for (const [i, octet] of message.entries()) setTimeout(() => socket.write(Uint8Array.of(octet)), i);
    });
  });
  await new Promise<void>((resolve) => server.listen(53, '127.40.6.8', resolve));
  const early = new FakeAsker('127.40.6.8', 'early.test', 5, 'tcp');
  const pieces = new FakeAsker('127.40.6.8', 'pieces.test', 5, 'tcp');
  const upstream = upstreamOf();
  for (const asker of [early, pieces]) upstream.start(asker);
  await Promise.all([early.ended, pieces.ended]);
  server.close();
  assert.deepEqual([early.events, pieces.events], [['EIO'], ['received']]);
});
