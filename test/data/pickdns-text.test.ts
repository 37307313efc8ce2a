import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { heapSort, PickdnsCompiler } from '../../src/data/pickdns-text.ts';
import { compiledText, recordsOf } from '../support/lookup.ts';

const compiled = (text: string) => compiledText(text, (maker) => new PickdnsCompiler(maker));
const records = (text: string) => recordsOf(compiled(text));

for (const [title, text, wanted] of [
  ['an address of everybody', '+A.test:1.2.3.4\n', [['+\0\0\x01a\x04test\0', '\x01\x02\x03\x04']]],
  ['an address of a location', '+a:1.2.3.4:lo\n', [['+lo\x01a\0', '\x01\x02\x03\x04']]],
  ['a location of one letter', '+a:1.2.3.4:l\n', [['+l\0\x01a\0', '\x01\x02\x03\x04']]],
  ['a location of three', '+a:1.2.3.4:loc\n', [['+lo\x01a\0', '\x01\x02\x03\x04']]],
  ['fields beyond the third', '+a:1.2.3.4:lo:x:y\n', [['+lo\x01a\0', '\x01\x02\x03\x04']]],
  ['text behind the address', '+a:1.2.3.400x\n', [['+\0\0\x01a\0', '\x01\x02\x03\x90']]],
  ['a wildcard is a name', '+*.a:1.2.3.4\n', [['+\0\0\x01*\x01a\0', '\x01\x02\x03\x04']]],
  ['the root', '+:1.2.3.4\n', [['+\0\0\0', '\x01\x02\x03\x04']]],
  ['escapes', '+\\101\\056b:1.2.3.4\n', [['+\0\0\x03a.b\0', '\x01\x02\x03\x04']]],
  ['a prefix', '%lo:10.1\n', [['%\x0a\x01', 'lo']]],
  ['a prefix of nothing', '%l\n', [['%', 'l\0']]],
  ['a prefix with more octets', '%lo:1.2..3.4.500x6\n', [['%\x01\x02\x03\x04\xf4', 'lo']]],
  ['comments and blank lines', '#+a:1.2.3.4\n-a:1.2.3.4\n \n\t\n', []],
  [
    'prefixes come first, addresses by location, length of the name, name',
    '+b:1.1.1.1\n+a:2.2.2.2:zz\n+aa:3.3.3.3\n%zz:9\n+B:4.4.4.4\n+a:5.5.5.5\n+c:6.6.6.6:aa\n',
    [
      ['%\x09', 'zz'],
      ['+\0\0\x01a\0', '\x05\x05\x05\x05'],
      ['+\0\0\x01b\0', '\x04\x04\x04\x04\x01\x01\x01\x01'],
      ['+\0\0\x02aa\0', '\x03\x03\x03\x03'],
      ['+aa\x01c\0', '\x06\x06\x06\x06'],
      ['+zz\x01a\0', '\x02\x02\x02\x02'],
    ],
  ],
] as const) {
  test(title, () => {
    const sorted = (list: readonly (readonly [string, string])[]) =>
      list.map(([key, value]) => [
        key,
        Buffer.from(value, 'latin1')
          .toString('hex')
          .match(/.{8}|.+/g)
          ?.sort(),
      ]);
    assert.deepEqual(sorted(records(text)), sorted(wanted as readonly (readonly [string, string])[]));
  });
}

for (const [line, reason] of [
  ['+a:1.2.3', 'malformed IP address'],
  ['+a', 'malformed IP address'],
  ['+a: 1.2.3.4', 'malformed IP address'],
  ['=a:1.2.3.4', 'unrecognized leading character'],
  [' +a:1.2.3.4', 'unrecognized leading character'],
  ['\r', 'unrecognized leading character'],
  [`+${'x'.repeat(64)}:1.2.3.4`, 'out of memory'],
  [`+${'x.'.repeat(128)}:1.2.3.4`, 'out of memory'],
] as const) {
  test(`the line ${JSON.stringify(line.slice(0, 20))} is refused: ${reason}`, () => {
    assert.throws(() => compiled(`${line}\n`), { message: reason });
  });
}

test('names of 255 octets and many addresses fit', () => {
  const name = 'x.'.repeat(127);
  const count = 3000;
  const text = Array.from({ length: count }, (_, i) => `+${name}:1.2.${i >> 8}.${i & 255}\n`).join('');
  const [[key, value], ...others] = records(text) as [[string, string]];
  assert.deepEqual(others, []);
  assert.equal(key, `+\0\0${'\x01x'.repeat(127)}\0`);
  assert.equal(new Set(value.match(/..../gs)).size, count);
});

