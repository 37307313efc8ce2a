import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PickdnsResponder } from '../../src/answer/pickdns.ts';
import { randomBelow } from '../../src/base/random.ts';
import { PickdnsCompiler } from '../../src/data/pickdns-text.ts';
import * as TYPE from '../../src/wire/type.ts';
import { askResponder, compiledText } from '../support/lookup.ts';

const compiled = (text: string) => compiledText(text, (maker) => new PickdnsCompiler(maker));

/** The addresses in an answer, in order; or `refused`, or `silence`. */
function lookup(db: Uint8Array, pick = randomBelow) {
  const pickdns = new PickdnsResponder({ current: () => db }, pick);
  return (name: string, type = TYPE.A, ip: readonly number[] = [127, 0, 0, 1]): string | string[] => {
    const reply = askResponder(pickdns, name, type, ip);
    if (reply === null) return 'silence';
    const { rcode, authoritative, answers } = reply;
    assert.equal(authoritative, rcode === 0);
    if (rcode === 5) return 'refused';
    assert.equal(rcode, 0);
    return answers.map((record) => {
      assert.ok(record.type === 'A');
      assert.deepEqual([record.name, record.ttl, record.class], [name, 5, 'IN']);
      return record.data;
    });
  };
}

describe('locations', () => {
  const ask = lookup(
    compiled(`
%aa:10
%bb:10.1
%cc:10.1.2
%dd:10.1.2.3
%zz:
+host.test:192.0.2.1
+host.test:192.0.2.10:aa
+host.test:192.0.2.11:bb
+host.test:192.0.2.12:cc
+host.test:192.0.2.13:dd
+host.test:192.0.2.99:zz
+inside.test:192.0.2.2:bb
+*.wild.test:192.0.2.3
`),
  );
  for (const [client, answer, inside] of [
    ['127.0.0.1', '192.0.2.1', 'refused'], // not 192.0.2.99: there is no location of everybody
    ['10.9.9.9', '192.0.2.10', 'refused'],
    ['10.1.9.9', '192.0.2.11', ['192.0.2.2']],
    ['10.1.2.9', '192.0.2.12', 'refused'],
    ['10.1.2.3', '192.0.2.13', 'refused'],
  ] as const) {
    test(`a client at ${client} is answered out of the location of its longest prefix`, () => {
      const ip = client.split('.').map(Number);
      assert.deepEqual(ask('HOST.test', TYPE.A, ip), [answer]);
      assert.deepEqual(ask('inside.test', TYPE.ANY, ip), inside);
    });
  }

  test('without addresses in its location a client gets those of none', () => {
    const ask = lookup(compiled('%aa:10\n+h.test:192.0.2.1\n+other.test:192.0.2.2:aa\n'));
    assert.deepEqual(ask('h.test', TYPE.A, [10, 0, 0, 1]), ['192.0.2.1']);
  });

  test('MX questions get an empty answer, other types, other names and what no wildcard is are refused', () => {
    assert.deepEqual(ask('host.test', TYPE.MX), []);
    for (const type of [0, TYPE.NS, TYPE.SOA, TYPE.TXT, 28]) assert.equal(ask('host.test', type), 'refused');
    for (const name of ['', 'test', 'x.host.test', 'x.wild.test', 'wild.test']) {
      for (const type of [TYPE.A, TYPE.MX, TYPE.ANY]) assert.equal(ask(name, type), 'refused', name);
    }
    assert.deepEqual(ask('*.wild.test'), ['192.0.2.3']);
  });
});

