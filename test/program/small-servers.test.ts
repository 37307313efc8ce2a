// walldns, rbldns, pickdns and their compilers as processes: environment, files, messages, exit codes, log lines.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { decode } from 'dns-packet';
import { command, needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { queryPacket, UdpClients } from '../support/udp.ts';

const IP = '127.45.2.1';
const PORT = 5345;
const TYPE_A = 1;
const TYPE_PTR = 12;
const TYPE_TXT = 16;

const UNPRIVILEGED = { UNPRIVILEGED: '1', IP, PORT: String(PORT) };

/** A directory with `text` compiled by `compiler`. */
function compiled(compiler: string, text: string, directory: string = temporaryDirectory()): string {
  writeFileSync(`${directory}/data`, text, 'latin1');
  const { code, stdout, stderr } = run(compiler, [], { cwd: directory });
  assert.deepEqual([code, stdout.toString(), stderr], [0, '', '']);
  return directory;
}

/** Runs a server with clients until `body` is over. */
async function serving(
  program: string,
  env: Record<string, string>,
  body: (clients: UdpClients, server: Running) => Promise<void>,
  port = PORT,
): Promise<void> {
  const server = start(program, [], { env });
  const clients = new UdpClients(env['IP']!, port);
  try {
    await server.logged(new RegExp(`^starting ${program}\n`));
    await body(clients, server);
  } finally {
    clients.close();
    await server.stop();
  }
}

/** The address in the answer, its text, the rcode, or `nothing` for silence. */
function read(reply: Buffer | null): string {
  if (reply === null) return 'nothing';
  const { answers = [], flags = 0 } = decode(reply);
  if (flags & 15) return ['', '', '', 'nxdomain', '', 'refused'][flags & 15]!;
  return answers.map((answer) => ('data' in answer ? String(answer.data) : '')).join(' ');
}

describe('the environment', () => {
  const ROOT = temporaryDirectory();
  for (const [env, message] of [
    [{}, '$IP not set'],
    [{ IP: 'x' }, 'unable to parse IP address x'],
    [{ IP: '192.0.2.1', PORT: '5300' }, 'unable to bind UDP socket: address not available'],
    [{ IP, PORT: '5300' }, '$ROOT not set'],
    [{ IP, PORT: '5300', ROOT: '/nonexistent' }, 'unable to chdir to /nonexistent: file does not exist'],
  ] as const) {
    for (const program of ['walldns', 'rbldns', 'pickdns']) {
      test(`${program} says ${message}`, () => {
        const { code, stderr } = run(program, ['ignored'], { env });
        assert.deepEqual([code, stderr], [111, `${program}: fatal: ${message}\n`]);
      });
    }
  }
  for (const [settings, message] of [
    [{}, '$BASE not set'],
    [{ BASE: `x${'a'.repeat(63)}.test` }, 'unable to parse $BASE'],
    [{ BASE: 'a.'.repeat(128) }, 'unable to parse $BASE'],
  ] as const) {
    test(`rbldns says ${message}`, () => {
      const { code, stderr } = run('rbldns', [], { env: { ...UNPRIVILEGED, ROOT, ...settings } });
      assert.deepEqual([code, stderr], [111, `rbldns: fatal: ${message}\n`]);
    });
  }

  test('an unreadable BASE is found out after ROOT', () => {
    const { stderr } = run('rbldns', [], { env: { ...UNPRIVILEGED, ROOT: '/nonexistent' } });
    assert.equal(stderr, 'rbldns: fatal: unable to chdir to /nonexistent: file does not exist\n');
  });

  test('escapes and dots in BASE are those of data files', async () => {
    const ROOT = compiled('rbldns-data', '1.2.3.4\n');
    await serving('rbldns', { ...UNPRIVILEGED, ROOT, BASE: '.r\\142l..test.' }, async (clients) => {
      assert.equal(read(await clients.ask(queryPacket('4.3.2.1.rbl.test', TYPE_A))), '127.0.0.2');
    });
  });

  for (const program of ['walldns', 'rbldns', 'rbldns-data', 'pickdns', 'pickdns-data']) {
    test(`${program} --help and --version`, () => {
      const help = run(program, ['--help']);
      assert.equal(help.code, 0);
      assert.match(help.stdout.toString(), new RegExp(`^Usage: ${program} `));
      const version = run(program, ['--version']);
      assert.deepEqual([version.code, /\d+\.\d+/.test(version.stdout.toString())], [0, true]);
    });
  }
});

for (const [program, compiler, line] of [
  ['rbldns', 'rbldns-data', ':127.0.0.2:x\n'],
  ['tinydns', 'tinydns-data', '.example.com:192.0.2.1:a\n'],
] as const) {
  test(`${program} says once that data.cdb is missing, and once that it is corrupt`, async () => {
    const ROOT = temporaryDirectory();
    await serving(program, { ...UNPRIVILEGED, ROOT, BASE: 'rbl.test' }, async (clients, server) => {
      const ask = () => clients.ask(queryPacket('www.test', TYPE_A), 200);
      const missing = `${program}: warning: unable to read data.cdb: file does not exist\n`;
      await server.logged(new RegExp(missing));
      await ask();
      writeFileSync(`${ROOT}/noise`, Buffer.alloc(4000, 'x'));
      renameSync(`${ROOT}/noise`, `${ROOT}/data.cdb`);
      for (let i = 0; i < 3; i++) await ask();
      await server.logged(/data\.cdb is corrupt/);
      compiled(compiler, line, ROOT);
      await ask();
      rmSync(`${ROOT}/data.cdb`);
      for (let i = 0; i < 3; i++) await ask();
      await server.logged(new RegExp(`${missing}[^]*${missing}`));
      const warnings = server
        .log()
        .split('\n')
        .filter((text) => text.includes('warning'));
      assert.deepEqual(warnings, [missing.trim(), `${program}: warning: data.cdb is corrupt`, missing.trim()]);
    });
  });
}

test('a log line per packet', async () => {
  const ROOT = compiled('rbldns-data', '1.2.3.4\n');
  await serving('rbldns', { ...UNPRIVILEGED, ROOT, BASE: 'rbl.test' }, async (clients, server) => {
    for (const name of ['4.3.2.1.RBL.test', '5.3.2.1.rbl.test', 'www.test']) {
      await clients.ask(queryPacket(name, TYPE_A, { id: 0x1234 }));
    }
    await clients.ask(queryPacket('4.3.2.1.rbl.test', TYPE_TXT, { qclass: 3 }));
    await clients.ask(queryPacket('4.3.2.1.rbl.test', TYPE_TXT, { flags: 0x0800 }));
    rmSync(`${ROOT}/data.cdb`);
    await clients.ask(queryPacket('www.test', TYPE_A), 300);
    await server.logged(/ - /);
    const lines = server.log().split('\n');
    assert.deepEqual(
      lines.map((line) => line.replace(/^7f000001:[0-9a-f]{4}:/, '*:')),
      [
        'starting rbldns',
        '*:1234 + 0001 4.3.2.1.rbl.test',
        '*:1234 + 0001 5.3.2.1.rbl.test',
        '*:1234 + 0001 www.test',
        '*:0001 C 0010 4.3.2.1.rbl.test',
        '*:0001 I 0010 4.3.2.1.rbl.test',
        'rbldns: warning: unable to read data.cdb: file does not exist',
        '*:0001 - 0001 www.test',
        '',
      ],
    );
  });
});

for (const [program, compiler, settings, name, first, second] of [
  ['rbldns', 'rbldns-data', { BASE: 'rbl.test' }, '4.3.2.1.rbl.test', ['1.2.3.4\n', '127.0.0.2'], ['', 'nxdomain']],
  ['pickdns', 'pickdns-data', {}, 'h.test', ['+h.test:192.0.2.1\n', '192.0.2.1'], ['', 'refused']],
] as const) {
  for (const [transport, extra] of [
    ['batched', {}],
    ['plain', { DJBDNS_PLAIN: '1' }],
  ] as const) {
    test(`${program} over ${transport} sockets answers from data.cdb as it is now, and not at all without it`, async () => {
      const ROOT = temporaryDirectory();
      const env = { ...UNPRIVILEGED, ROOT, ...settings, ...extra };
      await serving(program, env, async (clients) => {
        const ask = async (timeout?: number) => read(await clients.ask(queryPacket(name, TYPE_A), timeout));
        assert.equal(await ask(300), 'nothing');
        for (const [text, answer] of [first, second, first]) {
          compiled(compiler, text, ROOT);
          assert.equal(await ask(), answer);
        }
        renameSync(`${ROOT}/data.cdb`, `${ROOT}/away`);
        assert.equal(await ask(300), 'nothing');
        mkdirSync(`${ROOT}/data.cdb`);
        assert.equal(await ask(300), 'nothing');
        rmSync(`${ROOT}/data.cdb`, { recursive: true });
        renameSync(`${ROOT}/away`, `${ROOT}/data.cdb`);
        assert.equal(await ask(), first[1]);
      });
    });
  }
}

describe('as root', { skip: needs('root') }, () => {
  for (const [program, compiler, text, name, type, answer] of [
    ['walldns', undefined, '', '4.3.2.1.in-addr.arpa', TYPE_PTR, '4.3.2.1.in-addr.arpa'],
    ['rbldns', 'rbldns-data', '1.2.3.4\n', '4.3.2.1.rbl.test', TYPE_TXT, 'Listed 1.2.3.4'],
    ['pickdns', 'pickdns-data', '+h.test:192.0.2.1\n', 'h.test', TYPE_A, '192.0.2.1'],
  ] as const) {
    test(`${program} serves on port 53, confined to ROOT, as another user`, async () => {
      const ROOT = compiler ? compiled(compiler, text) : temporaryDirectory();
      const env = { IP: '127.45.2.2', ROOT, UID: '65534', GID: '65533', BASE: 'rbl.test' };
      const body = async (clients: UdpClients, server: Running) => {
        assert.equal(read(await clients.ask(queryPacket(name, type))), answer);
        const status = readFileSync(`/proc/${server.process.pid}/status`, 'latin1');
        assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
        assert.match(status, /^Gid:\t65533\t65533\t65533\t65533$/m);
        assert.match(status, /^Groups:\t65533 $/m);
        const [here, there] = [statSync(ROOT), statSync(`/proc/${server.process.pid}/root/`)];
        assert.deepEqual([there.dev, there.ino], [here.dev, here.ino]);
      };
      await serving(program, env, body, 53);
    });
  }
});

describe('the compilers', () => {
  for (const [program, text, message] of [
    ['rbldns-data', '1.2.3.4\n\n# x\n:1\n', 'unable to parse data line 4: missing colon'],
    ['rbldns-data', ':1.2.3:x', 'unable to parse data line 1: malformed IP address'],
    ['rbldns-data', '\n-\n', 'unable to parse data line 2: unrecognized leading character'],
    ['pickdns-data', '+a:1.2.3.4\n+a:1.2.3\n', 'unable to parse data line 2: malformed IP address'],
    ['pickdns-data', 'a:1.2.3.4\n', 'unable to parse data line 1: unrecognized leading character'],
    ['pickdns-data', `+${'a'.repeat(64)}:1.2.3.4\n`, 'out of memory'],
  ] as const) {
    test(`${program} says ${message} and leaves data.cdb alone`, () => {
      const directory = temporaryDirectory();
      writeFileSync(`${directory}/data`, text);
      writeFileSync(`${directory}/data.cdb`, 'old');
      const { code, stderr } = run(program, [], { cwd: directory });
      assert.deepEqual([code, stderr], [111, `${program}: fatal: ${message}\n`]);
      assert.deepEqual(readdirSync(directory).sort(), ['data', 'data.cdb', 'data.tmp']);
      assert.equal(readFileSync(`${directory}/data.cdb`, 'latin1'), 'old');
    });
  }

  for (const program of ['rbldns-data', 'pickdns-data']) {
    test(`${program} says what it cannot open, read or replace`, () => {
      const directory = temporaryDirectory();
      const fails = () => {
        const { code, stderr } = run(program, [], { cwd: directory });
        assert.equal(code, 111);
        return stderr.replace(`${program}: fatal: `, '');
      };
      assert.equal(fails(), 'unable to open data: file does not exist\n');
      assert.equal(existsSync(`${directory}/data.tmp`), false);
      mkdirSync(`${directory}/data`);
      assert.equal(fails(), 'unable to read line: is a directory\n');
      rmSync(`${directory}/data`, { recursive: true });
      writeFileSync(`${directory}/data`, '');
      mkdirSync(`${directory}/data.cdb`);
      assert.equal(fails(), 'unable to move data.tmp to data.cdb: is a directory\n');
      rmSync(`${directory}/data.tmp`);
      mkdirSync(`${directory}/data.tmp`);
      assert.equal(fails(), 'unable to create data.tmp: is a directory\n');
    });

    test(`${program} makes a file that everybody can read, whatever the umask`, () => {
      const directory = compiled(program, '');
      rmSync(`${directory}/data.cdb`);
      const script = `umask 077; exec "$0"`;
      const { code } = run('/bin/sh', ['-c', script, command(program)], { cwd: directory });
      assert.equal(code, 0);
      assert.equal(statSync(`${directory}/data.cdb`).mode & 0o777, 0o644);
    });
  }
});