test('a prefix longer than any name fits', () => {
  assert.deepEqual(records(`%lo:${'1.'.repeat(20_000)}\n`), [[`%${'\x01'.repeat(20_000)}`, 'lo']]);
});

test('the file of known lines has the known octets', () => {
  const addresses = [4, 5, 6, 7, 8].map((last) => `+foo:1.2.3.${last}\n`).join('');
  const file = compiled(`%lo:10.1\n${addresses}+B:1.1.1.1:zz\n+aa:1.1.1.2\n`);
  assert.equal(
    createHash('sha256').update(file).digest('hex'),
    '288f6978a85791cc499f7a7629cb8dfee0afbc262700836fe2b45b7ff6dfc649',
  );
  assert.equal(
    createHash('sha256').update(compiled('')).digest('hex'),
    'ad292543e381bc50175b6b6452ccc06e579755910a528c8dc7d18019279e1f3f',
  );
});

describe('the sort', () => {
  /**
   * The order of equal items is the format's, so it is said a second time here: a list that counts from 1, items as
   * they are, the sinking as recursion.
   */
  function model<T>(list: readonly T[], compare: (a: T, b: T) => number): T[] {
    const x: T[] = [undefined as T, ...list];
    const sink = (hole: number, end: number): number => {
      const [left, right] = [2 * hole, 2 * hole + 1];
      if (left > end) return hole;
      const larger = right > end || compare(x[left]!, x[right]!) > 0 ? left : right;
      x[hole] = x[larger]!;
      return sink(larger, end);
    };
    const insert = (item: T, root: number, end: number): void => {
      let hole = sink(root, end);
      for (; hole > root && compare(item, x[hole >> 1]!) > 0; hole >>= 1) x[hole] = x[hole >> 1]!;
      x[hole] = item;
    };
    for (let root = list.length - 1; root >= 1; root--) insert(x[root]!, root, list.length);
    for (let end = list.length; end > 1; ) {
      const item = x[end]!;
      x[end--] = x[1]!;
      insert(item, 1, end);
    }
    return x.slice(1);
  }

  const sorted = (list: readonly number[], compare: (a: number, b: number) => number): number[] => {
    const items = Uint32Array.from(list);
    heapSort(items, items.length, compare);
    return [...items];
  };

  test('five equal items come out 4, 5, 2, 1, 3', () => {
    assert.deepEqual(
      sorted([1, 2, 3, 4, 5], () => 0),
      [4, 5, 2, 1, 3],
    );
  });

  test('sorts, and leaves equal items in the order of the rule', () => {
    // Items are compared by their tens; the ones tell them apart.
    const compare = (a: number, b: number) => Math.floor(a / 10) - Math.floor(b / 10);
    fc.assert(
      fc.property(fc.array(fc.nat(60), { maxLength: 60 }), (list) => {
        const got = sorted(list, compare);
        for (let i = 1; i < got.length; i++) assert.ok(compare(got[i - 1]!, got[i]!) <= 0);
        assert.deepEqual(got.toSorted(), list.toSorted());
        assert.deepEqual(got, model(list, compare));
      }),
      { numRuns: 2000 },
    );
  });

  test('decides the order of the addresses in a record', () => {
    const line = fc.tuple(
      fc.constantFrom('a', 'B', 'b', 'aa', 'a.b', 'ab', '\\001', ''),
      fc.nat(255),
      fc.constantFrom('', 'x', 'xy', 'y'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 50 }), (lines) => {
        const entries = lines.map(([name, last, lo], i) => {
          const labels = name.replace('\\001', '\x01').toLowerCase().split('.').filter(Boolean);
          const wire = `${labels.map((label) => String.fromCharCode(label.length) + label).join('')}\0`;
          const location = lo.padEnd(2, '\0');
          return { key: `+${location}${wire}`, order: [location, wire.length, wire] as const, ip: [i, last] };
        });
        const compare = (a: (typeof entries)[number], b: (typeof entries)[number]): number => {
          for (const i of [0, 1, 2] as const) {
            if (a.order[i] !== b.order[i]) return a.order[i] < b.order[i] ? -1 : 1;
          }
          return 0;
        };
        const wanted = new Map<string, string>();
        for (const { key, ip } of model(entries, compare)) {
          wanted.set(key, (wanted.get(key) ?? '') + String.fromCharCode(10, 0, ...ip));
        }
        const text = lines.map(([name, last, lo], i) => `+${name}:10.0.${i}.${last}:${lo}\n`).join('');
        assert.deepEqual(records(text), [...wanted]);
      }),
    );
  });
});
