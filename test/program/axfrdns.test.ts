// axfrdns with clients of every kind of badness: the stated message and exit code, and with --listen nobody else
// notices.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { descriptors, peakResidentBytes } from '../support/process.ts';
import { needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { axfrdns, framedQuery, messagesIn, recordsIn, zoneData } from '../support/transfer.ts';

const ZONE = 'tcp.test';
const PORT = 5300;
const root = zoneFolder(200);

function zoneFolder(records: number): string {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/data`, zoneData(ZONE, records, 7));
  assert.equal(run('tinydns-data', [], { cwd: directory }).code, 0);
  return directory;
}

function rules(directory: string, text: string): void {
  const outcome = run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: directory, input: Buffer.from(text) });
  assert.deepEqual([outcome.stderr, outcome.code], ['', 0]);
}

const QUERY = framedQuery(`host1.${ZONE}`, 'A');
const AXFR = framedQuery(ZONE, 'AXFR');
const header = (flags: number, questions: number) => [0, 1, flags >> 8, flags & 255, 0, questions, 0, 0, 0, 0, 0, 0];
const framed = (...octets: number[]) => Buffer.from([octets.length >> 8, octets.length & 255, ...octets]);

test('a request that is none ends the process with the stated words', () => {
  const cases: readonly (readonly [input: Buffer, failure: string])[] = [
    [Buffer.from([2, 1]), 'excessively large request'],
    [framed(), 'truncated request'],
    [framed(1, 2, 3), 'truncated request'],
    [framed(...header(0x8000, 1), 0, 0, 1, 0, 1), 'bogus query'],
    [framed(...header(0x2000, 1), 0, 0, 1, 0, 1), 'bogus query'],
    [framed(...header(0x0400, 1), 0, 0, 1, 0, 1), 'bogus query'],
    [framed(...header(0x0200, 1), 0, 0, 1, 0, 1), 'bogus query'],
    [framed(...header(0, 0), 0, 0, 1, 0, 1), 'bogus query'],
    [framed(...header(0, 2), 0, 0, 1, 0, 1), 'bogus query'],
    [framed(...header(0, 1), 0, 0, 1, 0), 'truncated request'],
    [framed(...header(0, 1), 64, 0, 0, 1, 0, 1), 'truncated request'],
    [framed(...header(0, 1), 0xc0, 12, 0, 1, 0, 1), 'truncated request'],
    [framed(...header(0, 1), 0, 0, 1, 0, 3), 'bogus query: bad class'],
  ];
  for (const [input, failure] of cases) {
    const { code, stderr, stdout } = axfrdns(root, input);
    assert.deepEqual([code, stderr, stdout.length], [111, `axfrdns: fatal: ${failure}\n`, 0], input.toString('hex'));
  }
});

test('the end of input is the end of work, wherever it comes', () => {
  const whole = Buffer.concat([QUERY, AXFR, QUERY]);
  for (const length of [0, 1, 2, 20, QUERY.length, QUERY.length + 1]) {
    const { code, stdout } = axfrdns(root, whole.subarray(0, length));
    assert.deepEqual([code, messagesIn(stdout).length], [0, length >= QUERY.length ? 1 : 0], `${length} octets`);
  }
  const { code, stdout } = axfrdns(root, whole);
  assert.equal(code, 0);
  assert.equal(recordsIn(stdout).length, 3 + recordsIn(axfrdns(root, AXFR).stdout).length - 1);
});

test('only the first message of a transfer has the question, and only the ends are the SOA', () => {
  const messages = messagesIn(axfrdns(root, AXFR).stdout);
  assert.deepEqual(messages.map((message) => message.readUInt16BE(4)).slice(0, 3), [1, 0, 0]);
  for (const message of messages) {
    assert.equal(message.readUInt16BE(0), 0x1234);
    assert.equal(message.readUInt16BE(2), 0x8400);
    assert.equal(message.readUInt32BE(6), 0x00010000);
  }
  const records = recordsIn(axfrdns(root, AXFR).stdout);
  const soas = records.flatMap((record, i) => (record.includes(' SOA ') ? [i] : []));
  assert.deepEqual(soas, [0, records.length - 1]);
});

test('the access list allows what it names, ignoring case, and nothing else', () => {
  const cases: readonly (readonly [list: string, failure: string])[] = [
    ['tcp.test', ''],
    ['other.test/TCP.TEST.', ''],
    ['//tcp.test', ''],
    ['', 'disallowed zone transfer request'],
    ['/', 'disallowed zone transfer request'],
    ['.', 'disallowed zone transfer request'],
    ['test/x.tcp.test/tcp.tes', 'disallowed zone transfer request'],
    [' tcp.test', 'disallowed zone transfer request'],
    [`tcp.test/${'x'.repeat(64)}`, ''],
    [`${'x'.repeat(64)}/tcp.test`, 'out of memory'],
  ];
  for (const [AXFR_LIST, failure] of cases) {
    const { code, stderr } = axfrdns(root, AXFR, { AXFR: AXFR_LIST });
    const line = '00000000:0000:1234 00fc tcp.test\n';
    const want = failure === '' ? [0, line] : [111, `${line}axfrdns: fatal: ${failure}\n`];
    assert.deepEqual([code, stderr], want, AXFR_LIST);
  }
});

test('data.cdb that is missing, a directory, empty, cut off or noise is reported, never a crash', () => {
  const directory = temporaryDirectory();
  const cases: readonly (readonly [prepare: string, failure: string])[] = [
    [':', 'unable to read data.cdb: file does not exist'],
    ['mkdir data.cdb', 'unable to read data.cdb: is a directory'],
    [': > data.cdb', 'unable to read data.cdb: protocol error'],
    [`head -c 3000 ${root}/data.cdb > data.cdb`, 'unable to read data.cdb: protocol error'],
    ['yes | head -c 5000 > data.cdb', 'unable to read data.cdb: protocol error'],
  ];
  for (const [prepare, failure] of cases) {
    run('/bin/sh', ['-c', `rm -rf data.cdb; ${prepare}`], { cwd: directory });
    const { code, stderr } = axfrdns(directory, AXFR);
    assert.deepEqual([code, stderr.split('\n')[1]], [111, `axfrdns: fatal: ${failure}`], prepare);
  }
});

test('under tcpserver a question that data.cdb cannot answer says why first', () => {
  const directory = temporaryDirectory();
  for (const [prepare, warning] of [
    [':', 'unable to read data.cdb: file does not exist'],
    ['yes | head -c 5000 > data.cdb', 'data.cdb is corrupt'],
  ]) {
    run('/bin/sh', ['-c', prepare!], { cwd: directory });
    const { code, stderr } = axfrdns(directory, QUERY);
    const lines = [`axfrdns: warning: ${warning}`, 'axfrdns: fatal: unable to locate information in data.cdb', ''];
    assert.deepEqual([code, stderr.split('\n').slice(1)], [111, lines]);
  }
});

/** A client of --listen: collects what it gets. */
class Client {
  readonly socket: Socket;
  private readonly parts: Buffer[] = [];

  constructor(ip: string, localAddress = '127.43.3.99') {
    this.socket = connect({ host: ip, port: PORT, localAddress, allowHalfOpen: true });
    this.socket.on('error', () => {});
    this.socket.on('data', (part) => this.parts.push(part));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  async messages(count: number): Promise<Buffer[]> {
    for (let i = 0; i < 250; i++) {
      const { bytes } = this;
      if (bytes.length > 2 && this.complete(bytes) >= count) return messagesIn(bytes);
      await sleep(20);
    }
    throw new Error(`not ${count} messages: ${this.bytes.length} octets`);
  }

  private complete(bytes: Buffer): number {
    let count = 0;
    for (let at = 0; at + 2 <= bytes.length; at += 2 + bytes.readUInt16BE(at)) {
      if (at + 2 + bytes.readUInt16BE(at) <= bytes.length) count++;
    }
    return count;
  }

  async closed(): Promise<void> {
    if (!this.socket.readableEnded && !this.socket.destroyed) {
      await new Promise((resolve) => this.socket.once('end', resolve).once('close', resolve));
    }
    this.socket.destroy();
  }
}

test('--listen says at the start that data.cdb is missing, and later that it is corrupt', async () => {
  const directory = temporaryDirectory();
  rules(directory, ':allow\n');
  const env = { ROOT: directory, UNPRIVILEGED: '1', IP: '127.43.3.4', PORT: String(PORT) };
  const server = start('axfrdns', ['--listen'], { cwd: directory, env });
  const missing = 'axfrdns: warning: unable to read data.cdb: file does not exist';
  await server.logged(new RegExp(`^starting axfrdns\n${missing}\n`));
  writeFileSync(`${directory}/noise`, Buffer.alloc(4000, 'x'));
  renameSync(`${directory}/noise`, `${directory}/data.cdb`);
  const client = new Client('127.43.3.4');
  client.socket.write(QUERY);
  await client.closed();
  await server.logged(
    /axfrdns: warning: data\.cdb is corrupt\naxfrdns: fatal: unable to locate information in data\.cdb\n/,
  );
  await server.stop();
});

describe('axfrdns --listen', () => {
  const ip = '127.43.3.1';
  const directory = temporaryDirectory(); // the service directory; data.cdb is in root
  let server: Running;

  before(async () => {
    rules(directory, `127.43.3.66:deny\n127.43.3.7:allow,AXFR="other.test"\n:allow,AXFR="${ZONE}"\n`);
    const env = { ROOT: root, UNPRIVILEGED: '1', IP: ip, PORT: String(PORT) };
    server = start('axfrdns', ['--listen', '-c', '3'], { cwd: directory, env });
    await server.logged(/starting axfrdns/);
  });
  after(() => server.stop());

  async function answers(localAddress?: string): Promise<void> {
    const client = new Client(ip, localAddress);
    client.socket.write(QUERY);
    assert.equal((await client.messages(1)).length, 1);
    client.socket.end();
    await client.closed();
  }

  test('serves many requests on one connection, cut anywhere', async () => {
    const client = new Client(ip);
    const input = Buffer.concat([QUERY, AXFR, QUERY]);
    client.socket.setNoDelay(true);
    for (let at = 0; at < input.length; at += 7) {
      client.socket.write(input.subarray(at, at + 7));
      await sleep(2);
    }
    client.socket.end();
    await client.closed();
    assert.deepEqual(recordsIn(client.bytes), recordsIn(axfrdns(root, input).stdout));
  });

  test('logs each connection as tcpserver does, and what went wrong on it', async () => {
    const client = new Client(ip);
    await once(client.socket, 'connect');
    const { localPort } = client.socket;
    client.socket.write(Buffer.from([9, 9]));
    await client.closed();
    const ok = new RegExp(`axfrdns: ok (\\d+) 0:127\\.43\\.3\\.1:5300 :127\\.43\\.3\\.99::${localPort}\n`);
    await server.logged(ok);
    const number = ok.exec(server.log())![1];
    await server.logged(
      new RegExp(
        `axfrdns: fatal: excessively large request\naxfrdns: end ${number} status 28416\naxfrdns: status: 0/3\n`,
      ),
    );
  });

  test('denies whom the rules deny, and limits transfers to what they allow', async () => {
    const denied = new Client(ip, '127.43.3.66');
    denied.socket.write(QUERY);
    await denied.closed();
    assert.equal(denied.bytes.length, 0);
    await server.logged(/axfrdns: deny \d+ 0:127\.43\.3\.1:5300 :127\.43\.3\.66::\d+\naxfrdns: end \d+ status 25600\n/);
    const limited = new Client(ip, '127.43.3.7');
    limited.socket.write(AXFR);
    await limited.closed();
    assert.equal(limited.bytes.length, 0);
    await server.logged(/7f2b0307:[0-9a-f]{4}:1234 00fc tcp\.test\naxfrdns: fatal: disallowed zone transfer request\n/);
    await answers('127.43.3.7');
  });

  test('reads the rules again when they are replaced, and lets nobody in when they are gone', async () => {
    await answers('127.43.3.5');
    rules(directory, '127.43.3.5:deny\n');
    const denied = new Client(ip, '127.43.3.5');
    await denied.closed();
    assert.equal(denied.bytes.length, 0);
    renameSync(`${directory}/tcp.cdb`, `${directory}/elsewhere`);
    const dropped = new Client(ip, '127.43.3.6');
    dropped.socket.write(QUERY);
    await dropped.closed();
    assert.equal(dropped.bytes.length, 0);
    await server.logged(/axfrdns: warning: dropping connection, unable to read tcp\.cdb: file does not exist\n/);
    renameSync(`${directory}/elsewhere`, `${directory}/tcp.cdb`);
    rules(directory, `:allow,AXFR="${ZONE}"\n`);
    await answers('127.43.3.5');
  });

  test('serves as many connections as -c says; others wait their turn', async () => {
    const held = [new Client(ip), new Client(ip), new Client(ip)];
    for (const client of held) client.socket.write(QUERY);
    for (const client of held) await client.messages(1);
    await server.logged(/status: 3\/3\n/);
    const late = new Client(ip);
    late.socket.write(QUERY);
    await sleep(200);
    assert.equal(late.bytes.length, 0);
    const gone = [new Client(ip), new Client(ip)]; // who has left when the turn comes must not keep up who is behind
    const last = new Client(ip);
    last.socket.write(QUERY);
    await sleep(100);
    for (const client of gone) client.socket.resetAndDestroy();
    held[0]!.socket.end();
    await late.messages(1);
    late.socket.end();
    await last.messages(1);
    last.socket.destroy();
    for (const client of [...held, late]) client.socket.destroy();
  });

  test('goes on after garbage, resets and clients that leave in the middle of a transfer', async () => {
    for (let i = 0; i < 60; i++) {
      const client = new Client(ip);
      await once(client.socket, 'connect');
      const garbage = Buffer.from(Array.from({ length: 40 }, (_, j) => (i * 37 + j * j * 11) & 255));
      if (i % 3 === 0) client.socket.write(Buffer.concat([Buffer.from([0, 40]), garbage]));
      else client.socket.write(AXFR);
      if (i % 2 === 0) client.socket.resetAndDestroy();
      else client.socket.destroy();
    }
    await answers();
    for (let i = 0; i < 100 && !server.log().trimEnd().endsWith('status: 0/3'); i++) await sleep(20);
    assert.ok(server.log().trimEnd().endsWith('status: 0/3'), server.log().slice(-500));
    assert.ok(descriptors(server.process.pid!) < 30, `${descriptors(server.process.pid!)} descriptors`);
  });

  test('serves a new data.cdb at once, on connections that are open too', async () => {
    const client = new Client(ip);
    client.socket.write(QUERY);
    await client.messages(1);
    const next = zoneFolder(300);
    renameSync(`${next}/data.cdb`, `${root}/data.cdb`);
    client.socket.write(AXFR);
    client.socket.end();
    await client.closed();
    assert.ok(recordsIn(client.bytes).length >= 300);
  });
});

test('axfrdns --listen does not start without rules, an address or a good limit', () => {
  const directory = temporaryDirectory();
  const env = { ROOT: directory, UNPRIVILEGED: '1', IP: '127.43.3.2', PORT: String(PORT) };
  const attempt = (args: string[], env: Record<string, string>) => {
    const { code, stderr } = run('axfrdns', args, { cwd: directory, env });
    return [code, stderr];
  };
  assert.deepEqual(attempt(['--listen'], env), [111, 'axfrdns: fatal: unable to read tcp.cdb: file does not exist\n']);
  assert.deepEqual(attempt(['--listen'], { ...env, IP: '192.0.2.1' }), [
    111,
    'axfrdns: fatal: unable to bind TCP socket: address not available\n',
  ]);
  assert.deepEqual(attempt(['--listen'], { ROOT: directory }), [111, 'axfrdns: fatal: $IP not set\n']);
  assert.equal(attempt(['--listen', '-c', '0'], env)[0], 100);
});

test('axfrdns --listen finds its rules beside it after the chroot', { skip: needs('root') }, async () => {
  const directory = temporaryDirectory();
  rules(directory, '127.43.3.99:allow\n:deny\n');
  const env = { ROOT: root, UID: '65534', GID: '65534', IP: '127.43.3.3', PORT: String(PORT) };
  const server = start('axfrdns', ['--listen'], { cwd: directory, env });
  try {
    await server.logged(/starting axfrdns/);
    const client = new Client('127.43.3.3');
    client.socket.write(QUERY);
    await client.messages(1);
    client.socket.destroy();
    rules(directory, ':deny\n');
    const denied = new Client('127.43.3.3');
    await denied.closed();
    assert.equal(denied.bytes.length, 0);
    await server.logged(/deny 2 /);
    assert.ok(peakResidentBytes(server.process.pid!) < 120e6);
  } finally {
    await server.stop();
  }
});
