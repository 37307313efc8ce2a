// tinydns as a process: what it says when it cannot start, what it is when it runs, and what load, garbage, a log
// without a reader and a data.cdb that is replaced all the time do to it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dnsperf } from '../support/dnsperf.ts';
import { descriptors, residentBytes } from '../support/process.ts';
import { command, needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { queryPacket, UdpClients } from '../support/udp.ts';

const IP = '127.47.1.1';
const PORT = 5347;
const TYPE_A = 1;
const isRoot = process.getuid?.() === 0;

const DATA = `.test:192.0.2.1:a
=www.test:192.0.2.80
+*.wild.test:192.0.2.81
&child.test:192.0.2.9:b
@test:192.0.2.25:mx
'big.test:${'x'.repeat(600)}
'edge.test:${'y'.repeat(430)}
`;

/** A directory with `text` compiled. */
function compiled(text = DATA, directory: string = temporaryDirectory()): string {
  writeFileSync(`${directory}/data`, text, 'latin1');
  const { code, stderr } = run('tinydns-data', [], { cwd: directory });
  assert.deepEqual([code, stderr], [0, '']);
  return directory;
}

/** Runs tinydns, unprivileged at `IP` unless `env` says otherwise, with clients until `body` is over. */
async function serving(
  env: Record<string, string>,
  body: (clients: UdpClients, server: Running) => Promise<void>,
): Promise<void> {
  const all = { IP, PORT: String(PORT), UNPRIVILEGED: '1', ...env };
  const server = start('tinydns', [], { env: all });
  const clients = new UdpClients(all.IP, Number(all.PORT));
  try {
    await server.logged(/starting tinydns\n/);
    await body(clients, server);
  } finally {
    clients.close();
    await server.stop();
  }
}

describe('what keeps it from starting, in the order of its steps', () => {
  const ROOT = temporaryDirectory();
  const bound = { IP, PORT: '5348' };
  const file = `${ROOT}/file`;
  writeFileSync(file, '');
  const cases: [Record<string, string>, string, ('root' | 'user')?][] = [
    [{}, '$IP not set'],
    [{ IP: '' }, 'unable to parse IP address '],
    [{ IP: '127.47.1' }, 'unable to parse IP address 127.47.1'],
    [{ IP: 'localhost', ROOT: '/nonexistent' }, 'unable to parse IP address localhost'],
    [{ IP: '192.0.2.1', PORT: '5348', ROOT: '/nonexistent' }, 'unable to bind UDP socket: address not available'],
    [{ IP, PORT: 'x' }, 'unable to parse $PORT'],
    [{ IP, PORT: '65536' }, 'unable to parse $PORT'],
    [bound, '$ROOT not set'],
    [{ ...bound, ROOT: '' }, 'unable to chdir to : file does not exist'],
    [{ ...bound, ROOT: '/nonexistent' }, 'unable to chdir to /nonexistent: file does not exist'],
    [{ ...bound, ROOT: file, GID: 'x' }, `unable to chdir to ${file}: not a directory`],
    [{ ...bound, ROOT }, '$GID not set', 'root'],
    [{ ...bound, ROOT, UID: 'x' }, '$GID not set', 'root'],
    [{ ...bound, ROOT, GID: 'users', UID: '1' }, 'unable to parse $GID', 'root'],
    [{ ...bound, ROOT, GID: '-1', UID: '1' }, 'unable to parse $GID', 'root'],
    [{ ...bound, ROOT, GID: '4294967295', UID: '1' }, 'unable to setgid: invalid argument', 'root'],
    [{ ...bound, ROOT, GID: '1' }, '$UID not set', 'root'],
    [{ ...bound, ROOT, GID: '1', UID: '1x' }, 'unable to parse $UID', 'root'],
    [{ ...bound, ROOT, GID: '1', UID: '4294967295' }, 'unable to setuid: invalid argument', 'root'],
    [{ ...bound, ROOT, GID: '1', UID: '1' }, `unable to chroot to ${ROOT}: permission denied`, 'user'],
  ];
  for (const [env, message, who] of cases) {
    if (who === 'user' && isRoot) continue;
    test(message, { skip: who === 'root' && needs('root') }, () => {
      const { code, stdout, stderr } = run('tinydns', ['ignored'], { env });
      assert.deepEqual([code, stdout.toString(), stderr], [111, '', `tinydns: fatal: ${message}\n`]);
    });
  }

  test('octets of IP are taken modulo 256 and what follows them is ignored', async () => {
    const clients = new UdpClients('127.47.1.2', 5348);
    const server = start('tinydns', [], {
      env: { IP: '383.303.257.2abc', PORT: '5348', ROOT: compiled(), UNPRIVILEGED: '1' },
    });
    try {
      await clients.ready(queryPacket('www.test', TYPE_A));
      assert.equal(server.log().split('\n')[0], 'starting tinydns');
    } finally {
      clients.close();
      await server.stop();
    }
  });
});

for (const [transport, extra] of [
  ['batched', {}],
  ['plain', { DJBDNS_PLAIN: '1' }],
] as const) {
  test(`over ${transport} sockets a label begins each line where TAI64N is set`, async () => {
    await serving({ ROOT: compiled(), TAI64N: '', ...extra }, async (clients, server) => {
      assert.ok(await clients.ask(queryPacket('www.test', TYPE_A, { id: 0xabcd })));
      await server.logged(/\+ 0001/);
      assert.match(
        server.log(),
        /^@[0-9a-f]{24} starting tinydns\n@[0-9a-f]{24} 7f000001:[0-9a-f]{4}:abcd \+ 0001 www\.test\n$/,
      );
    });
  });
}

test('as root it locks itself in: root directory, groups, group and user', { skip: needs('root') }, async () => {
  const ROOT = compiled();
  const env = { IP, PORT: '5349', ROOT, UID: '54321', GID: '54322' };
  const server = start('tinydns', [], { env });
  const clients = new UdpClients(IP, 5349);
  try {
    await server.logged(/^starting tinydns\n/);
    const pid = server.process.pid!;
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)![1];
    assert.equal(field('Uid'), '54321\t54321\t54321\t54321');
    assert.equal(field('Gid'), '54322\t54322\t54322\t54322');
    assert.equal(field('Groups'), '54322');
    assert.equal(field('CapEff'), '0000000000000000');
    assert.equal(field('CapPrm'), '0000000000000000');
    assert.equal(readlinkSync(`/proc/${pid}/root`), ROOT);
    assert.equal(readlinkSync(`/proc/${pid}/cwd`), ROOT);
    assert.ok(await clients.ask(queryPacket('www.test', TYPE_A)));
    const next = compiled('.test:192.0.2.1:a\n=www.test:192.0.2.99\n');
    copyFileSync(`${next}/data.cdb`, `${ROOT}/data.tmp`);
    renameSync(`${ROOT}/data.tmp`, `${ROOT}/data.cdb`);
    const reply = await clients.ask(queryPacket('www.test', TYPE_A));
    assert.ok(reply?.includes(Buffer.from([192, 0, 2, 99])), 'the new file is found inside the chroot');
    const threads = readFileSync(`/proc/${pid}/task/${pid}/status`, 'latin1');
    assert.match(threads, /^Uid:\t54321\t/m);
  } finally {
    clients.close();
    await server.stop();
  }
});

