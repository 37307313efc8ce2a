// data.cdb that is not replaced but written over, or is no file at all.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { copyFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { MappedFile } from '../../src/base/mapped-file.ts';
import { command, find, needs, run, start, temporaryDirectory, until } from '../support/programs.ts';
import { framedQuery } from '../support/transfer.ts';
import { queryPacket, UdpClients } from '../support/udp.ts';

function dataFolder(text: string): string {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, text);
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  return root;
}

test('octets of a file that is cut to nothing can still be looked at', () => {
  const root = dataFolder('.x.test:127.0.0.1:a\n');
  const file = new MappedFile(`${root}/data.cdb`);
  const bytes = file.current()!;
  const copy = bytes.slice();
  truncateSync(`${root}/data.cdb`, 0);
  assert.deepEqual(bytes, copy);
  assert.equal(file.current()!.length, 0);
  file.close();
});

test('a file changed twice within a tick of the clock is seen as it is in the end', async () => {
  const root = temporaryDirectory();
  const path = `${root}/file`;
  const file = new MappedFile(path);
  for (let round = 0; round < 20; round++) {
    writeFileSync(path, `${round}a`);
    file.current();
    writeFileSync(path, `${round}b`);
    await until(() => Buffer.from(file.current()!).toString() === `${round}b`);
  }
});

test('tinydns lives through a data.cdb that is rewritten in place under load', { skip: needs('cp') }, async () => {
  const root = dataFolder(
    `.x.test:127.0.0.1:a\n${Array.from({ length: 2000 }, (_, i) => `+a${i}.x.test:1.2.3.4\n`).join('')}`,
  );
  copyFileSync(`${root}/data.cdb`, `${root}/other`);
  const server = start('tinydns', [], { env: { ROOT: root, IP: '127.46.9.32', PORT: '5390', UNPRIVILEGED: '1' } });
  await server.logged(/starting tinydns\n/);
  const clients = new UdpClients('127.46.9.32', 5390);
  const load = createSocket('udp4');
  for (let round = 0; round < 150; round++) {
    for (let i = 0; i < 40; i++) load.send(queryPacket(`a${(round * 40 + i) % 2000}.x.test`, 1), 5390, '127.46.9.32');
    spawnSync('cp', ['other', 'data.cdb'], { cwd: root });
    await clients.ask(queryPacket('x.test', 6), 5);
  }
  assert.equal(server.process.exitCode ?? server.process.signalCode, null);
  await clients.ready(queryPacket('x.test', 6));
  clients.close();
  load.close();
  await server.stop();
});

// What is not mapped cannot be cut short under a process; test/cdb/file-cursor cuts it between the reads.
test('a transfer reads a large data.cdb where it needs it and maps none of it', { skip: needs('strace') }, () => {
  const ROOT = dataFolder(
    `.x.test:127.0.0.1:a\n${Array.from({ length: 20000 }, (_, i) => `+a${i}.y.test:1.2.3.4\n`).join('')}`,
  );
  assert.ok(statSync(`${ROOT}/data.cdb`).size > 1 << 20);
  const trace = ['-f', '-y', '-o', `${ROOT}/calls`, '-e', 'trace=mmap,read,pread64', command('axfrdns')];
  const { code } = run(find('strace')!, trace, {
    env: { ROOT, UNPRIVILEGED: '1' },
    input: framedQuery('x.test', 'AXFR'),
  });
  assert.equal(code, 0);
  const calls = readFileSync(`${ROOT}/calls`, 'latin1').match(/\w+\(.*\/data\.cdb>.*/g) ?? [];
  assert.ok(calls.length > 10, String(calls));
  for (const call of calls) assert.match(call, /^pread64\(/);
});

test('a FIFO in place of data.cdb or tcp.cdb does not stop axfrdns --listen', { skip: needs('mkfifo') }, async () => {
  const root = dataFolder('.x.test:127.0.0.1:a\n');
  const rules = (): void => {
    assert.equal(run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') }).code, 0);
  };
  rules();
  const good = readFileSync(`${root}/data.cdb`);
  const env = { ROOT: root, IP: '127.46.9.33', PORT: '5390', UNPRIVILEGED: '1' };
  const server = start('axfrdns', ['--listen'], { env, cwd: root });
  await server.logged(/starting axfrdns\n/);
  const ask = async (type: number): Promise<number> => {
    const query = queryPacket('x.test', type);
    const socket = connect({ host: env.IP, port: 5390 });
    let length = 0;
    socket.on('data', (chunk: Buffer) => (length += chunk.length)).on('error', () => {});
    socket.end(Buffer.concat([Buffer.from([0, query.length]), query]));
    await new Promise((resolve) => socket.on('close', resolve));
    return length;
  };
  assert.ok((await ask(252)) > 0);
  rmSync(`${root}/data.cdb`);
  spawnSync('mkfifo', ['data.cdb'], { cwd: root });
  assert.equal(await ask(252), 0);
  rmSync(`${root}/data.cdb`);
  writeFileSync(`${root}/data.cdb`, good);
  assert.ok((await ask(252)) > 0);
  rmSync(`${root}/tcp.cdb`);
  spawnSync('mkfifo', ['tcp.cdb'], { cwd: root });
  assert.equal(await ask(6), 0);
  rmSync(`${root}/tcp.cdb`);
  rules();
  assert.ok((await ask(6)) > 0);
  await server.stop();
});

test('a data.cdb of more than four gigabytes is served as far as a cdb reaches', async () => {
  const root = dataFolder('.x.test:127.0.0.1:a\n+b.x.test:1.2.3.4\n');
  truncateSync(`${root}/data.cdb`, 4.5 * 2 ** 30); // sparse
  assert.ok(statSync(`${root}/data.cdb`).size > 2 ** 32);
  const { code, stdout } = run('tinydns-get', ['a', 'b.x.test'], { cwd: root });
  assert.equal(code, 0);
  assert.match(String(stdout), /answer: b\.x\.test 86400 A 1\.2\.3\.4/);
});
