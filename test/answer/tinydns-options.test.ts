// What tinydns's answers can be asked to be beyond djbdns 1.05: refusals, one type for ANY, CNAME chains, more or fewer
// addresses, wildcards by RFC 4592.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import { Question } from '../../src/answer/responder.ts';
import { type TinydnsOptions, TinydnsResponder } from '../../src/answer/tinydns.ts';
import { ip4 } from '../../src/base/address.ts';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Writer } from '../../src/wire/writer.ts';
import { compiledText } from '../support/lookup.ts';

const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, ANY: 255 };

/** A responder for `lines`; asked, it gives `RCODE AA: answer | authority types`, or `silence`. */
function serving(lines: readonly string[], options: Partial<TinydnsOptions> = {}, writesNames = false) {
  const db = compiledText(lines.join('\n'), (maker) => new TinydnsCompiler(maker, 1, writesNames));
  const responder = new TinydnsResponder({ current: () => db }, { randomBelow: () => 0, ...options });
  const question = new Question();
  const response = new Writer();
  const room = new Uint8Array(65536);
  return (name: string, type: keyof typeof TYPES): string => {
    const qname = nameOf(name)!;
    const number = TYPES[type];
    response.start(room);
    response.question(1, 0x8400, qname, 0, number, 1);
    question.set({ name: qname, nameAt: 0, nameLength: qname.length, type: number }, ip4(127, 0, 0, 1));
    question.maxResponse = 65535;
    responder.begin();
    if (!responder.respond(question, response)) return 'silence';
    assert.equal(response.failed, false);
    const { rcode, flag_aa, answers, authorities } = decode(
      Buffer.from(room.subarray(0, response.length)),
    ) as never as {
      rcode: string;
      flag_aa: boolean;
      answers: { name: string; type: string; data: unknown }[];
      authorities: { type: string }[];
    };
    const records = answers.map((record) => `${record.name} ${record.type} ${textOf(record.data)}`);
    const head = `${rcode}${flag_aa ? ' AA' : ''}`;
    return `${head}: ${records.join(', ')} | ${[...new Set(authorities.map(({ type }) => type))].join(' ')}`;
  };
}

function textOf(data: unknown): string {
  if (typeof data === 'string') return data;
  if (Array.isArray(data)) return data.map(String).join(' ');
  return (data as { exchange?: string }).exchange ?? 'data';
}

describe('REFUSE', () => {
  const lines = ['.z.test:192.0.2.1:a', '&child.z.test:192.0.2.2:b'];
  test('refuses what is outside all zones, and nothing else', () => {
    const [plain, refusing] = [serving(lines), serving(lines, { refuse: true })];
    assert.equal(plain('other.test', 'A'), 'silence');
    assert.equal(refusing('other.test', 'A'), 'REFUSED:  | ');
    for (const name of ['z.test', 'x.z.test', 'x.child.z.test']) assert.equal(refusing(name, 'A'), plain(name, 'A'));
  });

  test('does not hide a file that is corrupt', () => {
    const responder = new TinydnsResponder(
      { current: () => new Uint8Array(10) },
      { randomBelow: () => 0, refuse: true },
    );
    const response = new Writer();
    const question = new Question();
    response.start(new Uint8Array(512));
    question.set({ name: nameOf('x')!, nameAt: 0, nameLength: 3, type: 1 }, ip4(127, 0, 0, 1));
    responder.begin();
    assert.equal(responder.respond(question, response), false);
  });
});

describe('MINIMALANY', () => {
  const lines = [
    '.z.test:192.0.2.1:a',
    '+h.z.test:192.0.2.5',
    "'h.z.test:text",
    '+h.z.test:192.0.2.6',
    '@h.z.test::m:1',
  ];
  lines.push("'c.z.test:text", 'Cc.z.test:h.z.test');
  const ask = serving(lines, { minimalAny: true });
  for (const [name, want] of [
    ['h.z.test', 'NOERROR AA: h.z.test A 192.0.2.6, h.z.test A 192.0.2.5 | NS'],
    ['c.z.test', 'NOERROR AA: c.z.test CNAME h.z.test | NS'],
    ['z.test', 'NOERROR AA: z.test SOA data | NS'],
    ['x.z.test', 'NXDOMAIN AA:  | SOA'],
  ] as const) {
    test(`ANY of ${name}`, () => assert.equal(ask(name, 'ANY'), want));
  }
  test('changes no other type', () => {
    const plain = serving(lines);
    for (const type of ['A', 'TXT', 'MX', 'AAAA'] as const)
      assert.equal(ask('h.z.test', type), plain('h.z.test', type));
    assert.match(plain('h.z.test', 'ANY'), /TXT.*MX.*A 192/);
  });
});