test('no data.cdb, one that is a directory, a FIFO, empty or short: silence, logged, and nothing is leaked', async () => {
  const ROOT = temporaryDirectory();
  const other = compiled();
  const lay: [string, () => void][] = [
    ['nothing', () => {}],
    ['a directory', () => mkdirSync(`${ROOT}/data.tmp`)],
    ['a FIFO', () => void run('/usr/bin/mkfifo', [`${ROOT}/data.tmp`])],
    ['an empty file', () => writeFileSync(`${ROOT}/data.tmp`, '')],
    ['a short file', () => writeFileSync(`${ROOT}/data.tmp`, Buffer.alloc(2047))],
    ['text', () => writeFileSync(`${ROOT}/data.tmp`, 'not a cdb. '.repeat(1000))],
  ];
  await serving({ ROOT }, async (clients, server) => {
    const pid = server.process.pid!;
    let before = 0;
    for (const [what, make] of lay) {
      run('/bin/rm', ['-rf', `${ROOT}/data.cdb`]);
      make();
      if (what !== 'nothing') renameSync(`${ROOT}/data.tmp`, `${ROOT}/data.cdb`);
      const lines = server.log().split(' - 0001 www.test\n').length;
      for (let i = 0; i < 20; i++) assert.equal(await clients.ask(queryPacket('www.test', TYPE_A), 5), null, what);
      for (let i = 0; i < 200 && server.log().split(' - 0001 www.test\n').length < lines + 20; i++) await sleep(20);
      assert.equal(server.log().split(' - 0001 www.test\n').length, lines + 20, what);
      before ||= descriptors(pid);
      assert.equal(descriptors(pid), before, what);
    }
    run('/bin/rm', ['-rf', `${ROOT}/data.cdb`]);
    copyFileSync(`${other}/data.cdb`, `${ROOT}/data.cdb`);
    assert.ok(await clients.ask(queryPacket('www.test', TYPE_A)));
  });
});

