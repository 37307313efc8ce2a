import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PrefixIndex } from '../../src/answer/prefix-index.ts';
import { RbldnsResponder } from '../../src/answer/rbldns.ts';
import { scanIp6 } from '../../src/base/address.ts';
import { RbldnsCompiler } from '../../src/data/rbldns-text.ts';
import { nameOf } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';
import { askResponder, compiledText, recordsOf } from '../support/lookup.ts';

const compiled = (text: string) => compiledText(text, (maker) => new RbldnsCompiler(maker));
const dotted = (ip: number) => [24, 16, 8, 0].map((shift) => Math.floor(ip / 2 ** shift) % 256).join('.');
const reversed = (ip: number) => dotted(ip).split('.').reverse().join('.');

/** A lookup below `base`, and how to ask it: `A address, TXT text` (in order), `refused`, `nxdomain` or `silence`. */
function lookup(db: Uint8Array, base = 'rbl.test') {
  const rbldns = new RbldnsResponder({ current: () => db }, nameOf(base)!);
  return (name: string, type = TYPE.A): string => {
    const reply = askResponder(rbldns, name, type);
    if (reply === null) return 'silence';
    const { rcode, authoritative, answers } = reply;
    assert.equal(authoritative, rcode !== 5);
    if (rcode === 5 || rcode === 3) {
      assert.deepEqual(answers, []);
      return rcode === 5 ? 'refused' : 'nxdomain';
    }
    assert.equal(rcode, 0);
    const texts = answers.map((record) => {
      assert.ok(record.type === 'A' || record.type === 'TXT');
      assert.deepEqual([record.name, record.ttl, record.class], [name, 2048, 'IN']);
      if (record.type === 'A') return `A ${record.data}`;
      const strings = record.data as Buffer[];
      assert.equal(strings.length, 1, 'one character-string');
      return `TXT ${strings[0]!.toString('latin1')}`;
    });
    return texts.join(', ');
  };
}

describe('what is listed', () => {
  const ask = lookup(
    compiled('1.2.3.4\n10.1/16\n20/8\n30/7\n0/0\n40.1.2.3/24\n50.1.2.128/25\n60.0.0.2/31\n70.1.2.3.4.5\n80.1.2\n'),
  );
  for (const [ip, listed] of [
    ['1.2.3.4', true],
    ['1.2.3.5', false],
    ['10.1.0.0', true],
    ['10.1.255.255', true],
    ['10.2.0.0', false],
    ['20.0.0.0', true],
    ['20.255.255.255', true],
    ['21.0.0.0', false],
    ['30.0.0.0', false], // shorter than eight bits: never matches
    ['40.1.2.3', false], // host bits set: never matches
    ['40.1.2.0', false],
    ['50.1.2.127', false],
    ['50.1.2.128', true],
    ['60.0.0.1', false],
    ['60.0.0.2', true],
    ['60.0.0.3', true],
    ['70.1.2.3', true],
    ['80.1.2.0', true],
    ['80.1.2.1', false],
  ] as const) {
    test(`${ip} is ${listed ? '' : 'not '}in the list`, () => {
      const name = `${ip.split('.').reverse().join('.')}.rbl.test`;
      assert.equal(ask(name), listed ? 'A 127.0.0.2' : 'nxdomain');
      assert.equal(ask(name, TYPE.TXT), listed ? `TXT Listed ${ip}` : 'nxdomain');
      assert.equal(ask(name, TYPE.ANY), listed ? `A 127.0.0.2, TXT Listed ${ip}` : 'nxdomain');
      assert.equal(ask(name, TYPE.PTR), 'refused');
    });
  }

  test('names other than four decimal labels and the base are refused', () => {
    for (const name of [
      '',
      'rbl.test',
      'test',
      '3.2.1.rbl.test',
      '5.4.3.2.1.rbl.test',
      '4.3.2.1',
      '4.3.2.1.rbl',
      '4.3.2.1.rbl.test.test',
      '04.3.2.1.rbl.test',
      '256.3.2.1.rbl.test',
      'x.3.2.1.rbl.test',
    ]) {
      for (const type of [TYPE.A, TYPE.TXT, TYPE.ANY, 2, 6]) assert.equal(ask(name, type), 'refused', name);
    }
  });

  test('letters of the name may be of any case', () => {
    assert.equal(ask('4.3.2.1.RBL.tesT'), 'A 127.0.0.2');
  });

  test('the base may be the root, have decimal labels, or fill the name', () => {
    const db = compiled('1.2.3.4\n');
    assert.equal(lookup(db, '')('4.3.2.1'), 'A 127.0.0.2');
    assert.equal(lookup(db, '9.8.Example')('4.3.2.1.9.8.example'), 'A 127.0.0.2');
    const label = 'x'.repeat(60);
    const long = `${label}.${label}.${label}.${label}`; // 245 octets, and 8 for the address
    assert.equal(
      lookup(db, long)(`4.3.2.1.${long}`, TYPE.ANY),
      'A 127.0.0.2, TXT Listed 1.2.3.4',
      'owners over 128 octets are written out',
    );
  });
});

