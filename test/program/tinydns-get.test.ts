// tinydns-get beside the C program: the same data, the same questions, the same text, messages and exit codes.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dataFile } from '../support/data-lines.ts';
import { command, find, needs, run, temporaryDirectory } from '../support/programs.ts';

const ours = command('tinydns-get');
const USAGE = 'tinydns-get: usage: tinydns-get type name [ip]\n';

const answer = (program: string, args: readonly string[], cwd: string) => {
  const { code, stdout, stderr } = run(program, args, { cwd });
  return { code, stdout: stdout.toString('latin1'), stderr };
};

describe('without an answer', () => {
  const cwd = temporaryDirectory();
  for (const [args, code, stdout, stderr] of [
    [[], 100, '', USAGE],
    [['a'], 100, '', USAGE],
    [['1x', 'a'], 100, '', USAGE],
    [['nosuch', 'a'], 100, '', USAGE],
    [['constructor', 'a'], 100, '', USAGE],
    [['a', 'a', '1.2.3'], 100, '', USAGE],
    [['a', 'x'.repeat(64), '1.2.3'], 111, '', 'tinydns-get: fatal: unable to parse: protocol error\n'],
    [['', ''], 0, '0 .:\n', ''],
    [['65537', 'A\\056b'], 0, '1 a\\056b:\n', ''],
  ] as const) {
    test(args.join(' ').slice(0, 30), () => assert.deepEqual(answer(ours, args, cwd), { code, stdout, stderr }));
  }

  test('data.cdb that is empty, short or a directory is no failure', () => {
    const folder = temporaryDirectory();
    const want = { code: 0, stdout: '1 a:\n', stderr: '' };
    writeFileSync(`${folder}/data.cdb`, '');
    assert.deepEqual(answer(ours, ['a', 'a'], folder), want);
    writeFileSync(`${folder}/data.cdb`, 'short');
    assert.deepEqual(answer(ours, ['a', 'a'], folder), want);
    rmSync(`${folder}/data.cdb`);
    mkdirSync(`${folder}/data.cdb`);
    assert.deepEqual(answer(ours, ['a', 'a'], folder), want);
  });
});

const name = fc.constantFrom(
  'a',
  'www',
  'test',
  'A.test',
  'www.a',
  'x.b.a',
  'ns.a',
  '',
  '.',
  '*.a',
  'zz.test',
  'mail.b',
);
const type = fc.constantFrom('any', 'any', 'a', 'NS', 'mx', 'txt', 'soa', 'cname', 'ptr', 'axfr', '28', '33', '', '7x');
const question = fc.tuple(type, name, fc.constantFrom('0.0.0.0', '10.1.2.3', '1.2.3.4', '65.66.0.0x', '10'));

test('beside the C program, on generated files', { skip: needs('tinydns-get') }, () => {
  const original = find('tinydns-get')!;
  let lines = 0;
  fc.assert(
    fc.property(dataFile({ lines: 40 }), fc.array(question, { minLength: 6, maxLength: 6 }), (text, questions) => {
      const cwd = temporaryDirectory();
      // Some hosts with many addresses: their order is fixed.
      const many = Array.from({ length: 12 }, (_, i) => `+a.test:1.2.3.${i}:${i}\n+www:1.2.3.${i}\n`).slice(
        0,
        3 + (text.length % 10),
      );
      writeFileSync(`${cwd}/data`, `.:1.2.3.4:a\n.test:1.2.3.4:a\n.a:1.2.3.5:b\n${many.join('')}${text}`, 'latin1');
      assert.equal(run('tinydns-data', [], { cwd }).code, 0);
      for (const args of questions) {
        const theirs = answer(original, args, cwd);
        lines += theirs.stdout.split('\n').length;
        assert.deepEqual(answer(ours, args, cwd), theirs);
      }
      rmSync(cwd, { recursive: true });
    }),
    { numRuns: 12 },
  );
  assert.ok(lines > 100, `${lines} lines`);
});
