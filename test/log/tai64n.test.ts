// tai64n and tai64nlocal against those of daemontools.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { scanTai64n } from '../../src/base/tai.ts';
import { command, find, needs, run } from '../support/programs.ts';

const INPUTS = ['', 'a', 'a\n', 'a\nb', '\n', '\n\n\nx', 'a\0b\n\xff\n', `${'x'.repeat(200000)}\ny\n`];

test('tai64n puts a label and a space before each line and changes nothing else', () => {
  for (const input of INPUTS) {
    const output = run('tai64n', [], { input: Buffer.from(input, 'latin1') }).stdout.toString('latin1');
    const lines = input.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    const labelled = output.match(/[^\n]*\n|[^\n]+$/g) ?? [];
    assert.deepEqual(
      labelled.map((line) => line.slice(26)),
      [...lines],
    );
    for (const line of labelled) assert.match(line, /^@4[0-9a-f]{23} /);
  }
});

test('tai64n and that of daemontools agree on the time', { skip: needs('tai64n') }, () => {
  const at = (program: string): number => {
    const label = scanTai64n(run(program, [], { input: Buffer.from('\n') }).stdout.toString());
    assert.ok(label);
    return label.unixSeconds + label.nanoseconds / 1e9;
  };
  const before = at(find('tai64n') as string);
  const between = at('tai64n');
  const after = at(find('tai64n') as string);
  assert.ok(before < between && between < after, `${before} ${between} ${after}`);
});

test('tai64n shows a line when it comes, labelled with the moment of its first octet', async () => {
  const child = spawn(command('tai64n'), [], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write('first');
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  assert.match(first.toString(), /^@[0-9a-f]{24} first$/);
  child.stdin.end(' half\nsecond\n');
  let rest = '';
  for await (const chunk of child.stdout) rest += chunk;
  assert.match(rest, /^ half\n@[0-9a-f]{24} second\n$/);
  assert.ok(rest.slice(6, 31) > first.toString('latin1', 0, 25));
});

const LABELS = [
  '@4000000037c219bf2ef02e94 x\n',
  '@4000000037c219bf2ef02e94\n',
  '@4000000037c219bf2ef02e94',
  ' x@4000000037c219bf2ef02e94\n',
  '@400000000000000a00000000 the epoch\n',
  '@40000000ffffffff3b9ac9ff 2106\n',
  '@4000000037c219bf2ef02e94@4000000037c219bf2ef02e94\n',
  'plain\n\n@4000000065a1b2c300000000\tafter an empty line\nend',
];

for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns']) {
  test(`tai64nlocal prints what that of daemontools prints in ${zone}`, { skip: needs('tai64nlocal') }, () => {
    for (const text of LABELS) {
      const options = { input: Buffer.from(text), env: { TZ: zone } };
      const peer = run(find('tai64nlocal') as string, [], options).stdout.toString('latin1');
      // The original leaves out a label that the input ends in the middle of a line with; it is kept here.
      if (text !== LABELS[2]) assert.equal(run('tai64nlocal', [], options).stdout.toString('latin1'), peer, text);
    }
  });
}

test('labels of any other length pass tai64nlocal unchanged', () => {
  for (const text of [
    '@\n',
    '@4\n',
    '@4000000037c219bf2ef02e9 y\n',
    '@4000000037c219bf2ef02e945 z\n',
    '@',
    '@4g\n',
    '@4000000037C219bf2ef02e94 \n',
  ]) {
    assert.equal(run('tai64nlocal', [], { input: Buffer.from(text) }).stdout.toString(), text);
  }
});

for (const program of ['tai64n', 'tai64nlocal', 'dnslog', 'dnstracesort']) {
  test(`${program} says so and ends with 111 when it cannot write or read, as daemontools ends with 111`, () => {
    for (const [redirection, message] of [
      ['>/dev/full', 'unable to write output: out of disk space'],
      ['</ ', 'unable to read input: is a directory'],
    ] as const) {
      const shell = `echo 1:a:b:c:d | ${command(program)} ${redirection}`;
      const { code, stderr } = run('/bin/sh', ['-c', shell]);
      assert.deepEqual([code, stderr], [111, `${program}: fatal: ${message}\n`]);
    }
  });
}

test('tai64nlocal undoes tai64n for any lines', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary-ascii' }).map((text) => text.replaceAll('\n', ''))), (lines) => {
      const input = Buffer.from(lines.map((line) => `:${line}\n`).join(''), 'latin1');
      const stamped = run('tai64n', [], { input }).stdout;
      const local = run('tai64nlocal', [], { input: stamped }).stdout.toString('latin1');
      assert.equal(local.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} (?=:)/gm, ''), input.toString('latin1'));
    }),
    { numRuns: 8 },
  );
});
