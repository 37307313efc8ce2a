import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, textOf } from '../../src/base/bytes.ts';
import { cdbInMemory } from '../../src/cdb/in-memory.ts';
import { findRule, formatRule, scanRule, unmatchableKeys } from '../../src/data/tcprules.ts';
import { needs, run, temporaryDirectory } from '../support/programs.ts';

/** The records that a line compiles to, `key->value` each with `|` for NUL; undefined when it does not parse. */
function compiled(line: string): string[] | undefined {
  const bytes = bytesOf(line);
  const records: string[] = [];
  const parsed = scanRule(bytes, 0, bytes.length, (key, value) => {
    records.push(`${textOf(key)}->${textOf(value).replaceAll('\0', '|')}`);
  });
  return parsed ? records : undefined;
}

/** A cdb file in memory from lines of rules. */
function rulesFile(lines: readonly string[]): Uint8Array {
  return cdbInMemory((maker) => {
    for (const line of lines) {
      const bytes = bytesOf(line);
      assert.ok(
        scanRule(bytes, 0, bytes.length, (key, value) => maker.add(key, value)),
        line,
      );
    }
  });
}

const LINES: readonly (readonly [line: string, records: string[] | undefined])[] = [
  ['1.2.3.4:allow', ['1.2.3.4->']],
  [':deny', ['->D|']],
  ['1.2.3.4-6:allow', ['1.2.3.4->', '1.2.3.5->', '1.2.3.6->']],
  ['10.2-3.:deny,A="x"', ['10.2.->D|+A=x|', '10.3.->D|+A=x|']],
  ['1-2.3-4:deny', ['1.3-4->D|', '2.3-4->D|']],
  ['253-999:allow', ['253->', '254->', '255->']],
  ['9-7:allow', []],
  ['-:deny', ['0->D|']],
  ['1.2-:deny', []],
  ['..1-2..:deny', ['..1..->D|', '..2..->D|']],
  ['=a-b.c:allow', ['=a-b.c->']],
  ['x-y@1.2:allow', ['x-y@1.2->']],
  ['1.2:allow,A="x",B=/y/', ['1.2->+A=x|+B=y|']],
  ['1.2:deny,A=""', ['1.2->D|+A=|']],
  ['1:allow,AB,C="x"', ['1->+AB,C=x|']],
  ['1:allow, A="x"', ['1->+ A=x|']],
  ['#1:nonsense', []],
  ['', []],
  ['no colon', []],
  ['1.a-3:allow', undefined],
  ['1.2-3x:allow', undefined],
  ['1:', undefined],
  ['1:denyx', undefined],
  ['1:allow,A', undefined],
  ['1:allow,A=', undefined],
  ['1:allow,A="x', undefined],
  ['1:allow,A="x"B="y"', undefined],
];

test('a line compiles to one record, a range to one for each address, a bad line to none', () => {
  for (const [line, records] of LINES) assert.deepEqual(compiled(line), records, line);
});

const RULES = [
  '10.1.:allow,X="1"',
  '10.1.2.3:deny,X="2"',
  '10.1.2.3:allow,X="later"',
  'joe@10.1.2.3:allow,J="1"',
  '=a.b.c:allow,H="a.b.c"',
  '=.b.c:allow,H=".b.c"',
  '=:allow,H="="',
  'joe@=a.b.c:deny',
  ':deny',
];

const REMOTES: readonly (readonly [ip: string, host: string | undefined, info: string | undefined, text: string])[] = [
  ['10.1.2.3', undefined, undefined, 'rule 10.1.2.3:\ndeny connection\n'],
  ['10.1.2.4', undefined, undefined, 'rule 10.1.:\nset environment variable X=1\nallow connection\n'],
  ['10.1.2.3', undefined, 'joe', 'rule joe@10.1.2.3:\nset environment variable J=1\nallow connection\n'],
  ['1.1.1.1', 'a.b.c', 'joe', 'rule joe@=a.b.c:\ndeny connection\n'],
  ['1.1.1.1', 'a.b.c', undefined, 'rule =a.b.c:\nset environment variable H=a.b.c\nallow connection\n'],
  ['1.1.1.1', 'x.b.c', undefined, 'rule =.b.c:\nset environment variable H=.b.c\nallow connection\n'],
  ['1.1.1.1', '', undefined, 'rule =:\nset environment variable H==\nallow connection\n'],
  ['1.1.1.1', undefined, undefined, 'rule :\ndeny connection\n'],
];