describe('what listed addresses are answered with', () => {
  const text = 'x'.repeat(200);
  for (const [title, line, address, answer] of [
    ['the first line of the list counts', ':127.0.0.3:one\n:127.0.0.4:two', '127.0.0.3', 'one'],
    ['a dollar at the end is the address', ':127.0.0.3:see http://a.test/$', '127.0.0.3', 'see http://a.test/1.2.3.4'],
    ['a dollar anywhere else is a dollar', ':127.0.0.3:$ $5', '127.0.0.3', '$ $5'],
    ['of two dollars at the end the last one is the address', ':127.0.0.3:$$', '127.0.0.3', '$1.2.3.4'],
    ['a lone dollar is the address', ':127.0.0.3:$', '127.0.0.3', '1.2.3.4'],
    ['an empty text is an empty string', ':127.0.0.3:', '127.0.0.3', ''],
    ['colons and backslashes are text', ':127.0.0.3:a:b\\044', '127.0.0.3', 'a:b\\044'],
    ['96 octets of text are used', `:1.2.3.4:${text}`, '1.2.3.4', text.slice(0, 96)],
    ['a dollar that ends up last counts', `:1.2.3.4:${text.slice(0, 95)}$x`, '1.2.3.4', `${text.slice(0, 95)}1.2.3.4`],
    ['an address whose last octet is a dollar is no text', ':1.2.3.36:', '1.2.3.36', ''],
  ] as const) {
    test(title, () => {
      const ask = lookup(compiled(`1.2.3.4\n${line}\n`));
      assert.equal(ask('4.3.2.1.rbl.test', TYPE.ANY), `A ${address}, TXT ${answer}`);
    });
  }
});

describe('files that are not what they should be', () => {
  const name = '4.3.2.1.rbl.test';
  const good = compiled('1.2.3.4\n');

  test('an empty file answers nothing but refusals', () => {
    const ask = lookup(new Uint8Array(0));
    assert.equal(ask(name), 'silence');
    assert.equal(ask('rbl.test'), 'refused');
  });

  test('an empty list lists nothing', () => {
    assert.equal(lookup(compiled(''))(name), 'nxdomain');
  });

  test('a file that ends early is silent where it was cut', () => {
    const ask = lookup(good.subarray(0, good.length - 8));
    assert.equal(ask(name), 'silence');
  });

  test('a value of less than four octets gives the default', () => {
    const file = compiledText('x', (maker) => ({
      line() {
        maker.add(new Uint8Array([1, 2, 3, 4, 32]), new Uint8Array(0));
        maker.add(new Uint8Array(0), new Uint8Array([1, 2, 3]));
      },
    }));
    assert.equal(lookup(file)(name, TYPE.ANY), 'A 127.0.0.2, TXT Listed 1.2.3.4');
  });

  test('any octet of a good file may be anything without an exception', () => {
    const file = compiled('1.2.3.4\n1.2/16\n:127.0.0.3:text\n');
    const places = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(places, (changes) => {
        const bad = file.slice();
        for (const [at, octet] of changes) bad[at] = octet;
        const ask = lookup(bad);
        for (let i = 0; i < 3; i++) assert.match(ask(name), /^(A .*|nxdomain|silence)$/);
      }),
      { numRuns: 500 },
    );
  });
});

test('the index never misses what the file has: small lists of everything, against the rule as it is written', () => {
  const ip = fc.oneof(
    fc.integer({ min: 0, max: 0xffffffff }),
    fc.integer({ min: 0x01020300, max: 0x010205ff }),
    fc.constantFrom(0, 0xffffffff, 0x80000000, 0x01000000),
  );
  const entry = fc.tuple(ip, fc.integer({ min: 0, max: 40 }), fc.boolean());
  const cleared = (ip: number, length: number) => Math.floor(ip / 2 ** (32 - length)) * 2 ** (32 - length);
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), fc.array(ip, { maxLength: 20 }), (list, others) => {
      const entries = list.map(([ip, length, clear]) => {
        const bits = Math.min(length, 32);
        return { ip: clear ? cleared(ip, bits) : ip, length, bits };
      });
      const ask = lookup(compiled(entries.map(({ ip, length }) => `${dotted(ip)}/${length}\n`).join('')));
      for (const asked of [...others, ...list.map(([ip]) => ip), ...list.map(([ip]) => (ip ^ 1) >>> 0)]) {
        const listed = entries.some(({ ip, bits }) => bits >= 8 && cleared(asked, bits) === ip);
        assert.equal(ask(`${reversed(asked)}.rbl.test`), listed ? 'A 127.0.0.2' : 'nxdomain', dotted(asked));
      }
    }),
  );
});