test('any data, against the rule as it is written', () => {
  const octets = fc.constantFrom([], [10], [10, 1], [10, 1, 2], [10, 1, 2, 3], [10, 2], [11]);
  const place = fc.constantFrom('', 'x', 'y', 'zz');
  const prefixes = fc.array(fc.record({ octets, place }), { maxLength: 6 });
  const entry = fc.record({ name: fc.constantFrom('a', 'b', 'a.b'), last: fc.nat(255), place });
  const client = fc.constantFrom(
    [10, 1, 2, 3],
    [10, 1, 2, 4],
    [10, 1, 3, 3],
    [10, 3, 2, 3],
    [10, 2, 1, 1],
    [12, 1, 2, 3],
  );
  fc.assert(
    fc.property(prefixes, fc.array(entry, { maxLength: 12 }), client, (prefixes, entries, ip) => {
      const text = [
        ...prefixes.map(({ octets, place }) => `%${place}:${octets.join('.')}\n`),
        ...entries.map(({ name, last, place }) => `+${name}:192.0.2.${last}:${place}\n`),
      ].join('');
      const fitting = prefixes.filter(({ octets }) => octets.length > 0 && octets.every((octet, i) => ip[i] === octet));
      const longest = Math.max(...fitting.map(({ octets }) => octets.length));
      const here = fitting.find(({ octets }) => octets.length === longest)?.place ?? '';
      const ask = lookup(compiled(text));
      for (const asked of ['a', 'b', 'a.b', 'c']) {
        const of = (where: string) => entries.filter(({ name, place }) => name === asked && place === where);
        const listed = (of(here).length > 0 ? of(here) : of('')).map(({ last }) => `192.0.2.${last}`);
        const answer = ask(asked, TYPE.A, ip);
        if (listed.length === 0) assert.equal(answer, 'refused');
        else {
          assert.equal(answer.length, Math.min(listed.length, 3));
          for (const address of answer) {
            const at = listed.indexOf(address);
            assert.ok(at >= 0, `${address} is not of ${asked}, or given too often`);
            listed.splice(at, 1);
          }
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('a name may have any octets', () => {
  const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(label, { maxLength: 6 }), (labels) => {
      const escaped = (octet: number) => `\\${octet.toString(8).padStart(3, '0')}`;
      const name = labels.map((label) => [...label].map(escaped).join('')).join('.');
      const db = compiled(`+${name}:192.0.2.1\n`);
      const pickdns = new PickdnsResponder({ current: () => db }, randomBelow);
      const reply = askResponder(pickdns, name, TYPE.A);
      assert.deepEqual([reply?.rcode, reply?.answers.length], [0, 1]);
    }),
  );
});

describe('the pick', () => {
  const list = (count: number) =>
    Array.from({ length: count }, (_, i) => `+h.test:192.0.${i >> 8}.${i & 255}\n`).join('');

  test('has at most three addresses, different ones, all out of the list', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 140 }), (count) => {
        const answer = lookup(compiled(list(count)))('h.test') as string[];
        assert.equal(answer.length, Math.min(count, 3));
        assert.equal(new Set(answer).size, answer.length);
        // Of more than 128 addresses the first 128 of the record are used.
        for (const address of answer) assert.match(address, /^192\.0\.0\.\d+$/);
      }),
    );
  });

  test('has every address at every place equally often', () => {
    const ask = lookup(compiled(list(5)));
    const rounds = 20_000;
    const seen = Array.from({ length: 3 }, () => new Map<string, number>());
    for (let i = 0; i < rounds; i++) {
      for (const [place, address] of (ask('h.test') as string[]).entries()) {
        seen[place]!.set(address, (seen[place]!.get(address) ?? 0) + 1);
      }
    }
    // Five standard deviations of a binomial distribution: one false alarm in 100,000 runs.
    const margin = 5 * Math.sqrt(rounds * 0.2 * 0.8);
    for (const counts of seen) {
      assert.equal(counts.size, 5);
      for (const count of counts.values()) assert.ok(Math.abs(count - rounds / 5) < margin, `${count}`);
    }
  });

  test('takes no more than the first 512 octets of a record', () => {
    const highest = lookup(compiled(list(140)), (n) => n - 1)('h.test') as string[];
    const all = lookup(compiled(list(140)), () => 0)('h.test') as string[];
    assert.equal(highest.length, 3);
    assert.equal(all.length, 3);
    const reached = new Set<string>();
    for (let pick = 0; pick < 140; pick++) {
      const [first] = lookup(compiled(list(140)), (n) => Math.min(pick, n - 1))('h.test') as string[];
      reached.add(first!);
    }
    assert.equal(reached.size, 128);
  });
});

describe('files that are not what they should be', () => {
  test('an empty file is silence, but for types that are never answered', () => {
    const ask = lookup(new Uint8Array(0));
    assert.equal(ask('h.test'), 'silence');
    assert.equal(ask('h.test', TYPE.TXT), 'refused');
  });

  test('any octet of a good file may be anything without an exception', () => {
    const file = compiled('%aa:127\n+h.test:192.0.2.1:aa\n+h.test:192.0.2.2\n');
    const places = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(places, (changes) => {
        const bad = file.slice();
        for (const [at, octet] of changes) bad[at] = octet;
        const answer = lookup(bad)('h.test');
        assert.ok(Array.isArray(answer) || answer === 'silence' || answer === 'refused');
      }),
      { numRuns: 500 },
    );
  });
});
