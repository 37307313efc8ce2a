// Peers that stall, at both ends of a transfer: after 60 seconds the stated message, and the old file intact. The
// cases run side by side, so that the file takes one minute and not eight.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { peakResidentBytes } from '../support/process.ts';
import { command, find, needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { axfrdns, framedQuery, messagesIn } from '../support/transfer.ts';

const ZONE = 'slow.test';
const PORT = 5300;
const AXFR = framedQuery(ZONE, 'AXFR');
const SOA = framedQuery(ZONE, 'SOA');

/** A zone larger than all buffers between two processes: 32 MB. */
function largeZone(): string {
  const directory = temporaryDirectory();
  const text = 'x'.repeat(32000);
  const lines = [`.${ZONE}:192.0.2.1:a`];
  for (let i = 0; i < 1000; i++) lines.push(`'t${i}.${ZONE}:${text}`);
  writeFileSync(`${directory}/data`, `${lines.join('\n')}\n`);
  assert.equal(run('tinydns-data', [], { cwd: directory }).code, 0);
  return directory;
}

interface End {
  code: number | null;
  stderr: string;
  seconds: number;
}

/** Waits for a process to end by itself. */
async function ended(child: ChildProcess): Promise<End> {
  const begun = performance.now();
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('latin1');
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, stderr, seconds: (performance.now() - begun) / 1000 };
}

function assertAfterLimit({ seconds }: { seconds: number }): void {
  assert.ok(seconds > 59, `after ${seconds} seconds`);
}