describe('FOLLOWCNAME', () => {
  const lines = [
    '.z.test:192.0.2.1:a',
    'Cone.z.test:Two.z.test',
    'Ctwo.z.test:three.z.test',
    '+three.z.test:192.0.2.3',
    'Cout.z.test:www.other.test',
    'Cgone.z.test:nothing.z.test',
    'Cstar.z.test:any.wild.z.test',
    '+*.wild.z.test:192.0.2.4',
    'Cself.z.test:self.z.test',
    'Cring.z.test:ring2.z.test',
    'Cring2.z.test:ring.z.test',
    '&child.z.test:192.0.2.8:c',
    'Cbelow.z.test:www.child.z.test',
    'Capex.z.test:z.test',
  ];
  for (let i = 0; i < 20; i++) lines.push(`Clong${i}.z.test:long${i + 1}.z.test`);
  lines.push('+long20.z.test:192.0.2.9');
  const ask = serving(lines, { followCname: true });
  const plain = serving(lines);
  for (const [name, type, want] of [
    [
      'one.z.test',
      'A',
      'NOERROR AA: one.z.test CNAME Two.z.test, Two.z.test CNAME three.z.test, three.z.test A 192.0.2.3 | NS',
    ],
    ['one.z.test', 'MX', 'NOERROR AA: one.z.test CNAME Two.z.test, Two.z.test CNAME three.z.test | SOA'],
    ['gone.z.test', 'A', 'NXDOMAIN AA: gone.z.test CNAME nothing.z.test | SOA'],
    ['star.z.test', 'A', 'NOERROR AA: star.z.test CNAME any.wild.z.test, any.wild.z.test A 192.0.2.4 | NS'],
    ['out.z.test', 'A', 'NOERROR AA: out.z.test CNAME www.other.test | NS'],
    ['self.z.test', 'A', 'NOERROR AA: self.z.test CNAME self.z.test | NS'],
    ['ring.z.test', 'A', 'NOERROR AA: ring.z.test CNAME ring2.z.test, ring2.z.test CNAME ring.z.test | NS'],
    ['below.z.test', 'A', 'NOERROR AA: below.z.test CNAME www.child.z.test | NS'],
    ['apex.z.test', 'NS', 'NOERROR AA: apex.z.test CNAME z.test, z.test NS a.ns.z.test | '],
  ] as const) {
    test(`${type} of ${name}`, () => assert.equal(ask(name, type), want));
  }

  test('follows sixteen', () => {
    assert.equal(ask('long0.z.test', 'A').split('CNAME').length - 1, 17);
    assert.match(ask('long4.z.test', 'A'), /long20\.z\.test A 192\.0\.2\.9/);
    assert.doesNotMatch(ask('long3.z.test', 'A'), /192\.0\.2\.9/);
  });

  test('asks for the CNAME record itself, or for all, are answered as before', () => {
    for (const name of ['one.z.test', 'gone.z.test', 'three.z.test']) {
      for (const type of ['CNAME', 'ANY'] as const) assert.equal(ask(name, type), plain(name, type));
    }
  });
});

describe('MAXADDRESSES', () => {
  const lines = ['.z.test:192.0.2.1:a', "'h.z.test:text"];
  for (let i = 10; i < 30; i++) {
    lines.push(`+h.z.test:192.0.2.${i}`, `3h.z.test:20010db80000000000000000000000${i}`);
  }
  const addresses = (options: Partial<TinydnsOptions>, type: 'A' | 'AAAA' | 'ANY') =>
    serving(lines, options)('h.z.test', type)
      .slice('NOERROR AA: '.length)
      .split(' | ')[0]!
      .split(', ')
      .map((record) => record.split(' ')[1]!);

  for (const [maxAddresses, a, aaaa] of [
    [undefined, 8, 20],
    [8, 8, 8],
    [1, 1, 1],
    [19, 19, 19],
    [20, 20, 20],
    [0, 20, 20],
  ] as const) {
    test(`${maxAddresses ?? 'unset'}: ${a} A and ${aaaa} AAAA records`, () => {
      assert.equal(addresses({ maxAddresses }, 'A').length, a);
      assert.equal(addresses({ maxAddresses }, 'AAAA').length, aaaa);
    });
  }

  test('AAAA records come last, behind A records', () => {
    const types = addresses({ maxAddresses: 2 }, 'ANY');
    assert.deepEqual(types, ['TXT', 'A', 'A', 'AAAA', 'AAAA']);
  });

  test('every address is given, and no address twice', () => {
    let state = 1;
    const randomBelow = (n: number) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % n;
    const ask = serving(lines, { maxAddresses: 5, randomBelow });
    const seen = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      const given = ask('h.z.test', 'AAAA').match(/2001:\S*[0-9]/g)!;
      assert.equal(new Set(given).size, 5);
      for (const address of given) seen.set(address, (seen.get(address) ?? 0) + 1);
    }
    assert.equal(seen.size, 20);
    for (const [address, times] of seen) assert.ok(times > 350 && times < 650, `${address} ${times} times of 2000`);
  });
});

