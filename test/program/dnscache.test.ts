// The built dnscache: how it starts and fails to, whom it answers, its TCP connections, its places.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { reply, ScriptedServer } from '../support/scripted.ts';

const skip = needs('root');
const CLIENT = '127.40.7.100';

function rootWith(server: string): string {
  const root = temporaryDirectory();
  for (const name of ['servers', 'ip']) mkdirSync(`${root}/${name}`);
  writeFileSync(`${root}/servers/@`, `${server}\n`);
  writeFileSync(`${root}/ip/${CLIENT}`, '');
  return root;
}

const complete = { IP: '127.40.7.1', ROOT: rootWith('127.40.7.9'), UID: '65534', GID: '65534' };
const sending = { ...complete, IPSEND: '127.40.7.1' };

/** Variables set, message. Each row has what the one before it lacked. */
const FAILURES: readonly [env: Record<string, string>, message: string][] = [
  [{}, '$IP not set'],
  [{ IP: ' 127.0.0.1' }, 'unable to parse IP address  127.0.0.1'],
  [{ IP: '192.0.2.1' }, 'unable to bind UDP socket: address not available'],
  [{ IP: '127.40.7.1' }, '$ROOT not set'],
  [{ IP: '127.40.7.1', ROOT: '/nowhere' }, 'unable to chdir to /nowhere: file does not exist'],
  [{ IP: '127.40.7.1', ROOT: complete.ROOT }, '$GID not set'],
  [{ IP: '127.40.7.1', ROOT: complete.ROOT, GID: 'staff' }, 'unable to parse $GID'],
  [{ IP: '127.40.7.1', ROOT: complete.ROOT, GID: '65534' }, '$UID not set'],
  [{ ...complete, UID: 'nobody' }, 'unable to parse $UID'],
  [complete, '$IPSEND not set'],
  [{ ...complete, IPSEND: 'x' }, 'unable to parse IP address x'],
  [sending, '$CACHESIZE not set'],
  [{ ...sending, CACHESIZE: 'x' }, 'unable to parse $CACHESIZE'],
  [{ ...sending, CACHESIZE: '1999' }, 'unable to parse $CACHESIZE'],
  [{ ...sending, CACHESIZE: '2000', QUERYTIME: '0' }, 'unable to parse $QUERYTIME'],
  [{ ...sending, CACHESIZE: '2000', ROOT: temporaryDirectory() }, 'unable to read servers: file does not exist'],
];

for (const [env, message] of FAILURES) {
  test(`it does not start: ${message}`, { skip }, () => {
    const { code, stderr } = run('dnscache', [], { env });
    assert.equal(stderr, `dnscache: fatal: ${message}\n`);
    assert.equal(code, 111);
  });
}

async function started(ip: string, server: string, env: Record<string, string> = {}): Promise<Running> {
  const all = { ...complete, ROOT: rootWith(server), IP: ip, IPSEND: ip, CACHESIZE: '100000', ...env };
  const running = start('dnscache', ['ignored'], { env: all });
  await running.logged(/^starting\n/);
  return running;
}

/** A question with ID 0x1234; parts of it may be given otherwise. */
function question(name: string, { flags = 0x0100, count = 1, type = 1, qclass = 1, id = 0x1234 } = {}): Buffer {
  const labels = name.split('.').map((label) => String.fromCharCode(label.length) + label);
  const head = Buffer.alloc(12);
  for (const [i, value] of [id, flags, count].entries()) head.writeUInt16BE(value, 2 * i);
  return Buffer.concat([
    head,
    Buffer.from(`${labels.join('')}\0`, 'latin1'),
    Buffer.from([type >> 8, type, qclass >> 8, qclass]),
  ]);
}

/**
 * Sends datagrams from `port` of `address`; gives the replies that come within `wait` ms, or until there are `enough`.
 */
async function datagrams(
  server: string,
  messages: readonly Uint8Array[],
  enough: number,
  wait = 300,
  address = CLIENT,
  port = 0,
): Promise<Buffer[]> {
  const socket = createSocket('udp4');
  const replies: Buffer[] = [];
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  const all = new Promise<void>((resolve) => {
    socket.on('message', (message) => {
      if (replies.push(message) >= enough) resolve();
    });
  });
  for (const message of messages) socket.send(message, 53, server);
  await Promise.race([all, sleep(wait)]);
  socket.close();
  return replies;
}

