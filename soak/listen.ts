// TCP clients that want everything for themselves against axfrdns --listen and dnscache, for a chosen time: silent,
// slow, greedy, pipelining, broken ones, as a seed decides. Meanwhile an honest client is served within a generous
// bound, and memory and descriptors stay bounded. The short forms are test/service/fairness, test/program/slow-peers
// and test/internet/load.
//
//     node dist/soak/listen.js [seconds] [seed]
//
// What does not hold ends it with the server's last words, and exit code 1.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeQuestion, withLength } from '../test/support/ask.ts';
import { Dice } from '../test/support/generated-internet.ts';
import { descriptors, peakResidentBytes } from '../test/support/process.ts';
import { type Running, run, start, temporaryDirectory } from '../test/support/programs.ts';
import { framedQuery, messagesIn } from '../test/support/transfer.ts';

const PREFIX = '127.49.8';
const PORT = 5300;
const ZONE = 'soak.test';
const RECORDS = 24_000; // 16 MB: more than the buffers of a connection hold
/** Clients of each server at a time, and how many addresses they have. */
const CLIENTS = 60;
const ADDRESSES = 6;
/** Those that go by themselves do so within this; others stay until they are shown out. */
const LIFE_MS = 20_000;
/** So long all new ones are of one kind, or of all. */
const FASHION_SECONDS = 15;
// What the honest client can expect on a machine that is busy with all this.
const ANSWER_SECONDS = 30;
const TRANSFER_SECONDS = 180;
const MEMORY_MAX = 300e6;
const DESCRIPTORS_MAX = 150;
const DESCRIPTORS_IDLE = 30;

interface Target {
  readonly name: string;
  readonly ip: string;
  readonly server: Running;
  /** A request that makes work. */
  heavy(): Buffer;
  /** A small question, and whether a response answers it. */
  readonly question: Buffer;
  isAnswer(message: Buffer): boolean;
  /** A request for much, and how many messages answer it; undefined where there is none. */
  readonly transfer: { readonly request: Buffer; readonly messages: number } | undefined;
}

const seconds = Number(process.argv[2] || 60);
const seed = Number(process.argv[3] || Date.now() % 1_000_000_000);
const dice = new Dice(seed);
const end = performance.now() + 1000 * seconds;
const targets = [await startAxfrdns(), await startDnscache()];
console.log(`seed ${seed}`);

/** What a client does with its connection. */
const MANNERS: Readonly<Record<string, (socket: Socket, target: Target) => void>> = {
  silent() {},
  dripping(socket, target) {
    const request = target.heavy();
    let sent = 0;
    every(socket, 300, () => socket.write(request.subarray(sent % request.length, (sent++ % request.length) + 1)));
  },
  greedy(socket, target) {
    socket.pause();
    socket.write(target.heavy());
  },
  sipping(socket, target) {
    socket.pause();
    socket.write(Buffer.concat([target.heavy(), target.heavy()]));
    every(socket, 500, () => {
      socket.resume();
      setImmediate(() => socket.pause());
    });
  },
  pipelining(socket, target) {
    const requests = Array.from({ length: 1 + dice.below(300) }, () => target.heavy());
    socket.write(Buffer.concat(requests));
  },
  babbling(socket) {
    socket.write(Buffer.from(Array.from({ length: 1 + dice.below(3000) }, () => dice.below(256))));
  },
  cutting(socket, target) {
    const request = target.heavy();
    socket.write(request.subarray(0, dice.below(request.length)), () => socket.resetAndDestroy());
  },
  leaving(socket, target) {
    socket.end(target.heavy());
  },
};

const counts = { clients: 0, answers: 0, transfers: 0, slowest: 0, slowestTransfer: 0 };
const sockets = new Set<Socket>();
let manners = Object.keys(MANNERS);
setInterval(() => {
  manners = dice.isOne(0.3) ? Object.keys(MANNERS) : [dice.of(Object.keys(MANNERS))];
}, 1000 * FASHION_SECONDS);
let isOver = false;
for (const target of targets) {
  for (let i = 0; i < CLIENTS; i++) attack(target);
}
await Promise.all(targets.map(beHonest));
isOver = true;
for (const socket of sockets) socket.destroy();
for (const target of targets) {
  const { name, server } = target;
  const { pid } = server.process;
  for (let i = 0; descriptors(pid!) > DESCRIPTORS_IDLE; i++) {
    if (i === 1000) fail(target, `${descriptors(pid!)} descriptors are left`);
    await sleep(100);
  }
  const memory = (peakResidentBytes(pid!) / 1e6).toFixed(0);
  console.log(`${name}: at most ${memory} MB, ${descriptors(pid!)} descriptors at the end`);
  await server.stop();
}
const { clients, answers, transfers, slowest, slowestTransfer } = counts;
console.log(`${clients} clients; ${answers} honest questions answered within ${slowest.toFixed(1)} s`);
console.log(`${transfers} honest transfers whole within ${slowestTransfer.toFixed(1)} s`);
process.exit(0);

/** A client that misbehaves, and the one that takes its place. */
function attack(target: Target): void {
  if (isOver) return;
  counts.clients++;
  const socket = connect({ host: target.ip, port: PORT, localAddress: `${PREFIX}.${10 + dice.below(ADDRESSES)}` });
  sockets.add(socket);
  const life = dice.isOne(0.2) ? setTimeout(() => socket.destroy(), dice.below(LIFE_MS)) : undefined;
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.on('connect', () => MANNERS[dice.of(manners)]!(socket, target));
  socket.on('close', () => {
    clearTimeout(life);
    sockets.delete(socket);
    setTimeout(() => attack(target), dice.below(100));
  });
}

