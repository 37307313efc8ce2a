// Dialogues: a delegation is known, the address of its server is not. See docs/resolution.md, "A delegation whose
// servers cannot be found".
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialogue, type Server } from '../support/dialogue.ts';
import { isWithin, NXDOMAIN, REFUSED, type Reply } from '../support/scripted.ts';

const WWW = '192.0.2.1';

/** What a zone's server knows. TTLs are those of the records; `cuts` are its delegations with what it adds to them. */
interface Zone {
  readonly apex: string;
  readonly records?: readonly string[];
  readonly cuts?: readonly Cut[];
}

interface Cut {
  readonly ns: readonly string[];
  readonly glue?: readonly string[];
}

/** A server of these zones: answers with AA, referrals without, NXDOMAIN for the rest. */
function serving(...zones: Zone[]): Server {
  return ({ name, type }): Reply => {
    const zone = zones.filter(({ apex }) => isWithin(name, apex)).sort((a, b) => b.apex.length - a.apex.length)[0];
    if (!zone) return { rcode: REFUSED, flags: 0 };
    const cut = (zone.cuts ?? []).find(({ ns }) => isWithin(name, ns[0]!.split(' ')[0]!));
    if (cut) return { flags: 0, authority: cut.ns, additional: cut.glue ?? [] };
    const of = (zone.records ?? []).filter((record) => record.split(' ')[0] === name);
    const answer = of.filter((record) => record.split(' ')[2] === type);
    const soa = `${zone.apex} 60 SOA n.${zone.apex} h 1 2 3 4 60`;
    if (answer.length > 0) return { answer };
    return of.length > 0 ? { authority: [soa] } : { rcode: NXDOMAIN, authority: [soa] };
  };
}

const ROOT = serving({ apex: '', cuts: [{ ns: ['test 86400 NS ns.test'], glue: ['ns.test 86400 A 10.0.1.1'] }] });

/** The internet of these tests: the root, `test` at 10.0.1.1 with this delegation of b.test, b.test at 10.0.2.1. */
function internet(cut: Cut, b: Partial<Zone> = {}): Record<string, Server> {
  const records = ['www.b.test 1 A 192.0.2.1', 'ns.b.test 1 A 10.0.2.1', ...(b.records ?? [])];
  return {
    '10.0.0.1': ROOT,
    '10.0.1.1': serving({ apex: 'test', cuts: [cut] }),
    '10.0.2.1': serving({ apex: 'b.test', records, ...(b.cuts ? { cuts: b.cuts } : {}) }),
  };
}

const NS = ['b.test 3600 NS ns.b.test'];
const GLUE = ['ns.b.test 1 A 10.0.2.1'];

/** Asks for the name until the glue has expired, twice more, and expects the address each time. */
function holds(dialogue: Dialogue, name = 'www.b.test', type = 'A', expected = WWW): void {
  for (const wait of [0, 2, 100, 1000]) {
    dialogue.now += wait;
    const outcome = dialogue.ask(name, type);
    assert.deepEqual(
      outcome.records.map((record) => record.split(' ')[3]),
      [expected],
      `${wait} s later: ${outcome.log.join('\n')}`,
    );
    assert.ok(outcome.sent.length <= 31, `${outcome.sent.length} messages`);
  }
}

test('glue that expires under a live NS set is asked of the zone above again', () => {
  holds(new Dialogue(internet({ ns: NS, glue: GLUE })));
});

test('glue that the referral leaves out is asked of the zone above', () => {
  const servers = internet({ ns: NS });
  const parent = servers['10.0.1.1']!;
  // The parent tells the address only to who asks for it, as a referral with glue.
  servers['10.0.1.1'] = (asked) =>
    asked.name === 'ns.b.test' ? { flags: 0, authority: NS, additional: GLUE } : parent(asked);
  holds(new Dialogue(servers));
});

test('glue that the parent stops sending is asked of the zone above', () => {
  let asked = 0;
  const servers = internet({ ns: NS });
  const parent = servers['10.0.1.1']!;
  servers['10.0.1.1'] = (question) =>
    asked++ === 0 || question.name === 'ns.b.test' ? { flags: 0, authority: NS, additional: GLUE } : parent(question);
  holds(new Dialogue(servers));
});