/** Numbers from 0 to before `n`, the same every time. */
function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
}

test('50,000 packets of garbage: it answers on, a line for each, nothing else, no memory lost', async () => {
  const ROOT = compiled();
  const log = `${temporaryDirectory()}/log`;
  const fd = openSync(log, 'w');
  const child = spawn(command('tinydns'), [], {
    env: { PATH: process.env['PATH'], IP, PORT: '5350', ROOT, UNPRIVILEGED: '1' },
    stdio: ['ignore', 'ignore', fd],
  });
  closeSync(fd);
  const clients = new UdpClients(IP, 5350);
  const socket = createSocket('udp4');
  try {
    const sentinel = queryPacket('www.test', TYPE_A);
    await clients.ready(sentinel);
    const lines = () => readFileSync(log, 'latin1').split('\n').length - 1;
    const first = lines();
    const random = generator(7);
    const names = ['www.test', 'test', 'a.b.wild.test', 'x.child.test', 'big.test', 'edge.test', 'no.test', 'other'];
    const types = [1, 2, 6, 15, 16, 28, 252, 255];
    const mutated = (): Buffer => {
      const good = queryPacket(names[random(8)]!, types[random(8)]!, { qclass: random(8) === 0 ? 255 : 1 });
      const packet = random(20) === 0 ? Buffer.concat([good, Buffer.alloc(random(600))]) : good;
      if (random(20) === 0) return packet.subarray(0, random(packet.length));
      for (let changes = random(4); changes > 0; changes--) packet[random(packet.length)] = random(256);
      return packet;
    };
    const send = (packet: Buffer) => new Promise((sent) => socket.send(packet, 5350, IP, sent));
    let sent = 0;
    let warm = 0;
    while (sent < 50000) {
      const batch: Promise<unknown>[] = [];
      for (let i = 0; i < 40; i++) batch.push(send(mutated())); // few enough for the receive buffer
      sent += 40;
      await Promise.all(batch);
      assert.ok(await clients.ask(sentinel), `no answer after ${sent} packets`);
      if (sent === 20000) warm = residentBytes(child.pid!);
    }
    const sentinels = sent / 40;
    assert.equal(lines() - first, sent + sentinels);
    assert.ok(residentBytes(child.pid!) - warm < 8e6, `${warm} octets have become ${residentBytes(child.pid!)}`);
    const odd = readFileSync(log, 'latin1')
      .split('\n')
      .slice(1, -1)
      .filter((line) => !/^[0-9a-f]{8}:[0-9a-f]{4}:[0-9a-f]{4} [-+IC/] [0-9a-f]{4} (\.|[-a-z0-9_.\\]+)$/.test(line));
    assert.deepEqual(odd, []);
  } finally {
    socket.close();
    clients.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('a log without a reader does not stop the service', async () => {
  const env = { PATH: process.env['PATH'], IP, PORT: '5351', ROOT: compiled(), UNPRIVILEGED: '1' };
  const child = spawn(command('tinydns'), [], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const clients = new UdpClients(IP, 5351);
  try {
    await clients.ready(queryPacket('www.test', TYPE_A));
    child.stderr.destroy();
    await sleep(50);
    for (let i = 0; i < 50; i++) assert.ok(await clients.ask(queryPacket('www.test', TYPE_A)), `question ${i}`);
    assert.equal(child.exitCode, null);
  } finally {
    clients.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('1,000 replacements under full load: no query lost, no wrong answer, none older than the last rename', {
  skip: needs('root', 'dnsperf'),
}, async () => {
  const VERSIONS = 8;
  const files = Array.from({ length: VERSIONS }, (_, version) => {
    // The same names every time, at other places in the file, as the number of hosts before them differs.
    const hosts = Array.from({ length: 100 + 37 * version }, (_, i) => `=h${i}.test:10.${version}.0.${i % 250}\n`);
    return readFileSync(
      `${compiled(`.test:10.${version}.9.9:a\n${hosts.join('')}+v.test:10.${version}.8.8\n`)}/data.cdb`,
    );
  });
  const ROOT = temporaryDirectory();
  writeFileSync(`${ROOT}/data.cdb`, files[0]!);
  await serving({ ROOT, IP: '127.47.1.9', PORT: '53' }, async (clients, server) => {
    server.process.stderr?.removeAllListeners('data');
    server.process.stderr?.resume();
    const pid = server.process.pid!;
    const names = Array.from({ length: 100 }, (_, i) => `h${i}.test A`);
    let isOver = false;
    const load = dnsperf('127.47.1.9', names, temporaryDirectory(), ['-l', '6', '-c', '4', '-q', '60']).finally(() => {
      isOver = true;
    });
    await sleep(300);
    const held = descriptors(pid);
    let warm = 0;
    let during = 0;
    // Beside the load one client looks at answers, whenever they come: each is of one version, old or new.
    let replaced = 0;
    let watched = 0;
    const watcher = new UdpClients('127.47.1.9', 53);
    const watching = (async () => {
      while (!isOver) {
        const before = replaced;
        const reply = await watcher.ask(queryPacket(`h${watched++ % 100}.test`, TYPE_A), 3000);
        const seen = new Set(
          [...(reply?.toString('latin1') ?? '').matchAll(/\x00\x04\x0a([\x00-\x08])[\x00\x09]/g)].map((match) =>
            match[1]!.charCodeAt(0),
          ),
        );
        const [version = -1] = seen;
        assert.ok(
          seen.size === 1 && (version - before + 1000 * VERSIONS) % VERSIONS <= replaced - before,
          `${[...seen]} after ${before}, before ${replaced}`,
        );
      }
    })().finally(() => watcher.close());
    for (let i = 1; i <= 1000; i++) {
      const version = i % VERSIONS;
      writeFileSync(`${ROOT}/data.tmp`, files[version]!);
      renameSync(`${ROOT}/data.tmp`, `${ROOT}/data.cdb`);
      replaced = i;
      const reply = await clients.ask(queryPacket('v.test', TYPE_A, { id: i }), 3000);
      assert.ok(reply, `replacement ${i} is not answered`);
      // One answer, one NS, one glue address: every one of them tells the version that it is from.
      const versions = [...reply.toString('latin1').matchAll(/\x00\x04\x0a([\x00-\x08])[\x08\x09]/g)];
      assert.deepEqual(
        versions.map((match) => match[1]!.charCodeAt(0)),
        [version, version],
        `replacement ${i}`,
      );
      if (!isOver) during = i;
      if (i === 300) warm = residentBytes(pid);
    }
    const { completed, lost, rcodes } = await load;
    await watching;
    assert.ok(watched > 100, `${watched} answers looked at`);
    assert.equal(lost, 0);
    assert.deepEqual([...rcodes], [['NOERROR', completed]]);
    assert.ok(completed > 1000 && during > 100, `${completed} answers, ${during} replacements during them`);
    assert.equal(descriptors(pid), held);
    const maps = readFileSync(`/proc/${pid}/maps`, 'latin1');
    assert.ok(maps.split('data.cdb').length - 1 <= 1, 'one mapping');
    assert.ok(residentBytes(pid) - warm < 10e6, `${warm} octets have become ${residentBytes(pid)}`);
  });
});
