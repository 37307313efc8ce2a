// axfrdns --listen under clients that want everything for themselves.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Running, run, start, temporaryDirectory, until } from '../support/programs.ts';
import { queryPacket } from '../support/udp.ts';

const IP = '127.46.9.34';
let port = 5380;

async function listening(data: string, ...args: string[]): Promise<Running> {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, data);
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  assert.equal(run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') }).code, 0);
  const env = { ROOT: root, IP, PORT: String(++port), UNPRIVILEGED: '1' };
  const server = start('axfrdns', ['--listen', ...args], { env, cwd: root });
  await server.logged(/starting axfrdns\n/);
  return server;
}

function client(localAddress: string): Socket {
  const socket = connect({ host: IP, port, localAddress });
  socket.on('error', () => {});
  return socket;
}

function request(name: string, type: number): Buffer {
  const query = queryPacket(name, type);
  return Buffer.concat([Buffer.from([0, query.length]), query]);
}

/** Asks on a connection of its own; resolves with the octets that came, 0 for a connection that was closed. */
function ask(localAddress: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = client(localAddress);
    socket.write(request('x.test', 6));
    socket.once('data', (chunk) => {
      resolve(chunk.length);
      socket.destroy();
    });
    socket.once('close', () => resolve(0));
  });
}

const DATA = '.x.test:127.0.0.1:a\n';

test('an address that takes all places and comes back for each gives one up to everybody who has none', async () => {
  const server = await listening(DATA, '-c', '4');
  let isOver = false;
  let opened = 0;
  const occupy = (): void => {
    if (isOver) return;
    const socket = client('127.46.9.40');
    socket.on('connect', () => opened++).on('close', () => setTimeout(occupy, 1));
    hogs.push(socket);
  };
  const hogs: Socket[] = [];
  for (let i = 0; i < 30; i++) occupy();
  await until(() => opened >= 24);
  for (let i = 0; i < 10; i++) assert.ok((await ask(`127.46.9.${41 + i}`)) > 0, `client ${i}`);
  isOver = true;
  for (const hog of hogs) hog.destroy();
  await server.stop();
});

test('octets now and then, and a transfer that nobody reads, keep no place that others wait for', async () => {
  const rest = Array.from({ length: 60000 }, (_, i) => `'t${i}.x.test:${'t'.repeat(100)}\n`).join('');
  const server = await listening(DATA + rest, '-c', '2');
  const dripping = client('127.46.9.60');
  const drip = setInterval(() => dripping.write(Uint8Array.of(1)), 300);
  const unread = client('127.46.9.61').pause();
  unread.write(request('x.test', 252));
  await server.logged(/status: 2\/2/);
  assert.ok((await ask('127.46.9.62')) > 0);
  assert.ok((await ask('127.46.9.62')) > 0);
  clearInterval(drip);
  dripping.destroy();
  unread.destroy();
  await server.stop();
});

test('hundreds of transfers asked for at once let others through between them', async () => {
  const others = Array.from({ length: 120000 }, (_, i) => `+a${i}.y.test:1.2.3.4\n`).join('');
  const server = await listening(`${DATA}.y.test:127.0.0.1:a\n${others}`);
  const greedy = client('127.46.9.63');
  let transfers = 0;
  greedy.on('data', (chunk: Buffer) => (transfers += chunk.length));
  greedy.write(Buffer.concat(Array(200).fill(request('x.test', 252))));
  await until(() => transfers > 0);
  const before = transfers;
  assert.ok((await ask('127.46.9.64')) > 0);
  // The first transfers are answered in full in a few hundred octets each; had the other client waited for all of them,
  // all would be here.
  assert.ok(transfers < 20 * before, `${transfers} octets after ${before}`);
  greedy.destroy();
  await server.stop();
});