test('glue that expires is found for a zone below too', () => {
  const servers = internet(
    { ns: NS, glue: GLUE },
    { cuts: [{ ns: ['c.b.test 3600 NS ns.c.b.test'], glue: ['ns.c.b.test 1 A 10.0.3.1'] }] },
  );
  servers['10.0.3.1'] = serving({
    apex: 'c.b.test',
    records: ['www.c.b.test 1 A 192.0.2.1', 'ns.c.b.test 1 A 10.0.3.1'],
  });
  const dialogue = new Dialogue(servers);
  holds(dialogue, 'www.c.b.test');
  holds(dialogue);
});

/** Zones z1.test, z2.z1.test and so on, each a server of its own with glue that lives a second. */
function chain(length: number, hasGlue: boolean): Record<string, Server> {
  const servers: Record<string, Server> = { '10.0.0.1': ROOT };
  for (let n = 0; n <= length; n++) {
    const apex = nameOfZone(n);
    const child = nameOfZone(n + 1);
    const glue = [`ns.${child} 1 A 10.0.${n + 2}.1`];
    const referral = { ns: [`${child} 3600 NS ns.${child}`], ...(hasGlue ? { glue } : {}) };
    const records = [`www.${apex} 1 A 192.0.2.1`, `ns.${apex} 1 A 10.0.${n + 1}.1`];
    const server = serving({ apex, records, cuts: n < length ? [referral] : [] });
    servers[`10.0.${n + 1}.1`] = (asked) =>
      asked.name === `ns.${child}` && n < length ? { flags: 0, answer: glue } : server(asked);
  }
  return servers;
}

function nameOfZone(n: number): string {
  return `${Array.from({ length: n }, (_, i) => `z${n - i}.`).join('')}test`;
}

for (const hasGlue of [true, false]) {
  // Ten lookups in one question are the most (NXNS).
  const length = hasGlue ? 12 : 9;
  test(`glue that ${hasGlue ? 'expires' : 'nobody adds'} is found through a chain of ${length} zones`, () => {
    const dialogue = new Dialogue(chain(length, hasGlue));
    for (let n = 1; n <= length; n++) assert.equal(dialogue.ask(`www.${nameOfZone(n)}`).records.length, 1, `zone ${n}`);
    dialogue.now += 10;
    for (let n = length; n >= 1; n--) assert.equal(dialogue.ask(`www.${nameOfZone(n)}`).records.length, 1, `zone ${n}`);
  });
}

test('twelve names along a chain of twelve zones are found when all are asked at once, also when the glue has expired', () => {
  const dialogue = new Dialogue(chain(12, true));
  const names = Array.from({ length: 12 }, (_, i) => `www.${nameOfZone(i + 1)}`);
  for (let time = 0; time < 3; time++) {
    const found = dialogue.askTogether(names).map((records) => records.length);
    assert.deepEqual(found, Array(12).fill(1), `time ${time}`);
    dialogue.now += 10;
  }
});

for (const [title, other] of [
  ['is dead', () => 'silent'],
  ['refuses', () => ({ rcode: REFUSED, flags: 0 })],
] as const) {
  test(`when the other server of the zone ${title}, the one whose glue has expired is found`, () => {
    const ns = [...NS, 'b.test 3600 NS ns2.b.test'];
    const servers = internet({ ns, glue: [...GLUE, 'ns2.b.test 3600 A 10.0.2.2'] });
    servers['10.0.2.2'] = other as Server;
    holds(new Dialogue(servers));
  });
}

test("the server's own name is asked for when its glue has expired", () => {
  holds(new Dialogue(internet({ ns: NS, glue: GLUE })), 'ns.b.test', 'A', '10.0.2.1');
});

test('an AAAA record of the server that lives does not stand in for its address', () => {
  const records = ['ns.b.test 3600 AAAA 2001:db8::1'];
  const dialogue = new Dialogue(internet({ ns: NS, glue: GLUE }, { records }));
  holds(dialogue, 'ns.b.test', 'AAAA', '2001:db8::1');
  holds(dialogue);
});

test('the parent may tell the address in its answer section only', () => {
  const servers = internet({ ns: NS });
  const parent = servers['10.0.1.1']!;
  servers['10.0.1.1'] = (asked) =>
    asked.name === 'ns.b.test' && asked.type === 'A' ? { flags: 0, answer: GLUE } : parent(asked);
  holds(new Dialogue(servers));
});

