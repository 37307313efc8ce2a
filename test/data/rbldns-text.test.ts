import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RbldnsCompiler } from '../../src/data/rbldns-text.ts';
import { compiledText, recordsOf } from '../support/lookup.ts';

const compiled = (text: string) => compiledText(text, (maker) => new RbldnsCompiler(maker));
const records = (text: string) => recordsOf(compiled(text));
const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');

for (const [line, key] of [
  ['1.2.3.4', '0102030420'],
  ['1', '0100000020'],
  ['1.', '0100000020'],
  ['1.2.3', '0102030020'],
  ['1.2.3/24', '0102030018'],
  ['1.2.3./24', '0102030018'],
  ['1.2.3.4.5.6/7', '0102030407'],
  ['1.2.3.4x/8', '0102030420'],
  ['1.2.3.4/x', '0102030400'],
  ['1.2.3.4/', '0102030400'],
  ['1.2.3.4/0', '0102030400'],
  ['1.2.3.4/31', '010203041f'],
  ['1.2.3.4/32', '0102030420'],
  ['1.2.3.4/33', '0102030420'],
  ['1.2.3.4/4294967296', '0102030420'],
  ['1.2.3.4/8x', '0102030408'],
  ['1.2.3.4 /8', '0102030420'],
  ['1..2/9', '0100000020'],
  ['300.256.255.1', '2c00ff0120'],
  ['001.02.3.4', '0102030420'],
  ['1.2.3.4 \t', '0102030420'],
  ['1.2.3.4\r', '0102030420'],
  ['10.0.0.0/16-', '0a00000010'],
] as const) {
  test(`the entry ${JSON.stringify(line)} is the key ${key}`, () => {
    assert.deepEqual(
      records(`${line}\n`).map(([key, value]) => [hex(key), value]),
      [[key, '']],
    );
  });
}

for (const [text, ...values] of [
  [':127.0.0.2:text', '\x7f\0\0\x02text'],
  [':127.0.0.2:', '\x7f\0\0\x02'],
  [':300.0.0.2:a:b: \\072$\xff\r \t', '\x2c\0\0\x02a:b: \\072$\xff\r'],
  ['::first', '\0\0\0\0first'],
  [':1.2.3.4:a\n1.1.1.1\n::b', '\x01\x02\x03\x04a', '', '\x01\x02\x03\x04b'],
] as const) {
  test(`the answers of ${JSON.stringify(text)}`, () => {
    assert.deepEqual(
      records(text).map(([, value]) => value),
      values,
    );
  });
}

for (const [line, reason] of [
  [':', 'missing colon'],
  [':1.2.3.4', 'missing colon'],
  [':1.2.3:x', 'malformed IP address'],
  [':1.2.3.4x:x', 'malformed IP address'],
  [':1.2.3.4.5:x', 'malformed IP address'],
  [': 1.2.3.4:x', 'malformed IP address'],
  [' 1.2.3.4', 'unrecognized leading character'],
  ['-1.2.3.4', 'unrecognized leading character'],
  ['.1', 'unrecognized leading character'],
  ['\r', 'unrecognized leading character'],
  ['/8', 'unrecognized leading character'],
] as const) {
  test(`the line ${JSON.stringify(line)} is refused: ${reason}`, () => {
    assert.throws(() => compiled(`1.2.3.4\n${line}\n`), { message: reason });
  });
}

test('comments and blank lines are nothing', () => {
  assert.deepEqual(records('# 1.2.3.4\n\n \t\n#\n'), []);
});

test('a text of any length is kept, also after a shorter one', () => {
  const text = 'x'.repeat(100_000);
  assert.deepEqual(records(`:1.2.3.4:a\n::${text}\n`), [
    ['', '\x01\x02\x03\x04a'],
    ['', `\x01\x02\x03\x04${text}`],
  ]);
});

test('the file of a known list has the known octets', () => {
  const file = compiled(':127.0.0.3:See http://www.example/$\n10.0.0.1\n10.1.0.0/16\n# c\n10.2/16\n');
  assert.equal(
    createHash('sha256').update(file).digest('hex'),
    '63f9c5161a600e960e5cfac036aea814faf50d48fcdca972b03f0ee97b83ed7e',
  );
  assert.equal(
    createHash('sha256').update(compiled('')).digest('hex'),
    'ad292543e381bc50175b6b6452ccc06e579755910a528c8dc7d18019279e1f3f',
  );
});

describe('random lists', () => {
  /** A number of any length modulo 256. */
  const octet = (digits: string) => [...digits].reduce((value, digit) => (10 * value + Number(digit)) % 256, 0);

  /** The rule again, with regular expressions on text: the records of a list, or why it is refused. */
  function model(text: string): [string, string][] | string {
    const records: [string, string][] = [];
    let last = '\0\0\0\0';
    for (const untrimmed of text.split('\n')) {
      const line = untrimmed.replace(/[ \t]+$/, '');
      if (line === '' || line.startsWith('#')) continue;
      if (line.startsWith(':')) {
        const [, ip, rest] = /^:([^:]*):(.*)$/s.exec(line) ?? [];
        if (ip === undefined) return 'missing colon';
        if (!/^(\d+\.\d+\.\d+\.\d+)?$/.test(ip)) return 'malformed IP address';
        if (ip !== '') last = String.fromCharCode(...ip.split('.').map(octet));
        records.push(['', last + rest]);
        continue;
      }
      const [, numbers, slash, length] = /^(\d+(?:\.\d+)*)\.?(?:(\/)(\d*))?/.exec(line) ?? [];
      if (numbers === undefined) return 'unrecognized leading character';
      const octets = numbers.split('.').map(octet);
      const bits = slash === undefined ? 32 : Math.min(32, Number(length));
      records.push([String.fromCharCode(...[...octets, 0, 0, 0, 0].slice(0, 4), bits), '']);
    }
    return records;
  }

  const number = fc.integer({ min: 0, max: 400 }).map(String);
  const piece = fc.oneof(
    { weight: 6, arbitrary: number },
    { weight: 5, arbitrary: fc.constant('.') },
    { weight: 3, arbitrary: fc.constantFrom('/', ':', '\n', '\n', '$', ' ', '#', '-', 'x', '\r', '\t', '\0') },
    { weight: 2, arbitrary: fc.constantFrom('1.2.3.4', '\n10.2.3/24\n', '\n:127.0.0.2:text\n', '\n:') },
  );

  test('give the records that the rule says, or its complaint', () => {
    let good = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        const wanted = model(text);
        if (typeof wanted === 'string') assert.throws(() => compiled(text), { message: wanted });
        else {
          assert.deepEqual(records(text), wanted);
          good++;
        }
      }),
      { numRuns: 3000 },
    );
    assert.ok(good > 300, 'not only complaints');
  });
});