describe('a list of 1,000,000 addresses and prefixes', () => {
  const ENTRIES = 1_000_000;
  let seed = 7;
  const next = () => (seed = (seed * 48271) % 0x7fffffff);
  const random = () => (next() * 2 + (next() % 2)) % 2 ** 32;
  /** The entries by length, each as the number that its first bits make: `ip / 2^(32 - length)`. */
  const model = Array.from({ length: 33 }, () => new Set<number>());
  const sample: number[] = [];
  const lines: string[] = [];
  for (let i = 0; i < ENTRIES; i++) {
    // Half addresses, half prefixes of 11 to 31 bits, the short ones rare: a list in which much is not listed.
    const length = i % 2 === 0 ? 32 : i % 500 === 1 ? 11 + (next() % 9) : 20 + (next() % 12);
    const first = Math.floor(random() / 2 ** (32 - length));
    model[length]!.add(first);
    const ip = first * 2 ** (32 - length);
    lines.push(length === 32 ? dotted(ip) : `${dotted(ip)}/${length}`);
    if (i % 50 === 0) sample.push(ip, ip + 2 ** (32 - length) - 1, ip - 1, ip + 2 ** (32 - length));
  }
  const isListed = (ip: number) => model.some((set, length) => set.has(Math.floor(ip / 2 ** (32 - length))));
  const db = compiled(`${lines.join('\n')}\n:127.0.0.9:$\n`);
  const ask = lookup(db);
  const check = (ip: number) => {
    const listed = isListed(ip);
    assert.equal(ask(`${reversed(ip)}.rbl.test`, TYPE.TXT), listed ? `TXT ${dotted(ip)}` : 'nxdomain', dotted(ip));
    return listed;
  };

  // The index is not complete before some 500 questions: the edges of entries are asked before, meanwhile and after.
  test('the first, the last and the neighbouring addresses of entries are answered as the model says', () => {
    const asked = sample.filter((ip) => ip >= 0 && ip < 2 ** 32);
    assert.ok(asked.length > 70_000);
    const listed = asked.filter(check).length;
    assert.ok(listed > 0.5 * asked.length && listed < 0.9 * asked.length, `${listed} of ${asked.length}`);
  });

  test('so is any other address', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (ip) => {
        check(ip);
      }),
      { numRuns: 20_000 },
    );
  });

  test('the index leaves few of the 25 lengths to search for', () => {
    const index = new PrefixIndex();
    for (let i = 0; i < ENTRIES / 2048 + 2; i++) index.use(db);
    let searches = 0;
    for (let i = 0; i < 10_000; i++) {
      for (let lengths = index.lengths(random()); lengths !== 0; lengths &= lengths - 1) searches++;
    }
    assert.ok(searches / 10_000 < 10, `${searches / 10_000} searches a question`);
  });
});

describe('IPv6', () => {
  const LIST = ':127.0.0.3:Listed: $\n192.0.2.1\n';
  const V6 = '[2001:db8::]/32\n[2001:db8:0:1::ffff]/64\n[::1]\n[fe80::1]/127\n';
  const name = (address: string) => {
    const digits = [...scanIp6(address)!].map((octet) => octet.toString(16).padStart(2, '0')).join('');
    return `${[...digits].reverse().join('.')}.rbl.test`;
  };

  test('an address is listed with the longest prefix that it is in', () => {
    const ask = lookup(compiled(LIST + V6));
    for (const [address, listed] of [
      ['2001:db8::7', true],
      ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', true],
      ['2001:db9::', false],
      ['2001:db7:ffff::', false],
      ['::1', true],
      ['::2', false],
      ['::', false],
      ['fe80::', true],
      ['fe80::1', true],
      ['fe80::2', false],
    ] as const) {
      const want = listed ? `A 127.0.0.3, TXT Listed: ${address}` : 'nxdomain';
      assert.equal(ask(name(address), TYPE.ANY), want, address);
    }
    assert.equal(ask('1.2.0.192.rbl.test', TYPE.ANY), 'A 127.0.0.3, TXT Listed: 192.0.2.1');
    for (const odd of [name('::1').slice(2), `0.${name('::1')}`, name('::1').replace('1', 'g')]) {
      assert.equal(ask(odd), 'refused', odd);
    }
  });

  test('the name of an address in capitals is the same', () => {
    assert.equal(
      lookup(compiled(LIST + V6))(name('fe80::1').toUpperCase().replace('RBL.TEST', 'rbl.test')),
      'A 127.0.0.3',
    );
  });

  test('a list without IPv6 prefixes refuses, as ever', () => {
    assert.equal(lookup(compiled(LIST))(name('::1')), 'refused');
  });

  test('keys are 16 octets and a length; the lengths come last', () => {
    const records = recordsOf(compiled(V6)).map(([key, value]) =>
      [key, value].map((text) => Buffer.from(text, 'latin1').toString('hex')),
    );
    assert.deepEqual(records, [
      [`20010db8${'0'.repeat(24)}20`, ''],
      [`20010db800000001${'0'.repeat(16)}40`, ''],
      [`${'0'.repeat(31)}180`, ''],
      [`fe80${'0'.repeat(28)}7f`, ''],
      ['2f', '807f4020'],
    ]);
  });

  for (const line of [
    '[',
    '[::1',
    '[::1]x',
    '[::1]/',
    '[::1]/129',
    '[::1]/x',
    '[1.2.3.4]',
    '[1::2::3]',
    '[fe80::1%lo]',
  ]) {
    test(`${line} is malformed`, () => {
      assert.throws(() => compiled(line), /malformed IP address/);
    });
  }
});