describe('peers that stall', { concurrency: true }, () => {
  const root = largeZone();
  const env = { PATH: process.env['PATH'], ROOT: root, UNPRIVILEGED: '1' };

  test('axfrdns on pipes gives up on a client that asks nothing', async () => {
    const child = spawn(command('axfrdns'), [], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const end = await ended(child);
    assert.deepEqual([end.code, end.stderr], [111, 'axfrdns: fatal: unable to read from network: timed out\n']);
    assertAfterLimit(end);
  });

  test('axfrdns on pipes gives up on a client that takes nothing', async () => {
    const child = spawn(command('axfrdns'), [], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdout!.pause();
    child.stdin!.write(AXFR);
    const end = await ended(child);
    assert.equal(end.code, 111);
    assert.match(end.stderr, /\naxfrdns: fatal: unable to write to network: timed out\n$/);
    assertAfterLimit(end);
  });

  describe('under tcpserver', { skip: needs('tcpserver'), concurrency: true }, () => {
    let server: Running;
    before(async () => {
      server = start(find('tcpserver')!, ['-vDRHl0', '--', '127.43.4.1', String(PORT), command('axfrdns')], {
        env: { ROOT: root, UNPRIVILEGED: '1' },
      });
      await server.logged(/status: 0\/40/);
    });
    after(() => server.stop('SIGTERM'));

    test('axfrdns gives up on clients that ask nothing, or take nothing', { timeout: 120000 }, async () => {
      const silent = connect(PORT, '127.43.4.1');
      const greedy = connect(PORT, '127.43.4.1');
      greedy.pause();
      greedy.write(AXFR);
      for (const socket of [silent, greedy]) socket.on('error', () => {});
      await sleep(50000);
      assert.doesNotMatch(server.log(), /timed out/);
      for (let i = 0; i < 300 && (server.log().match(/timed out/g) ?? []).length < 2; i++) await sleep(100);
      assert.match(server.log(), /axfrdns: fatal: unable to read from network: timed out\n/);
      assert.match(server.log(), /axfrdns: fatal: unable to write to network: timed out\n/);
      for (const socket of [silent, greedy]) socket.destroy();
    });

    test('axfrdns ends with the error when a client resets the connection in the middle of a transfer', async () => {
      const socket = connect(PORT, '127.43.4.1');
      socket.write(AXFR);
      await once(socket, 'data');
      socket.resetAndDestroy();
      await server.logged(/axfrdns: fatal: unable to write to network: (connection reset|broken pipe)\n/);
    });
  });

  test('axfrdns --listen gives up on both, serves others meanwhile, and holds no zone in memory', async (t) => {
    run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') });
    const server = start('axfrdns', ['--listen'], {
      cwd: root,
      env: { ROOT: root, UNPRIVILEGED: '1', IP: '127.43.4.2', PORT: String(PORT) },
    });
    t.after(() => server.stop());
    await server.logged(/starting/);
    const stalled: Socket[] = [];
    for (let i = 0; i < 12; i++) {
      const socket = connect(PORT, '127.43.4.2');
      socket.on('error', () => {});
      socket.pause();
      if (i > 3) socket.write(AXFR);
      stalled.push(socket);
    }
    for (const begun = performance.now(); performance.now() - begun < 50000; ) {
      const socket = connect(PORT, '127.43.4.2');
      socket.write(SOA);
      const [reply] = (await once(socket, 'data')) as [Buffer];
      assert.equal(messagesIn(reply).length, 1);
      socket.destroy();
      await sleep(3000);
    }
    assert.doesNotMatch(server.log(), /timed out/);
    for (let i = 0; i < 300 && (server.log().match(/timed out/g) ?? []).length < 12; i++) await sleep(100);
    assert.equal((server.log().match(/fatal: unable to read from network: timed out/g) ?? []).length, 4);
    assert.equal((server.log().match(/fatal: unable to write to network: timed out/g) ?? []).length, 8);
    assert.ok(peakResidentBytes(server.process.pid!) < 120e6, `${peakResidentBytes(server.process.pid!)} octets`);
    for (const socket of stalled) socket.destroy();
  });

  test('axfrdns --listen lets silent clients go after five seconds when others wait, and nobody who is at work', async (t) => {
    run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') });
    const server = start('axfrdns', ['--listen', '-c', '3'], {
      cwd: root,
      env: { ROOT: root, UNPRIVILEGED: '1', IP: '127.43.4.3', PORT: String(PORT) },
    });
    t.after(() => server.stop());
    await server.logged(/starting/);
    const busy = connect(PORT, '127.43.4.3');
    busy.write(AXFR);
    await once(busy, 'data');
    busy.pause();
    const silent = [connect(PORT, '127.43.4.3'), connect(PORT, '127.43.4.3'), connect(PORT, '127.43.4.3')];
    await sleep(1000);
    const begun = performance.now();
    const asking = connect(PORT, '127.43.4.3');
    asking.write(SOA);
    await once(asking, 'data');
    const waited = performance.now() - begun;
    assert.ok(waited > 2000, `${waited} ms`);
    assert.match(server.log(), /fatal: unable to read from network: timed out\n/);
    const parts: Buffer[] = [];
    busy.on('data', (part: Buffer) => parts.push(part));
    busy.resume();
    busy.end();
    await once(busy, 'close');
    assert.ok(Buffer.concat(parts).length > 30e6);
    for (const socket of [...silent, asking]) socket.destroy();
  });

  test('a transfer that has begun is of one data.cdb, even when that is replaced meanwhile', async () => {
    const folder = largeZone();
    const child = spawn(command('axfrdns'), [], { env: { ...env, ROOT: folder }, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin!.end(AXFR);
    await once(child.stdout!, 'readable');
    writeFileSync(`${folder}/data`, `.${ZONE}:192.0.2.9:a\n`);
    assert.equal(run('tinydns-data', [], { cwd: folder }).code, 0);
    const parts: Buffer[] = [];
    for await (const part of child.stdout!) parts.push(part as Buffer);
    assert.equal(messagesIn(Buffer.concat(parts)).length, 1004);
  });

  describe('axfr-get', { concurrency: true }, () => {
    const soaReply = axfrdns(root, SOA).stdout;
    const begun = axfrdns(root, AXFR).stdout.subarray(0, 500000);

    /** A primary that does `serve` with each connection. */
    async function primary(ip: string, serve: (socket: Socket) => void): Promise<Server> {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        serve(socket);
      });
      server.unref(); // a test that fails must not keep the file from ending
      server.listen(PORT, ip);
      await once(server, 'listening');
      return server;
    }

    /** Fetches from it; whatever happens, the file that was there must still be there. */
    async function fetchFrom(ip: string, server: Server): Promise<End & { directory: string }> {
      const directory = temporaryDirectory();
      writeFileSync(`${directory}/zone`, '#5 auto axfr-get\n+old.test:1.2.3.4:5\n');
      const child = spawn(command('axfr-get'), [ZONE, 'zone', 'zone.tmp', `${ip}:${PORT}`], {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const end = await ended(child);
      server.close();
      assert.equal(readFileSync(`${directory}/zone`, 'latin1'), '#5 auto axfr-get\n+old.test:1.2.3.4:5\n');
      return { ...end, directory };
    }

    /** Answers the first query with `first`, the second with what `second` sends. */
    const answering = (first: Buffer, second: (socket: Socket) => void) => (socket: Socket) => {
      let queries = 0;
      socket.on('data', () => {
        if (++queries === 1) socket.write(first);
        else second(socket);
      });
    };

    test('gives up on a primary that never answers', async () => {
      const ip = '127.43.4.11';
      const end = await fetchFrom(ip, await primary(ip, () => {}));
      assert.deepEqual([end.code, end.stderr], [111, 'axfr-get: fatal: unable to read from network: timed out\n']);
      assert.equal(existsSync(`${end.directory}/zone.tmp`), false);
      assertAfterLimit(end);
    });

    test('gives up on a primary that falls silent in the middle of a transfer', async () => {
      const ip = '127.43.4.12';
      const end = await fetchFrom(
        ip,
        await primary(
          ip,
          answering(soaReply, (socket) => socket.write(begun)),
        ),
      );
      assert.deepEqual([end.code, end.stderr], [111, 'axfr-get: fatal: unable to read from network: timed out\n']);
      assert.equal(existsSync(`${end.directory}/zone.tmp`), true);
      assertAfterLimit(end);
    });

    test('reports a primary that hangs up, resets, refuses or sends garbage', async () => {
      const parse = 'unable to parse AXFR results: protocol error';
      const refusal = Buffer.from(soaReply.subarray(0, 14));
      refusal.writeUInt16BE(12, 0);
      refusal.writeUInt16BE(0x8005, 4);
      refusal.fill(0, 6);
      const garbage = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * i * 31 + i) & 255));
      garbage.writeUInt16BE(200, 0);
      // libuv tells of an end, not of a reset, when the last data and the reset are there at once.
      const reset = /unable to read from network: connection reset|unable to parse AXFR results: protocol error/;
      const cases: readonly (readonly [serve: (socket: Socket) => void, failure: string | RegExp])[] = [
        [(socket) => socket.end(), parse],
        [answering(soaReply, (socket) => socket.end(begun)), parse],
        [answering(soaReply, (socket) => socket.write(begun, () => socket.resetAndDestroy())), reset],
        [answering(soaReply, (socket) => socket.write(refusal)), parse],
        [answering(garbage, () => {}), parse],
        [answering(soaReply, (socket) => socket.write(garbage)), parse],
      ];
      for (const [i, [serve, failure]] of cases.entries()) {
        const ip = `127.43.4.${20 + i}`;
        const end = await fetchFrom(ip, await primary(ip, serve));
        assert.equal(end.code, 111, String(i));
        assert.ok(end.stderr.startsWith('axfr-get: fatal: ') && end.stderr.match(failure), end.stderr);
        assert.ok(end.seconds < 50, `case ${i} took ${end.seconds} s`);
      }
    });

    test('shows on a terminal how many records and bytes have come, and removes that at the end', {
      skip: needs('script'),
    }, async () => {
      const records = axfrdns(root, AXFR).stdout;
      const server = await primary(
        '127.43.4.41',
        answering(soaReply, async (socket) => {
          socket.write(records.subarray(0, 1000000));
          await sleep(1300);
          socket.write(records.subarray(1000000, 2000000));
          await sleep(300);
          socket.write(records.subarray(2000000));
        }),
      );
      const fetch = `${command('axfr-get')} ${ZONE} zone zone.tmp 127.43.4.41:${PORT}`;
      const child = spawn(find('script')!, ['-qec', fetch, '/dev/null'], {
        cwd: temporaryDirectory(),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let shown = '';
      child.stdout.on('data', (part: Buffer) => {
        shown += part.toString('latin1');
      });
      const [code] = (await once(child, 'close')) as [number | null];
      server.close();
      assert.equal(code, 0);
      assert.match(shown, /\r\x1b\[K\d+ records, [\d.]+ M bytes, .*\r\x1b\[K$/s);
    });

    test('replaces the file only when the transfer is complete, however slowly it comes', async () => {
      const ip = '127.43.4.40';
      const small = temporaryDirectory();
      writeFileSync(`${small}/data`, `.${ZONE}:192.0.2.1:a\n+x.${ZONE}:1.2.3.4\n`);
      assert.equal(run('tinydns-data', [], { cwd: small }).code, 0);
      const stream = axfrdns(small, AXFR).stdout;
      const server = await primary(
        ip,
        answering(axfrdns(small, SOA).stdout, async (socket) => {
          for (const octet of stream) {
            socket.write(Buffer.from([octet]));
            await sleep(3);
          }
        }),
      );
      const directory = temporaryDirectory();
      const child = spawn(command('axfr-get'), [ZONE, 'zone', 'zone.tmp', `${ip}:${PORT}`], {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const end = await ended(child);
      server.close();
      assert.deepEqual([end.code, end.stderr], [0, '']);
      assert.match(readFileSync(`${directory}/zone`, 'latin1'), /^#\d+ auto axfr-get\nZslow\.test:/);
    });
  });
});
