// tinydns-edit: its messages and exit codes, and the C program beside it on generated files.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { command, find, needs, run, temporaryDirectory } from '../support/programs.ts';

const USAGE = 'tinydns-edit: usage: tinydns-edit data data.new add [ns|childns|host|alias|mx] domain a.b.c.d\n';
const USAGE6 = 'tinydns-edit: usage: tinydns-edit data data.new add [host6|alias6] domain a:b:c:d:e:f:g:h\n';
const ours = command('tinydns-edit');

/** Edits a file that holds `text` with `mode domain ip`: exit code, message, the file, its mode. */
function edited(program: string, text: string, args: readonly string[], mode = 0o644) {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/data`, text, 'latin1');
  chmodSync(`${cwd}/data`, mode);
  const { code, stdout, stderr } = run(program, ['data', 'data.new', 'add', ...args], { cwd });
  const data = readFileSync(`${cwd}/data`, 'latin1');
  const permissions = statSync(`${cwd}/data`).mode & 0o777;
  const rest = existsSync(`${cwd}/data.new`);
  rmSync(cwd, { recursive: true });
  return { code, stdout: stdout.toString(), stderr, data, permissions, rest };
}

describe('lines added', () => {
  const taken = [...'abcdefghijklmnopqrstuvwxyz'];
  for (const [about, text, args, line] of [
    ['a name server', '', ['ns', 'x.test', '1.2.3.4'], '.x.test:1.2.3.4:a:259200'],
    ['a name server of the root', '', ['ns', '.', '1.2.3.4'], '..:1.2.3.4:a:259200'],
    [
      'a second one, with the TTL of the first',
      '.X.test:1.2.3.4:a:77\n',
      ['ns', 'x.test', '1.2.3.5'],
      '.x.test:1.2.3.5:b:77',
    ],
    [
      'a child, whose letters dot lines do not take',
      '.x.test:1.2.3.4:a:77\n',
      ['childns', 'x.test', '1.2.3.5'],
      '&x.test:1.2.3.5:a:259200',
    ],
    [
      'an exchanger, distance left out',
      '@x.test:1.2.3.4:a:5:600\n',
      ['mx', 'x.test', '1.2.3.5'],
      '@x.test:1.2.3.5:b::600',
    ],
    [
      'a host, its address made plain',
      '',
      ['host', '*.Foo_-\\056x', '127.555.0.2x'],
      '=\\052.foo_-\\056x:127.43.0.2:86400',
    ],
    ['an alias, however often', '+x:1.2.3.4\n', ['alias', 'x', '1.2.3.4'], '+x:1.2.3.4:86400'],
    ['the first letter that is free', '.x::a\n.x::c\n', ['ns', 'x', '1.2.3.4'], '.x:1.2.3.4:b:259200'],
    ['the last TTL, 0 too', '.x::a:5\n.x::b:0\n', ['ns', 'x', '1.2.3.4'], '.x:1.2.3.4:c:0'],
    ['a TTL of 64 bits', '.x::a:18446744073709551615\n', ['ns', 'x', '1.2.3.4'], '.x:1.2.3.4:b:18446744073709551615'],
    [
      'the 26th letter',
      taken
        .slice(0, 25)
        .map((letter) => `.x::${letter}\n`)
        .join(''),
      ['ns', 'x', '1.2.3.4'],
      '.x:1.2.3.4:z:259200',
    ],
    ['an IPv6 name server', '.x:[::1]:a:5\n', ['ns', 'x', '2001:DB8::1'], '.x:[2001:db8::1]:b:5'],
    ['an IPv6 child', '', ['childns', 'x', '::'], '&x:[::]:a:259200'],
    ['an IPv6 exchanger', '@x:[2001:db8::1]:a:5:600\n', ['mx', 'x', '::1'], '@x:[::1]:b::600'],
    ['an IPv6 host', '', ['host', 'x', '2001:db8::1'], '6x:20010db8000000000000000000000001:86400'],
    ['an IPv6 alias', '', ['alias', 'x', '2001:db8::1'], '3x:20010db8000000000000000000000001:86400'],
    [
      'an IPv6 host, from 32 digits, beside an IPv4 host',
      '=x:1.2.3.4\n+x:[::1]\n3x:[::1]\n',
      ['host6', 'x', '00000000000000000000000000000001'],
      '6x:00000000000000000000000000000001:86400',
    ],
  ] as const) {
    test(about, () => {
      const { code, stderr, data } = edited(ours, text, args);
      assert.deepEqual([code, stderr, data], [0, '', `${text}${line}\n`]);
    });
  }

  test('blanks stay, a missing newline is added, permissions are those of the file but for 0644', () => {
    for (const [mode, want] of [
      [0o755, 0o644],
      [0o664, 0o644],
      [0o600, 0o600],
      [0o444, 0o444],
    ] as const) {
      const { data, permissions, rest } = edited(ours, ' odd \t\n~last  ', ['alias', 'a', '1.2.3.4'], mode);
      assert.equal(data, ' odd \t\n~last  \n+a:1.2.3.4:86400\n');
      assert.deepEqual([permissions, rest], [want, false]);
    }
  });
});

describe('refusals', () => {
  const all = [...'abcdefghijklmnopqrstuvwxyz'].map((letter) => `.x::${letter}\n`).join('');
  for (const [text, args, code, message] of [
    ['', [], 100, USAGE],
    ['', ['ns', 'x'], 100, USAGE],
    ['', ['mode', 'x', '1.2.3.4'], 100, USAGE],
    ['', ['toString', 'x', '1.2.3.4'], 100, USAGE],
    ['', ['ns', 'x', '1.2.3'], 100, USAGE],
    ['', ['ns', 'x'.repeat(64), '1.2.3'], 111, 'tinydns-edit: fatal: out of memory\n'],
    [`.${'y'.repeat(64)}:1.2.3.4\n`, ['ns', 'x', '1.2.3.4'], 111, 'tinydns-edit: fatal: out of memory\n'],
    [all, ['ns', 'x', '1.2.3.4'], 100, 'tinydns-edit: fatal: too many records for that domain\n'],
    ['=X:1.2.3.4\n', ['host', 'x', '1.2.3.5'], 100, 'tinydns-edit: fatal: host name already used\n'],
    ['=y:1.2.3.5\n', ['host', 'x', '1.2.3.5'], 100, 'tinydns-edit: fatal: IP address already used\n'],
    ['6y:[::1]\n', ['host6', 'x', '0::1'], 100, 'tinydns-edit: fatal: IPv6 address already used\n'],
    [`6y:${'0'.repeat(31)}1:5\n`, ['host', 'x', '::1'], 100, 'tinydns-edit: fatal: IPv6 address already used\n'],
    ['6X:[::1]\n', ['host6', 'x', '::2'], 100, 'tinydns-edit: fatal: host name already used\n'],
    ['', ['host6', 'x', '1.2.3.4'], 100, USAGE + USAGE6],
    ['', ['alias6', 'x', '[::1]'], 100, USAGE + USAGE6],
    ['', ['ns', 'x', '[::1]'], 100, USAGE],
  ] as const) {
    test(`${args.join(' ').slice(0, 20)}: ${message.slice(14, 50).trim()}`, () => {
      const result = edited(ours, text, args);
      assert.deepEqual([result.code, result.stderr, result.data], [code, message, text]);
    });
  }

  test('files that cannot be read, written or moved', () => {
    const cwd = temporaryDirectory();
    const edit = (...files: string[]) => {
      const { code, stderr } = run(ours, [...files, 'add', 'alias', 'a', '1.2.3.4'], { cwd });
      return [code, stderr];
    };
    const twice = 'tinydns-edit: fatal: tinydns-edit: fatal: unable to';
    assert.deepEqual(edit('none', 'new'), [100, `${twice} read none: file does not exist\n`]);
    writeFileSync(`${cwd}/data`, '');
    assert.deepEqual(edit('data', 'none/new'), [100, `${twice} write none/new: file does not exist\n`]);
    mkdirSync(`${cwd}/folder`);
    assert.deepEqual(edit('data', 'folder'), [100, `${twice} write folder: is a directory\n`]);
    assert.deepEqual(edit('folder', 'new'), [100, `${twice} read folder: is a directory\n`]);
  });
});

const domain = fc.constantFrom(
  'x',
  'X',
  'a.x',
  '*.x',
  'b\\056x',
  '.',
  '',
  'x.',
  'y'.repeat(63),
  `${'y'.repeat(63)}.`.repeat(4).slice(0, 253),
  'l'.repeat(64),
);
const address = fc.constantFrom('1.2.3.4', '1.2.3.5', '257.2.3.4', '1.2.3.4x', '1.2.3', '');
const field = fc.oneof(
  domain,
  address,
  fc.constantFrom(
    'a',
    'b',
    'c',
    'a.ns.x',
    'b.mx.x',
    'A.NS.X',
    '5',
    '0',
    '99999999999',
    '18446744073709551617',
    ' ',
    '\\',
    'a\\',
  ),
);
const line = fc
  .tuple(fc.constantFrom('.', '&', '@', '=', '=', '+', '#', ''), domain, address, fc.array(field, { maxLength: 5 }))
  .map(([letter, name, ip, rest]) => letter + [name, ip, ...rest].join(':'));

test('beside the C program: the same file, message and exit code', { skip: needs('tinydns-edit') }, () => {
  const original = find('tinydns-edit')!;
  const codes = new Map<number | null, number>();
  const mode = fc.constantFrom('ns', 'childns', 'host', 'alias', 'mx');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.boolean(), mode, domain, address, (lines, ended, ...args) => {
      const text = lines.join('\n') + (ended ? '\n' : '');
      const theirs = edited(original, text, args);
      codes.set(theirs.code, (codes.get(theirs.code) ?? 0) + 1);
      assert.deepEqual(edited(ours, text, args), theirs);
    }),
    { numRuns: 100 },
  );
  assert.deepEqual([...codes.keys()].sort(), [0, 100, 111]);
});