const running: Running[] = [];
const servers: ScriptedServer[] = [];
after(async () => {
  for (const server of servers) server.close();
  for (const each of running) await each.stop();
});

test('a second dnscache on the same address fails on TCP, the first one goes on', { skip }, async () => {
  const first = await started('127.40.7.2', '127.40.7.9');
  running.push(first);
  const { stderr } = run('dnscache', [], { env: { ...sending, IP: '127.40.7.2', CACHESIZE: '2000' } });
  assert.equal(stderr, 'dnscache: fatal: unable to bind TCP socket: address already used\n');
  assert.equal((await datagrams('127.40.7.2', [question('localhost')], 1, 5000)).length, 1);
});

const UNANSWERED: readonly [title: string, message: Uint8Array][] = [
  ['a response', question('localhost', { flags: 0x8100 })],
  ['no RD', question('localhost', { flags: 0 })],
  ['another opcode', question('localhost', { flags: 0x1100 })],
  ['TC', question('localhost', { flags: 0x0300 })],
  ['no question', question('localhost', { count: 0 })],
  ['two questions', question('localhost', { count: 2 })],
  ['class 3', question('localhost', { qclass: 3 })],
  ['eleven octets', question('localhost').subarray(0, 11)],
  ['no type', question('localhost').subarray(0, 23)],
  ['a bad label', question('localhost').fill(100, 12, 13)],
  ['1024 octets', Buffer.concat([question('localhost'), Buffer.alloc(1000)], 1024)],
];

test('what is no acceptable question gets no reply and no line in the log', { skip }, async () => {
  const server = await started('127.40.7.3', '127.40.7.9');
  running.push(server);
  for (const [title, message] of UNANSWERED) {
    assert.equal((await datagrams('127.40.7.3', [message], 1, 30)).length, 0, title);
  }
  assert.equal(server.log(), 'starting\n');
  const odd = question('LOCALHOST', { flags: 0x05b5, qclass: 255 });
  const [answer] = await datagrams('127.40.7.3', [Buffer.concat([odd, Buffer.alloc(900)])], 1, 5000);
  assert.equal(
    answer!.toString('hex'),
    `12348180000100010000 0000094c4f43414c484f5354000001 00ffc00c00010001000a000000047f000001`.replaceAll(' ', ''),
  );
  await server.logged(/^starting\nquery 1 7f280764:[0-9a-f]{4}:1234 1 localhost\.\nsent 1 43\n$/);
});

test('strangers and ports below 1024 other than 53 are not answered; a file in ip/ lets one in at once', {
  skip,
}, async () => {
  const root = rootWith('127.40.7.9');
  running.push(await started('127.40.7.4', '127.40.7.9', { ROOT: root }));
  const ask = async (wait: number, address: string, port = 0) =>
    (await datagrams('127.40.7.4', [question('localhost')], 1, wait, address, port)).length;
  assert.equal(await ask(50, CLIENT, 1023), 0);
  assert.equal(await ask(5000, CLIENT, 53), 1);
  assert.equal(await ask(5000, CLIENT, 1024), 1);
  assert.equal(await ask(50, '127.40.7.101'), 0);
  writeFileSync(`${root}/ip/127.40.7.101`, '');
  assert.equal(await ask(5000, '127.40.7.101'), 1);
});

/** Writes to a connection, piece by piece; resolves with what came until it was closed, or `enough` octets. */
function overTcp(
  server: string,
  pieces: readonly Uint8Array[],
  options: { end?: boolean; enough?: number } = {},
): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port: 53, localAddress: CLIENT, allowHalfOpen: true });
    let all = Buffer.alloc(0);
    for (const piece of pieces) socket.write(piece);
    if (options.end) socket.end();
    socket.on('data', (data) => {
      all = Buffer.concat([all, data]);
      if (all.length >= (options.enough ?? Infinity)) socket.destroy();
    });
    socket.on('end', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(all));
  });
}

function framed(message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
}

