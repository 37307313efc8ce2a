// What every program says about itself, and what it refuses.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { needs, repository, run, temporaryDirectory } from '../support/programs.ts';

/** The variables that the program's page lists. */
function variablesOf(program: string): string[] {
  const page = readFileSync(`${repository}/docs/programs/${program}.md`, 'utf8');
  const section = /\n## Environment\n(.*?)\n## /s.exec(page)?.[1] ?? '';
  const items = [...section.matchAll(/^(?:- |\| )(`[A-Z_0-9]+`(?:, `[A-Z_0-9]+`)*)/gm)];
  return items.flatMap(([, names]) => [...names!.matchAll(/[A-Z_0-9]+/g)].map(([name]) => name));
}

for (const program of readdirSync(`${repository}/command`)) {
  test(`${program} refuses an option that nobody knows, in front and behind, and says where to read on`, () => {
    const behind = program === 'axfr-getd' ? [] : [['a', 'www.example.com', '127.0.0.1', '--json']]; // it runs a command
    for (const args of [['--nonsense'], ...behind]) {
      const { code, stdout, stderr } = run(program, args);
      assert.equal(stdout.toString(), '');
      assert.match(stderr, new RegExp(`^${program}: usage: .*unknown option ${args.at(-1)}; see ${program} --help`));
      assert.equal(code, 100);
    }
  });

  test(`${program} -h is ${program} --help: a usage line, a sentence, options, a page to read`, () => {
    const { code, stdout, stderr } = run(program, ['-h']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    const text = stdout.toString();
    assert.match(text, new RegExp(`^Usage: ${program}\\b(?!.*args\\.\\.\\.)`));
    assert.match(text, /^Usage: [^\n]*\n\n[A-Z][a-z]+s .*?\.\n/s); // in the third person
    if (text.includes('\nEnvironment:\n')) {
      for (const variable of variablesOf(program)) assert.match(text, new RegExp(`\\b${variable}\\b`));
    }
    assert.match(text, new RegExp(`\nThe whole story: man ${program}\n$`));
    assert.equal(text.includes('\n\n\n'), false);
    assert.equal(run(program, ['--help']).stdout.toString(), text);
  });
}

test('words with one hyphen are names, files and numbers, as ever', () => {
  const { code, stderr } = run('dnsq', ['-a', 'x', '127.0.0.1']);
  assert.deepEqual([code, stderr], [100, 'dnsq: usage: dnsq type name server\n']);
  assert.equal(run('random-ip', ['-h', '1']).code, 0);
  const env = { DNSCACHEIP: '127.0.0.1:1', DNSREWRITEFILE: '/dev/null' };
  assert.equal(
    run('dnsip', ['-h', '1.2.3.4'], { env }).stderr,
    'dnsip: fatal: unable to find IP address for -h: connection refused\n',
  );
});

test('on a terminal the usage line is followed by where to read on', { skip: needs('script') }, () => {
  const { stdout } = run('/usr/bin/script', ['-qec', `${repository}/command/dnsq`, '/dev/null']);
  assert.match(stdout.toString(), /^dnsq: usage: dnsq type name server\r\ndnsq: try dnsq --help\r\n/);
});

test('on a terminal a compiler says which line it failed in, and tinydns-get that data.cdb is missing', {
  skip: needs('script'),
}, () => {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/data`, `+a.test:192.0.2.1\n+${'x'.repeat(64)}.test:192.0.2.1\n`);
  const on = (command: string): string =>
    run('/usr/bin/script', ['-qec', `${repository}/command/${command}`, '/dev/null'], { cwd }).stdout.toString();
  assert.equal(on('tinydns-data'), 'data line 2:\r\ntinydns-data: fatal: protocol error\r\n');
  assert.equal(run('tinydns-data', [], { cwd }).stderr, 'tinydns-data: fatal: protocol error\n');
  const warning = 'tinydns-get: warning: unable to read data.cdb: file does not exist\r\n';
  assert.equal(on('tinydns-get a a.test'), `${warning}1 a.test:\r\n`);
});
