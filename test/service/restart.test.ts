// Restarts under questions: what is lost with a socket that the service manager keeps, with a second server on the
// address, and without either, under supervise too.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import dnsPacket from 'dns-packet';
import { ip4 } from '../../src/base/address.ts';
import { libc } from '../../src/base/libc.ts';
import { bindSocket, newSocket, SOCK_DGRAM, SOL_SOCKET, setOption } from '../../src/transport/bind.ts';
import { AF_INET } from '../../src/transport/sockaddr.ts';
import { command, find, needs, run, start, temporaryDirectory, until } from '../support/programs.ts';
import { recordsIn } from '../support/transfer.ts';
import { queryPacket, UdpClients } from '../support/udp.ts';
import { DAEMONTOOLS, Services } from './daemontools.ts';

const IP = '127.46.9.35';
const RATE = 500;
/** A longer run: RESTARTS=20 QUESTIONS=20000 node --test dist/test/service/restart.test.js */
const RESTARTS = Number(process.env['RESTARTS'] ?? 5);
const QUESTIONS = Number(process.env['QUESTIONS'] ?? 3000);
const SO_RCVBUFFORCE = 33;
const DATA = '.x.test:127.0.0.1:a\n+y.x.test:1.2.3.4\n';

function dataFolder(): string {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, DATA);
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  return root;
}