for (const when of ['the first time', 'when the glue has expired'] as const) {
  test(`two zones whose servers live in each other are found ${when}`, () => {
    const a = ['a.test 3600 NS ns.b.test'];
    const b = ['b.test 3600 NS ns.a.test'];
    const servers: Record<string, Server> = {
      '10.0.0.1': ROOT,
      '10.0.1.1': serving({
        apex: 'test',
        cuts: [
          { ns: a, glue: ['ns.b.test 1 A 10.0.2.1'] },
          { ns: b, glue: ['ns.a.test 1 A 10.0.2.2'] },
        ],
      }),
      '10.0.2.1': serving({ apex: 'a.test', records: ['www.a.test 1 A 192.0.2.1', 'ns.a.test 1 A 10.0.2.2'] }),
      '10.0.2.2': serving({ apex: 'b.test', records: ['www.b.test 1 A 192.0.2.1', 'ns.b.test 1 A 10.0.2.1'] }),
    };
    if (when === 'the first time') {
      for (const name of ['www.a.test', 'www.b.test']) {
        assert.equal(new Dialogue(servers).ask(name).records.length, 1);
      }
      return;
    }
    const dialogue = new Dialogue(servers);
    holds(dialogue, 'www.a.test');
    holds(dialogue, 'www.b.test');
  });
}

test('two zones under two parents, each served from both, are found when the glue has expired', () => {
  const parent = (apex: string, zone: string, other: string, address: string): Zone => ({
    apex,
    cuts: [
      {
        ns: [`${zone}.${apex} 3600 NS ns.${other}`, `${zone}.${apex} 3600 NS ns.${zone}.${apex}`],
        glue: [`ns.${zone}.${apex} 1 A ${address}`],
      },
    ],
  });
  const zones = [
    { apex: 'a.one', records: ['www.a.one 1 A 192.0.2.1', 'ns.a.one 1 A 10.0.2.1'] },
    { apex: 'b.two', records: ['www.b.two 1 A 192.0.2.1', 'ns.b.two 1 A 10.0.2.2'] },
  ];
  const dialogue = new Dialogue({
    '10.0.0.1': serving({
      apex: '',
      cuts: [
        { ns: ['one 86400 NS ns.one'], glue: ['ns.one 86400 A 10.0.1.1'] },
        { ns: ['two 86400 NS ns.two'], glue: ['ns.two 86400 A 10.0.1.2'] },
      ],
    }),
    '10.0.1.1': serving(parent('one', 'a', 'b.two', '10.0.2.1')),
    '10.0.1.2': serving(parent('two', 'b', 'a.one', '10.0.2.2')),
    '10.0.2.1': serving(...zones),
    '10.0.2.2': serving(...zones),
  });
  holds(dialogue, 'www.a.one');
  holds(dialogue, 'www.b.two');
});

for (const [title, order] of [
  ['after', 1],
  ['before', -1],
] as const) {
  test(`a stray NS record ${title} those of the delegation changes nothing`, () => {
    const stray = ['elsewhere.example 3600 NS ns.elsewhere.example'];
    const ns = order === 1 ? [...NS, ...stray] : [...stray, ...NS];
    const servers = internet({ ns: NS, glue: GLUE });
    servers['10.0.1.1'] = () => ({ flags: 0, authority: ns, additional: GLUE });
    holds(new Dialogue(servers));
  });
}

test('glue whose TTL is 0, or no sane TTL, leads to the server all the same', () => {
  for (const ttl of [0, 1000000001, 4294967295]) {
    const glue = [`ns.b.test ${ttl} A 10.0.2.1`];
    holds(new Dialogue(internet({ ns: NS, glue })));
    holds(new Dialogue(internet({ ns: [`b.test ${ttl} NS ns.b.test`], glue })));
  }
});

test('a cache that forgets the address before the delegation loses nothing', () => {
  for (const cacheSize of [200, 300, 400, 600, 1000]) {
    const dialogue = new Dialogue(internet({ ns: NS, glue: ['ns.b.test 3600 A 10.0.2.1'] }), { cacheSize });
    for (let i = 0; i < 20; i++) {
      dialogue.now += 1;
      assert.equal(dialogue.ask('www.b.test').records.length, 1, `${cacheSize} octets, question ${i}`);
    }
  }
});

test('zones whose servers lead through ten zones and back end within the bounds', () => {
  // Each zone's only server is in the next one; nobody ever tells an address.
  const cuts = Array.from({ length: 10 }, (_, i) => ({ ns: [`l${i}.test 3600 NS ns.l${(i + 1) % 10}.test`] }));
  const dialogue = new Dialogue({ '10.0.0.1': ROOT, '10.0.1.1': serving({ apex: 'test', cuts }) });
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 10; i++) {
      const { flags, sent } = dialogue.ask(`www.l${i}.test`);
      assert.equal(flags, 0x8182);
      assert.ok(sent.length <= 31, `${sent.length} messages`);
    }
    dialogue.now += 10;
  }
});