describe('RFC4592', () => {
  const lines = ['.test:192.0.2.1:a', '+a.b.c.test:192.0.2.5', '+*.test:192.0.2.6', '+*.w.test:192.0.2.7'];
  lines.push("'*.t.test:text", '+x.*.v.test:192.0.2.8');
  const ask = serving(lines, {}, true);
  const A = (name: string, host: number) => `NOERROR AA: ${name} A 192.0.2.${host} | NS`;
  for (const [name, want, before] of [
    ['x.test', A('x.test', 6), A('x.test', 6)],
    ['c.test', 'NOERROR AA:  | SOA', A('c.test', 6)],
    ['b.c.test', 'NOERROR AA:  | SOA', A('b.c.test', 6)],
    ['y.c.test', 'NXDOMAIN AA:  | SOA', A('y.c.test', 6)],
    ['x.a.b.c.test', 'NXDOMAIN AA:  | SOA', A('x.a.b.c.test', 6)],
    ['a.b.c.test', A('a.b.c.test', 5), A('a.b.c.test', 5)],
    ['w.test', 'NOERROR AA:  | SOA', A('w.test', 6)],
    ['*.w.test', A('*.w.test', 7), A('*.w.test', 7)],
    ['u.*.w.test', 'NXDOMAIN AA:  | SOA', A('u.*.w.test', 7)],
    ['u.w.test', A('u.w.test', 7), A('u.w.test', 7)],
    ['u.t.test', 'NOERROR AA:  | SOA', 'NOERROR AA:  | SOA'],
    ['*.v.test', 'NOERROR AA:  | SOA', A('*.v.test', 6)],
    ['q.v.test', 'NXDOMAIN AA:  | SOA', A('q.v.test', 6)],
  ] as const) {
    test(`${name} is ${want}`, () => {
      assert.equal(ask(name, 'A'), want);
      assert.equal(serving(lines)(name, 'A'), before);
    });
  }

  test('every name is answered as RFC 4592 section 3.3.1 has it', () => {
    const label = fc.constantFrom('a', 'b', '*');
    const owner = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(
        fc.array(owner, { minLength: 1, maxLength: 8 }),
        fc.array(owner, { maxLength: 20 }),
        (owners, asked) => {
          const all = new Set(owners.map((name) => `${name}.z.test`));
          const served = serving(
            ['.z.test:192.0.2.1:a.ns.other', ...[...all].map((name) => `+${name}:192.0.2.5`)],
            {},
            true,
          );
          for (const name of asked.map((name) => `${name}.z.test`)) {
            assert.equal(served(name, 'A').replace(/:.* \|/, ': |'), wanted(all, name), `${name} of ${[...all]}`);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

/** What RFC 4592 says of `name` in a zone z.test where the names of `owners` have an A record each. */
function wanted(owners: ReadonlySet<string>, name: string): string {
  const exists = (name: string) =>
    name === 'z.test' || owners.has(name) || [...owners].some((owner) => owner.endsWith(`.${name}`));
  const FOUND = 'NOERROR AA: | NS';
  if (owners.has(name)) return FOUND;
  if (exists(name)) return 'NOERROR AA: | SOA';
  let encloser = name;
  while (!exists(encloser)) encloser = encloser.slice(encloser.indexOf('.') + 1);
  // A wildcard that exists only for names below it answers nothing: NXDOMAIN, as docs/differences.md says.
  return owners.has(`*.${encloser}`) ? FOUND : 'NXDOMAIN AA: | SOA';
}
