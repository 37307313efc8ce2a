// The built tinydns-check: files, exit codes, JSON, serials of a running server.
import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { needs, repository, run, runBeside, start, temporaryDirectory } from '../support/programs.ts';

const ZONE = '.example.com:192.0.2.1:a\n.example.com:192.0.2.2:b\n';

function folder(data: string, mtime = 1700000000): string {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/data`, data, 'latin1');
  utimesSync(`${cwd}/data`, mtime, mtime);
  return cwd;
}

test('a good file is exit code 0 and no output', () => {
  const { code, stdout, stderr } = run('tinydns-check', [], { cwd: folder(ZONE) });
  assert.deepEqual([code, stdout.toString(), stderr], [0, '', '']);
});

test('findings are lines in the order of the file, also where the compiler would stop, and exit code 1', () => {
  const data = `${ZONE}Cexample.com:www.example.org\n\n+${'a'.repeat(64)}.example.com:192.0.2.3\n+x:300.1.1.1\n?x\n:x.example.com:CAA:0\n`;
  const { code, stdout } = run('tinydns-check', [], { cwd: folder(data) });
  assert.equal(code, 1);
  assert.equal(
    stdout.toString(),
    `data:3: example.com: a CNAME beside SOA (line 1)
data:5: ${'a'.repeat(64)}.example.com: tinydns-data refuses this line: a name is too long, or a number is missing
data:6: x: 300.1.1.1 is taken for 44.1.1.1
data:6: x: A is never shown: in no zone of this data
data:7: x: tinydns-data refuses this line: unrecognized leading character
data:8: x.example.com: tinydns-data refuses this line: malformed CAA data
`,
  );
});

test('--json has an object for each finding', () => {
  const { code, stdout } = run('tinydns-check', ['--json', 'data'], { cwd: folder(`${ZONE}+x.example.com:1.2.3\n`) });
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(stdout.toString()), {
    file: 'data',
    line: 3,
    name: 'x.example.com',
    kind: 'address',
    message: '1.2.3 is no address: there is no record of it',
  });
});

test('a data.cdb has findings without lines', () => {
  const cwd = folder(
    `${ZONE}%in:10\n@example.com::gone.example.com.\n+a.example.com:1.2.3.4:::in\nCa.example.com:b.\n`,
  );
  assert.equal(run('tinydns-data', [], { cwd }).code, 0);
  const { code, stdout } = run('tinydns-check', ['data.cdb'], { cwd });
  assert.equal(code, 1);
  assert.equal(
    stdout.toString(),
    'data.cdb: example.com: MX gone.example.com has no address\ndata.cdb: a.example.com: a CNAME beside A\n',
  );
});

test('what cannot be read is exit code 111, wrong arguments are 100', () => {
  const cwd = temporaryDirectory();
  mkdirSync(`${cwd}/data.cdb`);
  writeFileSync(`${cwd}/short.cdb`, 'x');
  for (const [args, message] of [
    [[], 'unable to open data: file does not exist'],
    [['data.cdb'], 'unable to read data.cdb: is a directory'],
    [['short.cdb'], 'unable to read short.cdb: protocol error'],
  ] as const) {
    const { code, stderr } = run('tinydns-check', args, { cwd });
    assert.deepEqual([code, stderr], [111, `tinydns-check: fatal: ${message}\n`]);
  }
  assert.equal(run('tinydns-check', ['a', 'b'], { cwd }).code, 100);
});

test('NO_COLOR is kept, and a pipe has no colours', { skip: needs('script') }, () => {
  const cwd = folder('+x:300.1.1.1\n');
  const onTerminal = (env: Record<string, string>) =>
    run('/usr/bin/script', ['-qec', 'tinydns-check', '/dev/null'], { cwd, env }).stdout.toString();
  const PATH = `${repository}/command:${process.env['PATH']}`;
  assert.ok(onTerminal({ PATH }).includes('\x1b[1mdata:1\x1b[22m'));
  assert.ok(!onTerminal({ PATH, NO_COLOR: '1' }).includes('\x1b'));
});

describe('--against', { skip: needs('root') }, () => {
  test('a serial that goes back is found, one that is greater or the same is not', async () => {
    const cwd = folder(`${ZONE}.example.net:192.0.2.1:a\n.example.net:192.0.2.2:b\n`, 1700000000);
    run('tinydns-data', [], { cwd });
    const env = { ROOT: cwd, IP: '127.42.23.1', UID: '0', GID: '0', UNPRIVILEGED: '1' };
    const server = start('tinydns', [], { env });
    await server.logged(/starting tinydns/);
    try {
      const check = async (mtime: number) => {
        utimesSync(`${cwd}/data`, mtime, mtime);
        const { code, stdout } = await runBeside('tinydns-check', ['--against', '127.42.23.1'], { cwd });
        return `${stdout}${code}`;
      };
      assert.equal(await check(1700000000), '0');
      assert.equal(await check(1700000001), '0');
      const goesBack = 'serial 1699999999 goes back: 127.42.23.1 has 1700000000';
      assert.equal(await check(1699999999), `data:1: example.com: ${goesBack}\ndata:3: example.net: ${goesBack}\n1`);
    } finally {
      await server.stop();
    }
  });

  test('a server that cannot be asked is a finding, a name that is none a failure', async () => {
    const cwd = folder(ZONE);
    const nobody = await runBeside('tinydns-check', ['--against', '127.42.23.9'], { cwd });
    assert.match(nobody.stdout.toString(), /no serial from 127\.42\.23\.9: connection refused\n$/);
    assert.equal(nobody.code, 1);
  });
});
