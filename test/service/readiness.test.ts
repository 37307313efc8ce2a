// The word that a server serves: when it comes, how often, and that nobody has to be there to hear it.
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, readlinkSync, readSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { pack16, pack32le } from '../../src/base/bytes.ts';
import { libc } from '../../src/base/libc.ts';
import { newSocket, SOCK_DGRAM } from '../../src/transport/bind.ts';
import { needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';

const AF_UNIX = 1;
const POLLIN = 1;
const IP = '127.46.9.36';

/** A service manager's end: the datagrams that come to a socket of that name. */
class Manager {
  private readonly calls = libc()!;
  private readonly fd = newSocket(this.calls, AF_UNIX, SOCK_DGRAM);

  constructor(name: string) {
    const address = Buffer.concat([Buffer.alloc(2), Buffer.from(name.replace(/^@/, '\0')), Buffer.alloc(1)]);
    pack16(address, 0, AF_UNIX << 8);
    const length = address.length - (name.startsWith('@') ? 1 : 0);
    assert.equal(this.calls.bind(this.fd, address, length), 0);
  }

  /** The next datagram; the empty string where none comes. */
  heard(milliseconds: number): string {
    const descriptor = new Uint8Array(8);
    pack32le(descriptor, 0, this.fd);
    descriptor[4] = POLLIN;
    if (this.calls.poll(descriptor, 1, milliseconds) <= 0) return '';
    const bytes = Buffer.alloc(100);
    return bytes.toString('latin1', 0, readSync(this.fd, bytes));
  }

  close(): void {
    closeSync(this.fd);
  }
}

const running: Running[] = [];
after(() => Promise.all(running.map((server) => server.stop())));

/** A root for every server. */
function serverRoot(): string {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, '.x.test:127.0.0.1:a\n');
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') });
  for (const folder of ['servers', 'ip', 'zones', 'held', 'tmp', 'tsig']) mkdirSync(`${root}/${folder}`);
  return root;
}

function launch(program: string, root: string, env: Record<string, string>): Running {
  const args = program === 'axfrdns' ? ['--listen'] : [];
  if (program === 'dnscache') writeFileSync(`${root}/servers/@`, '127.0.0.1\n');
  const more = { IP, PORT: '5376', IPSEND: '0.0.0.0', CACHESIZE: '100000', BASE: 'b.test', ROOT: root };
  const server = start(program, args, { cwd: root, env: { ...more, ...env } });
  running.push(server);
  return server;
}

for (const program of ['tinydns', 'rbldns', 'dnscache', 'axfrdns', 'axfr-getd']) {
  test(`${program} says that it serves once, when it does, to a path and to an abstract name`, async () => {
    const root = serverRoot();
    for (const name of [`${temporaryDirectory()}/notify`, `@djbdns-ts ${process.pid} ${program}`]) {
      const manager = new Manager(name);
      const server = launch(program, root, { UNPRIVILEGED: '1', NOTIFY_SOCKET: name });
      assert.equal(manager.heard(60000), 'READY=1');
      assert.equal(manager.heard(50), '');
      await server.logged(/^starting/);
      await server.stop();
      manager.close();
    }
  });
}

test('a server that gives up root says so afterwards, through a path that it does not see any more', {
  skip: needs('root'),
}, async () => {
  const root = serverRoot();
  const name = `${temporaryDirectory()}/notify`;
  const manager = new Manager(name);
  const server = launch('tinydns', root, { UID: '65534', GID: '65534', NOTIFY_SOCKET: name });
  assert.equal(manager.heard(60000), 'READY=1');
  assert.equal(readlinkSync(`/proc/${server.process.pid}/root`), root);
  await server.stop();
  manager.close();
});

test('a server serves where the manager is not there, or its name is none', async () => {
  const root = serverRoot();
  for (const NOTIFY_SOCKET of ['/nowhere/notify', '@nobody', '', 'x'.repeat(108)]) {
    const server = launch('tinydns', root, { UNPRIVILEGED: '1', NOTIFY_SOCKET });
    await server.logged(/^starting tinydns\n/);
    await server.stop();
  }
});
