import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import dnsPacket from 'dns-packet';
import { command, needs, run, temporaryDirectory } from '../support/programs.ts';

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function notify(args: readonly string[], cwd = temporaryDirectory()): Promise<Ended> {
  const child = spawn(command('tinydns-notify'), args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const result: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (result.stdout += part.toString('latin1')));
  child.stderr.on('data', (part: Buffer) => (result.stderr += part.toString('latin1')));
  [result.code] = (await once(child, 'close')) as [number | null];
  return result;
}

type Answer = (message: Buffer, count: number) => Buffer | undefined;

/** A secondary on port 5300 of `ip` that answers as told, and keeps what it got. */
async function secondary(ip: string, answer: Answer, port = 5300) {
  const got: { message: Buffer; from: string; port: number }[] = [];
  const socket: Socket = createSocket('udp4');
  socket.on('message', (message, peer) => {
    got.push({ message, from: peer.address, port: peer.port });
    const reply = answer(message, got.length);
    if (reply) socket.send(reply, peer.port, peer.address);
  });
  socket.bind(port, ip);
  await once(socket, 'listening');
  return { got, close: () => socket.close() };
}

/** The reply with this rcode: QR set, the rest as it came. */
const withRcode = (rcode: number) => (message: Buffer) => {
  const reply = Buffer.from(message);
  reply[2]! |= 0x80;
  reply[3] = rcode;
  return reply;
};

test('the message is a NOTIFY for the zone as RFC 1996 has it, from where it was told to be', async () => {
  const server = await secondary('127.43.6.1', withRcode(0));
  const outcome = await notify(['-s', '127.43.6.2:5301', 'Zone.test', '127.43.6.1:5300']);
  server.close();
  assert.deepEqual(outcome, { code: 0, stdout: '127.43.6.1:5300 acknowledged\n', stderr: '' });
  const [{ message, from, port }] = server.got as [(typeof server.got)[0]];
  assert.deepEqual([server.got.length, from, port], [1, '127.43.6.2', 5301]);
  assert.equal(message.readUInt16BE(2), 0x2400);
  const packet = dnsPacket.decode(message);
  assert.deepEqual(packet.questions, [{ name: 'Zone.test', type: 'SOA', class: 'IN' }]);
  assert.equal(message.length, 12 + 11 + 4);
});

test('it is sent again while nobody answers; what answers something else is not believed', async () => {
  const silent = await secondary('127.43.6.3', (message, count) => {
    if (count < 2) return undefined;
    if (count === 2) {
      const other = withRcode(0)(message);
      other[0] = other[0]! ^ 1;
      return other;
    }
    return count === 3 ? withRcode(0)(message) : undefined;
  });
  const query = await secondary('127.43.6.4', (message, count) => (count === 1 ? message : withRcode(0)(message)));
  const outcome = await notify(['zone.test', '127.43.6.3:5300', '127.43.6.4:5300']);
  for (const server of [silent, query]) server.close();
  const told = '127.43.6.4:5300 acknowledged\n127.43.6.3:5300 acknowledged\n';
  assert.deepEqual(outcome, { code: 0, stdout: told, stderr: '' });
  assert.equal(silent.got.length, 3);
  assert.deepEqual(silent.got[0]!.message, silent.got[1]!.message);
});

test('each server that does not acknowledge is named with the reason, and the exit code is 111', async () => {
  const refusing = await secondary('127.43.6.5', withRcode(5));
  const foreign = await secondary('127.43.6.6', withRcode(9));
  const good = await secondary('127.43.6.7', withRcode(0));
  const servers = ['127.43.6.5:5300', '127.43.6.6:5300', '127.43.6.7:5300', '127.43.6.8:5300'];
  const outcome = await notify(['zone.test', ...servers]);
  for (const server of [refusing, foreign, good]) server.close();
  assert.deepEqual(outcome.stdout.trimEnd().split('\n').sort(), [
    '127.43.6.5:5300 refused',
    '127.43.6.6:5300 not authoritative',
    '127.43.6.7:5300 acknowledged',
    '127.43.6.8:5300 connection refused',
  ]);
  assert.deepEqual([outcome.code, outcome.stderr], [111, 'tinydns-notify: fatal: 3 of 4 did not acknowledge\n']);
});

test('a server that stays silent is given up after half a minute', async () => {
  const silent = await secondary('127.43.6.9', () => undefined);
  const begun = performance.now();
  const outcome = await notify(['zone.test', '127.43.6.9:5300']);
  silent.close();
  assert.deepEqual([outcome.code, outcome.stdout], [111, '127.43.6.9:5300 timed out\n']);
  assert.equal(silent.got.length, 5);
  assert.ok(performance.now() - begun > 29000);
});

describe('without servers in the arguments', () => {
  const directory = temporaryDirectory();
  const data = [
    'Zzone.test:a.ns.zone.test.:hostmaster.zone.test.',
    '&zone.test:127.43.6.20:a.ns.zone.test',
    '&zone.test:127.43.6.21:b.ns.zone.test',
    '&zone.test:127.43.6.22:c.ns.zone.test',
    '.alone.test:127.43.6.23:a',
  ];
  writeFileSync(`${directory}/data`, `${data.join('\n')}\n`);
  run('tinydns-data', [], { cwd: directory });

  test('those in data.cdb are told, but for the primary', { skip: needs('root') }, async () => {
    const servers = [
      await secondary('127.43.6.20', withRcode(0), 53),
      await secondary('127.43.6.21', withRcode(0), 53),
      await secondary('127.43.6.22', withRcode(0), 53),
    ];
    const outcome = await notify(['zone.test'], directory);
    for (const server of servers) server.close();
    assert.deepEqual(outcome.stdout.trimEnd().split('\n').sort(), [
      'b.ns.zone.test 127.43.6.21 acknowledged',
      'c.ns.zone.test 127.43.6.22 acknowledged',
    ]);
    assert.deepEqual([outcome.code, outcome.stderr], [0, '']);
    assert.deepEqual(
      servers.map(({ got }) => got.length),
      [0, 1, 1],
    );
  });

  test('a zone that is not there, or has no other servers, is an error', async () => {
    const cases: readonly (readonly [args: readonly string[], cwd: string, code: number, stderr: string])[] = [
      [[], directory, 100, 'usage: tinydns-notify zone [server ...] | -'],
      [['x.test'], directory, 111, 'fatal: unable to locate information in data.cdb'],
      [['alone.test'], directory, 111, 'fatal: alone.test has no name servers but the primary'],
      [['zone.test'], temporaryDirectory(), 111, 'fatal: unable to read data.cdb: file does not exist'],
      [['x'.repeat(64), '127.43.6.1'], directory, 111, `fatal: unable to parse zone ${'x'.repeat(64)}`],
      [['-s', 'nonsense', 'zone.test', '127.43.6.1'], directory, 111, 'fatal: unable to parse IP address nonsense'],
    ];
    for (const [args, cwd, code, stderr] of cases) {
      assert.deepEqual(await notify(args, cwd), { code, stdout: '', stderr: `tinydns-notify: ${stderr}\n` });
    }
  });
});
