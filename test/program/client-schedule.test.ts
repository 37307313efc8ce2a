// The built programs against servers that are silent, slow or odd, with the programs' clock a hundred times as fast:
// how often they ask, whom, over what, and what they say in the end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { after, describe, test } from 'node:test';
import { OddServer } from '../support/odd-replies.ts';
import { command, needs, repository } from '../support/programs.ts';

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Seconds of the program's clock. */
  seconds: number;
}

const SPEED = 100;

function fast(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
  input = '',
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const preload = `${repository}/dist/test/support/fast-clock.js`;
    const before = performance.now();
    const child = spawn(process.execPath, ['--import', preload, command(program), ...args], {
      env: { PATH: process.env['PATH'] ?? '', DNSREWRITEFILE: '/dev/null', ...env },
    });
    const outcome = { stdout: '', stderr: '' };
    child.stdout.setEncoding('latin1').on('data', (text) => (outcome.stdout += text));
    child.stderr.setEncoding('latin1').on('data', (text) => (outcome.stderr += text));
    child.stdin.on('error', () => {}).end(input);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, ...outcome, seconds: ((performance.now() - before) / 1000) * SPEED });
    });
  });
}

describe('the schedule of the built programs', { skip: needs('root') }, () => {
  const open: (Socket | Server)[] = [];
  after(() => {
    for (const server of open) server.close();
  });

  /** A UDP server that notes who asks from where, and says what `answer` returns. */
  async function listen(address: string, answer: (query: Buffer, nth: number) => Buffer | undefined) {
    const socket = createSocket('udp4');
    open.push(socket);
    const asked: { id: number; port: number; recursive: boolean }[] = [];
    socket.on('message', (query, { port, address: client }) => {
      asked.push({ id: query.readUInt16BE(0), port, recursive: (query[2]! & 1) === 1 });
      const reply = answer(query, asked.length);
      if (reply) socket.send(reply, port, client);
    });
    await new Promise<void>((resolve) => socket.bind(53, address, resolve));
    return asked;
  }

  const withFlags = (query: Buffer, flags: number): Buffer => {
    const reply = Buffer.from(query);
    reply.writeUInt16BE(flags, 2);
    return reply;
  };

  test('a silent server is asked four times by dnsq, with new IDs and ports, for 60 seconds', async () => {
    const asked = await listen('127.42.20.1', () => undefined);
    const { code, stdout, seconds } = await fast('dnsq', ['a', 'x.test', '127.42.20.1']);
    assert.equal(code, 0);
    assert.equal(stdout, '1 x.test:\ntimed out\n');
    assert.equal(asked.length, 4);
    assert.equal(new Set(asked.map(({ port }) => port)).size, 4);
    assert.ok(asked.every(({ port, recursive }) => port >= 1025 && !recursive));
    assert.ok(new Set(asked.map(({ id }) => id)).size >= 3);
    assert.ok(seconds >= 60, String(seconds));
  });

  test('two silent caches are asked three times each, with recursion', async () => {
    const first = await listen('127.42.20.2', () => undefined);
    const second = await listen('127.42.20.3', () => undefined);
    const { code, stderr } = await fast('dnsip', ['x.test'], { DNSCACHEIP: '127.42.20.2.127.42.20.3' });
    assert.equal(code, 111);
    assert.equal(stderr, 'dnsip: fatal: unable to find IP address for x.test: timed out\n');
    assert.deepEqual([first.length, second.length], [3, 3]);
    assert.ok([...first, ...second].every(({ recursive }) => recursive));
  });

  test('the third reply is as good as the first', async () => {
    const asked = await listen('127.42.20.4', (query, nth) => (nth < 3 ? undefined : withFlags(query, 0x8000)));
    const { stdout } = await fast('dnsq', ['a', 'x.test', '127.42.20.4']);
    assert.equal(stdout, '1 x.test:\n24 bytes, 1+0+0+0 records, response, noerror\nquery: 1 x.test\n');
    assert.equal(asked.length, 3);
  });

  test('datagrams that are no answer are passed over, and the answer after them is taken', async () => {
    const socket = createSocket('udp4');
    open.push(socket);
    socket.on('message', (query, { port, address }) => {
      const send = (reply: Buffer) => socket.send(reply, port, address);
      const other = withFlags(query, 0x8000);
      other[0]! ^= 255;
      send(other);
      send(query); // QR is not set
      send(Buffer.concat([withFlags(query, 0x8000), Buffer.alloc(600)]));
      send(Buffer.from('x'));
      send(withFlags(query, 0x8003));
    });
    await new Promise<void>((resolve) => socket.bind(53, '127.42.20.5', resolve));
    const { stdout } = await fast('dnsq', ['a', 'x.test', '127.42.20.5']);
    assert.match(stdout, /nxdomain/);
  });

  test('a refusing server is left at once for one that answers, and alone is reported in no time', async () => {
    await listen('127.42.20.6', (query) => withFlags(query, 0x8005));
    await listen('127.42.20.7', (query) => withFlags(query, 0x8400));
    const both = await fast('dnsq', ['a', 'x.test', '127.42.20.6.127.42.20.7']);
    assert.match(both.stdout, /authoritative, noerror/);
    const alone = await fast('dnsq', ['a', 'x.test', '127.42.20.6']);
    assert.equal(alone.stdout, '1 x.test:\ntemporary failure\n');
  });

  test('after truncation TCP goes first to the server that truncated, and its silence has an end', async () => {
    const order: string[] = [];
    await listen('127.42.20.8', (query) => withFlags(query, 0x8002));
    await listen('127.42.20.9', (query) => withFlags(query, 0x8200));
    for (const address of ['127.42.20.8', '127.42.20.9']) {
      const server = createServer((socket) => {
        order.push(address);
        socket.on('error', () => {});
        if (address.endsWith('8')) socket.end(); // the other one never says anything
      });
      open.push(server);
      await new Promise<void>((resolve) => server.listen(53, address, resolve));
    }
    const { stdout } = await fast('dnsq', ['a', 'x.test', '127.42.20.8.127.42.20.9']);
    assert.deepEqual(order, ['127.42.20.9', '127.42.20.8']);
    assert.equal(stdout, '1 x.test:\ninput/output error\n');
  });

  test('a server on another port is asked there, over UDP and TCP', async () => {
    const server = new OddServer();
    await server.open('127.42.20.10', 5353);
    try {
      const { stdout } = await fast('dnsip', ['one.test', 'tcp.test'], { DNSCACHEIP: '127.42.20.10:5353' });
      const [one, tcp] = stdout.split('\n') as [string, string];
      assert.equal(one, '10.0.0.1 ');
      assert.equal(tcp.trim().split(' ').length, 60);
      const { stdout: shown } = await fast('dnsq', ['a', 'one.test', '127.42.20.10:5353']);
      assert.match(shown, /answer: one\.test 300 A 10\.0\.0\.1\n$/);
    } finally {
      server.close();
    }
  });

  test('dnsfilter shares no socket trouble: a silent cache fails each line after 59 seconds', async () => {
    const asked = await listen('127.42.20.11', () => undefined);
    const env = { DNSCACHEIP: '127.42.20.11' };
    const { stdout } = await fast('dnsfilter', [], env, '10.0.0.1 a\n10.0.0.2 b\n10.0.0.1 c\nx\n');
    assert.equal(stdout, '10.0.0.1:timed-out a\n10.0.0.2:timed-out b\n10.0.0.1:timed-out c\nx\n');
    assert.equal(asked.length, 6); // the third line shares the first one's questions
  });

  test('dnstrace says that a reply took more than a second', async () => {
    const asked = await listen('127.42.20.12', (query, nth) => (nth < 2 ? undefined : withFlags(query, 0x8400)));
    const { stdout } = await fast('dnstrace', ['a', 'x.test', '127.42.20.12']);
    assert.match(stdout, /^1:x\.test:\.:127\.42\.20\.12:ALERT:took more than 1 second\n1:x.test:.*:NODATA$/m);
    assert.equal(asked.length, 2);
  });
});