/** Starts tinydns, with the descriptor as number 3 where given, and waits until it serves. */
async function started(env: Record<string, string>, fd?: number): Promise<ChildProcess> {
  const handing = fd === undefined ? '' : 'LISTEN_FDS=1 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID;';
  const child = spawn('/bin/sh', ['-c', `${handing} exec ${command('tinydns')}`], {
    env: { ...process.env, UNPRIVILEGED: '1', ...env },
    stdio: ['ignore', 'ignore', 'pipe', fd ?? 'ignore'],
  });
  children.add(child);
  await new Promise<void>((resolve, reject) => {
    let log = '';
    child.on('exit', () => reject(new Error(log)));
    child.stderr!.on('data', (chunk) => {
      log += chunk;
      if (log.includes('starting')) resolve();
    });
  });
  return child;
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** Asks each question once, `RATE` a second, while `restart` runs; resolves with how many got no response. */
async function lost(port: number, restart: () => Promise<void>): Promise<number> {
  const sockets = Array.from({ length: 16 }, () => createSocket('udp4'));
  const waiting = new Set<number>();
  for (const socket of sockets) {
    socket.on('message', (message) => waiting.delete(message.readUInt16BE(0))).on('error', () => {});
  }
  let isOver = false;
  const restarts = (async () => {
    for (let i = 0; i < RESTARTS && !isOver; i++) {
      await restart();
      await sleep((1000 * QUESTIONS) / RATE / RESTARTS / 2);
    }
  })();
  let asked = 0;
  for (const begin = performance.now(); asked < QUESTIONS; await sleep(2)) {
    const due = Math.min(QUESTIONS, Math.floor(((performance.now() - begin) / 1000) * RATE));
    for (; asked < due; asked++) {
      waiting.add(asked);
      sockets[asked % 16]!.send(queryPacket('y.x.test', 1, { id: asked }), port, IP);
    }
  }
  isOver = true;
  await restarts;
  for (let i = 0; i < 100 && waiting.size > 0; i++) await sleep(50);
  for (const socket of sockets) socket.close();
  return waiting.size;
}

// Side by side, but for figures.
describe('restarts', { concurrency: process.env['RESTARTS'] === undefined }, () => {
  test('with a socket that is handed over no question is lost in restarts', { skip: needs('root') }, async () => {
    const calls = libc()!;
    const fd = newSocket(calls, AF_INET, SOCK_DGRAM);
    setOption(calls, fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
    bindSocket(calls, fd, { ip: ip4(127, 46, 9, 35), port: 5371 });
    const env = { ROOT: dataFolder() };
    let server = await started(env, fd);
    const count = await lost(5371, async () => {
      await stopped(server);
      server = await started(env, fd);
    });
    await stopped(server);
    closeSync(fd);
    assert.equal(count, 0);
  });

  test('of two servers on one address one may restart: at most one question of ten thousand is lost', async (t) => {
    const env = { ROOT: dataFolder(), IP, PORT: '5372', REUSEPORT: '' };
    const servers = [await started(env), await started(env)];
    let turn = 0;
    const count = await lost(5372, async () => {
      await stopped(servers[turn]!);
      servers[turn] = await started(env);
      turn = 1 - turn;
    });
    for (const server of servers) await stopped(server);
    t.diagnostic(`${count} of ${QUESTIONS} lost in ${RESTARTS} restarts`);
    assert.ok(count <= Math.ceil(QUESTIONS / 10000), `${count} lost`);
  });

  test('without either, questions are lost while no server runs, and none after', async (t) => {
    const env = { ROOT: dataFolder(), IP, PORT: '5373' };
    let server = await started(env);
    const count = await lost(5373, async () => {
      await stopped(server);
      server = await started(env);
    });
    t.diagnostic(`${count} of ${QUESTIONS} lost in ${RESTARTS} restarts`);
    assert.ok(count > 0, 'without a server nobody can have answered');
    await stopped(server);
  });

  test('under supervise svc -t loses the questions that come while the server starts', {
    skip: needs(...DAEMONTOOLS, 'make'),
  }, async (t) => {
    const services = new Services();
    const client = new UdpClients(IP, 53);
    t.after(() => {
      client.close();
      services.stop();
    });
    const directory = services.directory('tinydns');
    assert.equal(run('tinydns-conf', ['nobody', 'daemon', directory, IP]).code, 0);
    writeFileSync(`${directory}/root/data`, DATA);
    assert.equal(run(find('make')!, [], { cwd: `${directory}/root` }).code, 0);
    const service = services.add('tinydns');
    let pid = await service.pid();
    await client.ready(queryPacket('y.x.test', 1));
    const count = await lost(53, async () => {
      service.svc('-t');
      pid = await service.pid(pid);
      await client.ready(queryPacket('y.x.test', 1));
    });
    t.diagnostic(`${count} of ${QUESTIONS} lost in ${RESTARTS} restarts`);
    assert.ok(count > 0, 'without a server nobody can have answered');
  });
});

test('sockets that are meant for another process, or are none, are not taken', async () => {
  const ROOT = dataFolder();
  const other = start('tinydns', [], {
    env: { ROOT, IP, PORT: '5374', UNPRIVILEGED: '1', LISTEN_FDS: '1', LISTEN_PID: '1' },
  });
  await other.logged(/starting tinydns/);
  await other.stop();
  const { code, stderr } = run('/bin/sh', ['-c', `LISTEN_FDS=1 LISTEN_PID=$$ exec ${command('tinydns')} 3</dev/null`], {
    env: { ROOT, UNPRIVILEGED: '1' },
  });
  assert.deepEqual([code, stderr], [111, 'tinydns: fatal: no UDP socket was handed over\n']);
});

test('axfrdns --listen takes a TCP socket that is handed over', { skip: needs('dig') }, async () => {
  const root = dataFolder();
  assert.equal(run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') }).code, 0);
  const listener = createServer().listen(5375, IP);
  await once(listener, 'listening');
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
  const child = spawn(
    '/bin/sh',
    ['-c', `LISTEN_FDS=1 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID; exec ${command('axfrdns')} --listen`],
    { cwd: root, env: { ...process.env, ROOT: root, UNPRIVILEGED: '1' }, stdio: ['ignore', 'ignore', 'pipe', fd] },
  );
  children.add(child);
  await once(child.stderr!, 'data');
  listener.close(); // the server has its own hold of it
  const { stdout } = run(find('dig')!, ['+tcp', '+short', '-p', '5375', `@${IP}`, 'y.x.test', 'a']);
  assert.equal(String(stdout), '1.2.3.4\n');
  await stopped(child);
});

test('dnscache on a shared address answers the connections that it has before it ends', {
  skip: needs('root', 'ss'),
}, async (t) => {
  const root = temporaryDirectory();
  for (const folder of ['servers', 'ip']) mkdirSync(`${root}/${folder}`);
  writeFileSync(`${root}/servers/@`, '127.46.9.38\n');
  writeFileSync(`${root}/ip/127`, '');
  const upstream = createSocket('udp4').bind(53, '127.46.9.38');
  t.after(() => upstream.close());
  const env = {
    ROOT: root,
    UNPRIVILEGED: '1',
    IP,
    PORT: '5378',
    IPSEND: '0.0.0.0',
    CACHESIZE: '100000',
    REUSEPORT: '',
  };
  const cache = start('dnscache', [], { cwd: root, env });
  await cache.logged(/^starting/);
  const signal = { signal: AbortSignal.timeout(60000) };
  const client = connect(5378, IP);
  t.after(() => client.destroy());
  const questions = [{ type: 'A' as const, name: 'slow.test' }];
  client.write(dnsPacket.streamEncode({ type: 'query', flags: dnsPacket.RECURSION_DESIRED, questions }));
  const [query, from] = (await once(upstream, 'message', signal)) as [Buffer, { port: number; address: string }];
  cache.process.kill('SIGTERM');
  await until(() => run(find('ss')!, ['-tlnH', 'sport = 5378']).stdout.length === 0);
  const response = dnsPacket.decode(query);
  const answers = [{ type: 'A' as const, name: response.questions![0]!.name, ttl: 60, data: '192.0.2.7' }];
  upstream.send(
    dnsPacket.encode({ ...response, type: 'response', flags: dnsPacket.AUTHORITATIVE_ANSWER, answers }),
    from.port,
    from.address,
  );
  const [answer] = (await once(client, 'data', signal)) as [Buffer];
  assert.match(recordsIn(answer).join(), /^slow\.test A \d+ "192\.0\.2\.7"$/);
  await cache.stop();
});