test('a TCP connection: questions one after the other, and why it is closed', { skip }, async () => {
  const ip = '127.40.7.5';
  const server = await started(ip, '127.40.7.9');
  running.push(server);
  const two = Buffer.concat([framed(question('localhost', { id: 1 })), framed(question('1.2.3.4', { id: 2 }))]);
  const replies = await overTcp(ip, [two.subarray(0, 1), two.subarray(1, 30), two.subarray(30)], { enough: 45 + 43 });
  assert.deepEqual([replies.readUInt16BE(2), replies.readUInt16BE(45 + 2)], [1, 2]);
  assert.equal((await overTcp(ip, [framed(question('localhost'))], { end: true })).length, 45);
  assert.equal((await overTcp(ip, [Uint8Array.of(0, 0)])).length, 0);
  assert.equal((await overTcp(ip, [framed(question('localhost', { flags: 0 }))])).length, 0);
  assert.equal((await overTcp(ip, [framed(question('localhost', { type: 252 }))])).length, 0);
  await server.logged(/permission denied\ntcpclose [0-9a-f:]+ broken pipe\n/);
  const lines = server
    .log()
    .replaceAll(/7f280764:[0-9a-f]{4}/g, 'C')
    .split('\n');
  assert.deepEqual(
    lines.filter((line) => /^(tcp|drop)/.test(line)),
    [
      'tcpopen C',
      'tcpclose C broken pipe',
      'tcpopen C',
      'tcpclose C broken pipe',
      'tcpopen C',
      'tcpclose C protocol error',
      'tcpopen C',
      'tcpclose C protocol error',
      'tcpopen C',
      'drop 4 permission denied',
      'tcpclose C broken pipe',
    ],
  );
});

test('the twenty-first connection takes the place of the first; after ten idle seconds one is closed', {
  skip,
}, async () => {
  const ip = '127.40.7.6';
  const server = await started(ip, '127.40.7.9');
  running.push(server);
  const first = overTcp(ip, []);
  await server.logged(/tcpopen/);
  const others = Array.from({ length: 20 }, () => overTcp(ip, []));
  await first;
  await server.logged(/tcpclose [0-9a-f:]+ timed out\n/);
  assert.equal(server.log().match(/tcpclose/g)!.length, 1);
  const began = performance.now();
  await Promise.all(others);
  assert.ok(performance.now() - began > 8000);
  await server.logged(/(tcpclose [0-9a-f:]+ temporary failure\n){20}/);
});

test('the two hundred and first question to silent servers takes the place of the first; cached ones of nobody', {
  skip,
}, async () => {
  const ip = '127.40.7.7';
  const silent = await new ScriptedServer('127.40.7.8', (query, send) => {
    if (query.name === 'known') send(reply(query, { answer: ['known 60 A 192.0.2.1'] }));
  }).listen();
  servers.push(silent);
  const server = await started(ip, '127.40.7.8');
  running.push(server);
  assert.equal((await datagrams(ip, [question('known')], 1, 5000)).length, 1);
  const batch = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => question(`n${from + i}`));
  await datagrams(ip, batch(0, 200), 1, 300);
  assert.equal((await datagrams(ip, [question('known')], 1, 5000)).length, 1);
  assert.equal((await datagrams(ip, [question('localhost', { flags: 0 })], 1, 100)).length, 0);
  assert.doesNotMatch(server.log(), /drop/);
  await datagrams(ip, [question('one-more')], 1, 100);
  await server.logged(/^drop 2 timed out$/m);
  assert.equal(server.log().match(/^drop/gm)!.length, 1);
});

test('clients whose questions were merged each get their own reply', { skip }, async () => {
  const ip = '127.40.7.14';
  const slow = await new ScriptedServer('127.40.7.15', (query, send) => {
    setTimeout(() => send(reply(query, { answer: ['merged.test 60 A 192.0.2.1'] })), 200);
  }).listen();
  servers.push(slow);
  const server = await started(ip, '127.40.7.15');
  running.push(server);
  const names = ['merged.test', 'MERGED.test', 'merged.TEST', 'Merged.Test', 'mErGeD.tEsT'];
  const questions = names.map((name, i) => question(name, { id: 1000 + i }));
  const tcp = overTcp(ip, [framed(question('merged.tesT', { id: 2000 }))], { enough: 47 });
  const replies = await datagrams(ip, questions, 5, 5000);
  const got = replies.map(
    (message) => `${message.readUInt16BE(0)} ${message.toString('latin1', 13, 24)} ${message.length}`,
  );
  const expected = names.map((name, i) => `${1000 + i} ${name.replace('.', '\x04')} 45`);
  assert.deepEqual(got.sort(), expected.sort());
  assert.equal((await tcp).readUInt16BE(2), 2000);
  assert.equal(slow.queries, 1);
  assert.equal(server.log().match(/^merge 7f28070f 1 merged\.test\.$/gm)!.length, 5);
});