test('the most particular rule counts, and of several for one address the first', () => {
  const file = rulesFile(RULES);
  for (const [ip, host, info, text] of REMOTES) {
    const rule = findRule(file, {
      ip: bytesOf(ip),
      host: host === undefined ? undefined : bytesOf(host),
      info: info === undefined ? undefined : bytesOf(info),
    });
    assert.equal(rule && formatRule(rule), text, `${info}@${host} ${ip}`);
  }
});

test('without a rule that matches a connection is allowed', () => {
  const rule = findRule(rulesFile(['1.2.3.4:deny']), { ip: bytesOf('1.2.3.5') });
  assert.equal(rule && formatRule(rule), 'default:\nallow connection\n');
});

test('rules that no connection can match are known: they stand in no form that is looked up', () => {
  const good = [
    '10.1.2.3',
    '10.',
    '10.1.2.',
    'joe@10.1.',
    '2001:db8::1',
    '2001:db8:',
    '=a.b',
    '=.b',
    '=',
    'joe@=a.b',
    '',
  ];
  assert.deepEqual(unmatchableKeys(rulesFile(good.map((key) => `${key}:deny`))), []);
  const bad = ['10.0.0.0/8', '10.1', '300.1.1.1', '10.256.', '010.', '1.2.3.4.', 'www.example.com', 'joe@10'];
  assert.deepEqual(unmatchableKeys(rulesFile(bad.map((key) => `${key}:deny`))), bad);
});

test('tcprulescheck warns of them, and says how to write what is meant', () => {
  const file = `${temporaryDirectory()}/rules.cdb`;
  writeFileSync(file, rulesFile(['10.1.0.0/16:deny', '192.0.2:deny', 'www.example.com:deny', '1.2.3.0/25:deny']));
  const { code, stdout, stderr } = run('tcprulescheck', [file], { env: { TCPREMOTEIP: '10.1.2.3' } });
  assert.deepEqual([code, stdout.toString()], [0, 'default:\nallow connection\n']);
  const warnings = [
    '10.1.0.0/16: write 10.1.',
    '192.0.2: write 192.0.2.',
    'www.example.com: write =www.example.com',
    '1.2.3.0/25',
  ];
  assert.equal(stderr, warnings.map((text) => `tcprulescheck: warning: no connection matches ${text}\n`).join(''));
});

test('a corrupt file gives no rule, whatever the bytes', () => {
  assert.equal(findRule(new Uint8Array(100), { ip: bytesOf('1.2.3.4') }), undefined);
  const file = rulesFile(RULES);
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.nat(255), (at, octet) => {
      const damaged = file.slice();
      damaged[at] = octet;
      findRule(damaged, { ip: bytesOf('10.1.2.3'), host: bytesOf('a.b.c'), info: bytesOf('joe') });
    }),
  );
});