/** Does something every so many milliseconds until the connection is closed. */
function every(socket: Socket, milliseconds: number, deed: () => void): void {
  const clock = setInterval(deed, milliseconds);
  socket.on('close', () => clearInterval(clock));
}

/** Asks twice a second, fetches all now and then, and looks after the server meanwhile. */
async function beHonest(target: Target): Promise<void> {
  for (let i = 0; performance.now() < end; i++) {
    const waited = await served(target, target.question, ANSWER_SECONDS, (messages) => messages.length === 1);
    counts.answers++;
    counts.slowest = Math.max(counts.slowest, waited);
    if (target.transfer && i % 20 === 10) {
      const { request, messages: wanted } = target.transfer;
      const took = await served(target, request, TRANSFER_SECONDS, ({ length }) => length === wanted);
      counts.transfers++;
      counts.slowestTransfer = Math.max(counts.slowestTransfer, took);
    }
    const { pid } = target.server.process;
    const [memory, open] = [peakResidentBytes(pid!), descriptors(pid!)];
    if (memory > MEMORY_MAX) fail(target, `${memory} octets of memory`);
    if (open > DESCRIPTORS_MAX) fail(target, `${open} descriptors`);
    await sleep(500);
  }
}

/** Asks until it is served, on one connection after the other; the seconds that it took. */
async function served(
  target: Target,
  request: Buffer,
  most: number,
  isWhole: (messages: Buffer[]) => boolean,
): Promise<number> {
  const began = performance.now();
  for (;;) {
    const waited = (performance.now() - began) / 1000;
    if (waited > most) return fail(target, `an honest client waited ${waited.toFixed(1)} s in vain`);
    const messages = await exchange(target.ip, request, 1000 * (most - waited));
    if (messages.some((message) => !target.isAnswer(message))) fail(target, 'an answer is wrong');
    if (isWhole(messages)) return (performance.now() - began) / 1000;
    if (target.server.process.exitCode !== null || target.server.process.signalCode !== null)
      fail(target, 'it is gone');
    await sleep(100);
  }
}

/** The whole messages that come on one connection until the server closes it. */
async function exchange(ip: string, request: Buffer, milliseconds: number): Promise<Buffer[]> {
  const socket = connect({ host: ip, port: PORT, localAddress: `${PREFIX}.200` });
  const parts: Buffer[] = [];
  socket.on('error', () => {}).on('data', (part: Buffer) => parts.push(part));
  socket.setTimeout(Math.max(1, milliseconds), () => socket.destroy());
  socket.end(request);
  await once(socket, 'close');
  try {
    return messagesIn(Buffer.concat(parts));
  } catch {
    return []; // cut off
  }
}

function fail({ name, server }: Target, what: string): never {
  console.log(`failed: ${name}: ${what}\n${server.log().slice(-2000)}`);
  process.exit(1);
}

async function startAxfrdns(): Promise<Target> {
  const root = temporaryDirectory();
  const text = 'x'.repeat(600);
  const lines = Array.from({ length: RECORDS }, (_, i) => `'t${i}.${ZONE}:${text}`);
  writeFileSync(`${root}/data`, `.${ZONE}:192.0.2.1:a\n${lines.join('\n')}\n`);
  for (const [program, ...args] of [['tinydns-data'], ['tcprules', 'tcp.cdb', 'tcp.tmp']] as const) {
    const { code, stderr } = run(program, args, { cwd: root, input: Buffer.from(':allow\n') });
    if (code !== 0) throw new Error(stderr);
  }
  const ip = `${PREFIX}.1`;
  const env = { ROOT: root, IP: ip, PORT: String(PORT), UNPRIVILEGED: '1' };
  const server = start('axfrdns', ['--listen'], { env, cwd: root });
  await server.logged(/starting axfrdns\n/);
  const request = framedQuery(ZONE, 'AXFR');
  const question = framedQuery(ZONE, 'SOA');
  return {
    name: 'axfrdns --listen',
    ip,
    server,
    heavy: () => (dice.isOne(0.7) ? request : question),
    question,
    isAnswer: (message) => message.readUInt16BE(6) === 1,
    transfer: { request, messages: RECORDS + 4 },
  };
}

/** A dnscache whose only server takes every question and says nothing. */
async function startDnscache(): Promise<Target> {
  const root = temporaryDirectory();
  const silent = createSocket('udp4').bind(PORT, `${PREFIX}.9`);
  await once(silent, 'listening');
  for (const folder of ['ip', 'servers']) mkdirSync(`${root}/${folder}`);
  writeFileSync(`${root}/ip/127`, '');
  writeFileSync(`${root}/servers/@`, `${PREFIX}.9:${PORT}\n`);
  const ip = `${PREFIX}.2`;
  const env = { ROOT: root, IP: ip, IPSEND: ip, PORT: String(PORT), CACHESIZE: '1000000', UNPRIVILEGED: '1' };
  const server = start('dnscache', [], { env, cwd: root });
  await server.logged(/starting\n/);
  const framed = (name: string): Buffer => withLength(composeQuestion(7, { name, type: 'A' }));
  return {
    name: 'dnscache',
    ip,
    server,
    heavy: () => (dice.isOne(0.5) ? framed(`n${dice.below(1e6)}.silent.test`) : framed('localhost')),
    question: framed('localhost'),
    isAnswer: (message) => message.readUInt16BE(6) === 1,
    transfer: undefined,
  };
}