test('a truncated reply says so, keeps its counts and has nothing but the question', { skip }, async () => {
  const ip = '127.40.7.10';
  const answer = Array.from({ length: 40 }, (_, i) => `many 60 A 192.0.2.${i}`);
  const server = await new ScriptedServer('127.40.7.11', (query, send) => send(reply(query, { answer }))).listen();
  servers.push(server);
  running.push(await started(ip, '127.40.7.11'));
  const [truncated] = await datagrams(ip, [question('many')], 1, 5000);
  assert.equal(truncated!.toString('hex'), '123483800001002800000000046d616e790000010001');
  assert.equal((await overTcp(ip, [framed(question('many'))], { enough: 2 + 22 + 40 * 16 })).length, 2 + 22 + 40 * 16);
});

test('a client over TCP that goes away while its question is under way ends nothing', { skip }, async () => {
  const ip = '127.40.7.12';
  const slow = await new ScriptedServer('127.40.7.13', (query, send) => {
    setTimeout(() => send(reply(query, { answer: [`${query.name} 60 A 192.0.2.1`] })), 200);
  }).listen();
  servers.push(slow);
  const server = await started(ip, '127.40.7.13');
  running.push(server);
  for (let i = 0; i < 5; i++) {
    const socket = connect({ host: ip, port: 53, localAddress: CLIENT });
    socket.on('error', () => {});
    socket.write(framed(question(`gone${i}`)), () => setTimeout(() => socket.resetAndDestroy(), 50));
  }
  await sleep(500);
  assert.equal((await datagrams(ip, [question('here')], 1, 5000)).length, 1);
});

test('after $QUERYTIME a client is told that nobody answers; the question goes on and fills the cache', {
  skip,
}, async () => {
  const ip = '127.40.7.20';
  let isSilent = true;
  const late = await new ScriptedServer('127.40.7.21', (query, send) => {
    if (!isSilent) send(reply(query, { answer: [`${query.name} 60 A 192.0.2.7`] }));
  }).listen();
  servers.push(late);
  const server = await started(ip, '127.40.7.21', { QUERYTIME: '1' });
  running.push(server);
  const began = Date.now();
  const tcp = overTcp(ip, [framed(question('late.tcp', { id: 0x2222 }))], { enough: 2 + 26 });
  const [udp] = await datagrams(ip, [question('late.udp')], 1, 10_000);
  assert.equal(udp!.readUInt16BE(2), 0x8182);
  assert.equal((await tcp).readUInt16BE(4), 0x8182);
  assert.ok(Date.now() - began >= 900);
  isSilent = false;
  // Each is asked again within fifteen seconds of the beginning, and then needs nobody.
  for (const name of ['udp', 'tcp'])
    await server.logged(new RegExp(`^rr 7f280715 60 1 late\\.${name}\\. c0000207$`, 'm'));
  isSilent = true;
  for (const name of ['late.udp', 'late.tcp']) {
    const [again] = await datagrams(ip, [question(name)], 1, 10_000);
    assert.equal(again!.readUInt16BE(6), 1);
  }
  assert.equal(server.log().match(/^sent /gm)?.length, 4);
});

test('with $LOGREFUSED a client that may not ask is a line, one a minute at most', { skip }, async () => {
  const ip = '127.40.7.22';
  const server = await started(ip, '127.40.7.9', { LOGREFUSED: '' });
  running.push(server);
  await datagrams(ip, Array(5).fill(question('localhost')), 1, 300, '127.40.7.101');
  assert.equal((await datagrams(ip, [question('localhost')], 1, 5000)).length, 1);
  assert.equal(server.log().match(/^refused 7f280765:[0-9a-f]{4}$/gm)?.length, 1);
});

test('servers/@ without a usable address ends it at once', { skip }, () => {
  for (const text of ['', '0.0.0.0\n', '# 1.2.3.4\n']) {
    const env = { ...sending, IP: '127.40.7.23', CACHESIZE: '10000', ROOT: rootWith(text) };
    const { code, stderr } = run('dnscache', [], { env });
    assert.equal(stderr, 'dnscache: fatal: unable to read servers/@: no address of a server\n');
    assert.equal(code, 111);
  }
});

/** An OPT record: payload, version, flags, options. */
function opt(payload: number, version = 0, flags = 0, options = ''): Buffer {
  const head = Buffer.from('0000290000000000000000', 'hex');
  head.writeUInt16BE(payload, 3);
  head[6] = version;
  head.writeUInt16BE(flags, 7);
  head.writeUInt16BE(options.length / 2, 9);
  return Buffer.concat([head, Buffer.from(options, 'hex')]);
}