describe('beside ucspi-tcp', { skip: needs('tcprules', 'tcprulescheck') }, () => {
  const directory = temporaryDirectory();

  test('tcprules writes the same file, octet for octet, and says the same of a bad line', () => {
    const whole = LINES.filter(([, records]) => records).map(([line]) => `${line} \t\n`);
    const inputs = [...LINES.map(([line]) => `${line}\n`), whole.join(''), '1:deny', '', `${'9'.repeat(9000)}:deny\n`];
    for (const input of inputs) {
      const outcomes = ['/usr/bin/tcprules', 'tcprules'].map((program) => {
        const outcome = run(program, ['r.cdb', 'r.tmp'], { cwd: directory, input: bytesOf(input) });
        const written = outcome.code === 0 ? readFileSync(`${directory}/r.cdb`, 'hex') : '';
        return [outcome.code, outcome.stderr, written];
      });
      assert.deepEqual(outcomes[1], outcomes[0], input);
    }
  });

  test('the failures have the same words and exit codes', () => {
    const cases: readonly string[][] = [['a.cdb'], ['a.cdb', 'no/a.tmp'], ['no/a.cdb', 'a.tmp'], ['a.cdb', '.']];
    for (const args of cases) {
      const [theirs, ours] = ['/usr/bin/tcprules', 'tcprules'].map((program) => run(program, args, { cwd: directory }));
      assert.deepEqual([ours!.code, ours!.stderr], [theirs!.code, theirs!.stderr], args.join(' '));
    }
  });

  test('tcprulescheck prints the same for the same file', () => {
    const input = bytesOf(RULES.map((rule) => `${rule}\n`).join(''));
    run('tcprules', ['check.cdb', 'check.tmp'], { cwd: directory, input });
    for (const [ip, host, info] of [...REMOTES, [undefined, undefined, undefined], ['', undefined, '']] as const) {
      const env: Record<string, string> = {};
      if (ip !== undefined) env['TCPREMOTEIP'] = ip;
      if (host !== undefined) env['TCPREMOTEHOST'] = host;
      if (info !== undefined) env['TCPREMOTEINFO'] = info;
      const [theirs, ours] = ['/usr/bin/tcprulescheck', 'tcprulescheck'].map((program) =>
        run(program, ['check.cdb'], { cwd: directory, env }),
      );
      assert.deepEqual([ours!.code, ours!.stdout, ours!.stderr], [theirs!.code, theirs!.stdout, theirs!.stderr]);
    }
    for (const args of [[], ['missing.cdb']]) {
      const [theirs, ours] = ['/usr/bin/tcprulescheck', 'tcprulescheck'].map((program) =>
        run(program, args, { cwd: directory }),
      );
      assert.deepEqual([ours!.code, ours!.stderr], [theirs!.code, theirs!.stderr]);
    }
  });
});

test('a directory in place of the compiled rules is an error, not a crash', () => {
  const outcome = run('tcprulescheck', ['/']);
  assert.deepEqual([outcome.code, outcome.stderr], [111, 'tcprulescheck: fatal: unable to read /: is a directory\n']);
});

const RULES_6 = [
  '::1:allow',
  '2001:db8::allow,A="first"',
  '[2001:DB8:0:0:0::5]:deny',
  '2001:db8:0:1:deny',
  'fe80:::deny',
  ':allow,A="rest"',
];

for (const [ip, key] of [
  ['::1', '::1'],
  ['2001:db8::5', '2001:db8::5'],
  ['2001:db8:0:0:0:0:0:5', '2001:db8::5'],
  ['2001:db8::6', '2001:db8:'],
  ['2001:db8:0:1::6', '2001:db8:'],
  ['1.2.3.4', ''],
] as const) {
  test(`of the IPv6 rules ${key === '' ? 'the one for anyone' : key} is for ${ip}`, () => {
    assert.equal(textOf(findRule(rulesFile(RULES_6), { ip: bytesOf(ip) })!.key!), key);
  });
}

test('an IPv6 prefix is whole groups and a colon, the longest counts, and a mapped address is looked up as IPv4', () => {
  const file = rulesFile([
    '2001:db8:::deny',
    '2001:db8:::deny',
    '2001:db8::allow',
    '2001::allow',
    '1.2.:deny',
    ':allow',
  ]);
  const keyOf = (ip: string) => textOf(findRule(file, { ip: bytesOf(ip) })!.key!);
  assert.equal(keyOf('2001:db8:5::1'), '2001:db8:');
  assert.equal(keyOf('2001:db80::1'), '2001:');
  assert.equal(keyOf('2002::1'), '');
  assert.equal(keyOf('::ffff:1.2.3.4'), '1.2.');
});