function withOpt(name: string, ...records: Buffer[]): Buffer {
  const message = Buffer.concat([question(name), ...records]);
  message.writeUInt16BE(records.length, 10);
  return message;
}

const OUR_OPT = '00002904d0000000000000';

/**
 * What a question for localhost with these OPT records gets: flags, counts of answer and additional, the last octets.
 */
const EDNS_ROWS: readonly [title: string, records: Buffer[], flags: number, answers: number, end: string][] = [
  ['OPT', [opt(4096)], 0x8180, 1, OUR_OPT],
  ['DO', [opt(4096, 0, 0x8000)], 0x8180, 1, '00002904d0000080000000'],
  ['an unknown flag', [opt(4096, 0, 0x0040)], 0x8180, 1, OUR_OPT],
  ['an unknown option', [opt(4096, 0, 0, '00640000')], 0x8180, 1, OUR_OPT],
  ['version 1', [opt(4096, 1)], 0x8100, 0, '00002904d0010000000000'],
  ['two OPT records', [opt(4096), opt(4096)], 0x8101, 0, OUR_OPT],
  ['a broken option', [opt(4096, 0, 0, '000a0008')], 0x8101, 0, OUR_OPT],
  ['600 octets of padding', [opt(4096, 0, 0, `000c0254${'00'.repeat(0x254)}`)], 0x8180, 1, OUR_OPT],
  ['1200 octets in all', [opt(4096, 0, 0, `000c0480${'00'.repeat(0x480)}`)], 0x8180, 1, OUR_OPT],
];

test('a question with an OPT record gets a response with one, over UDP and TCP', { skip }, async () => {
  const ip = '127.40.7.24';
  running.push(await started(ip, '127.40.7.9'));
  for (const [title, records, flags, answers, end] of EDNS_ROWS) {
    const message = withOpt('localhost', ...records);
    const [udp] = await datagrams(ip, [message], 1, 5000);
    const tcp = (await overTcp(ip, [framed(message)], { enough: udp!.length + 2 })).subarray(2);
    for (const response of [udp!, tcp]) {
      assert.deepEqual(
        [
          response.readUInt16BE(2),
          response.readUInt16BE(6),
          response.readUInt16BE(10),
          response.toString('hex').slice(-22),
        ],
        [flags, answers, 1, end],
        title,
      );
    }
  }
  const plain = await started('127.40.7.25', '127.40.7.9', { UDPSIZE: '0' });
  running.push(plain);
  const [without] = await datagrams('127.40.7.25', [withOpt('localhost', opt(4096))], 1, 5000);
  assert.deepEqual([without!.readUInt16BE(6), without!.readUInt16BE(10)], [1, 0]);
});

test('responses are as long as the client and $UDPSIZE say, and waited for; truncated ones count what they have', {
  skip,
}, async () => {
  const ip = '127.40.7.26';
  const many = await new ScriptedServer('127.40.7.27', (query, send) =>
    send(reply(query, { answer: Array.from({ length: 50 }, (_, i) => `${query.name} 60 A 192.0.2.${i}`) })),
  ).listen();
  servers.push(many);
  running.push(await started(ip, '127.40.7.27', { EDNS: '1232', COOKIESECRET: 'e5e973e5a6b2a43f48e7dc849e37bfcf' }));
  for (const round of [1, 2]) {
    const [long] = await datagrams(ip, [withOpt('many', opt(1232))], 1, 5000);
    assert.deepEqual(
      [long!.readUInt16BE(2), long!.readUInt16BE(6), long!.length],
      [0x8180, 50, 22 + 50 * 16 + 11],
      `${round}`,
    );
    const [short] = await datagrams(ip, [withOpt('many', opt(700))], 1, 5000);
    assert.deepEqual(
      [short!.readUInt16BE(2), short!.toString('hex', 4, 12), short!.length],
      [0x8380, '0001000000000001', 22 + 11],
    );
    const [old] = await datagrams(ip, [question('many')], 1, 5000);
    assert.deepEqual([old!.readUInt16BE(2), old!.length], [0x8380, 22]);
  }
  const [cookie] = await datagrams(ip, [withOpt('fresh', opt(1232, 0, 0, '000a00082464c4abcf10c957'))], 1, 5000);
  assert.equal(cookie!.toString('hex').slice(-56, -32), '000a00182464c4abcf10c957');
});
