// Dialogues: delegations, glue and its absence, levels, budgets, and what is believed of a reply.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialogue, type Server } from '../support/dialogue.ts';
import { isWithin, NXDOMAIN, type Reply } from '../support/scripted.ts';

const SERVFAIL_FLAGS = 0x8182;

/** A server that has these delegations, `zone server`, with glue for servers given as `zone server address`. */
function delegating(...cuts: string[]): Server {
  return ({ name }) => {
    const under = cuts.filter((cut) => isWithin(name, cut.split(' ')[0]!));
    const authority = under.map((cut) => `${cut.split(' ')[0]} 3600 NS ${cut.split(' ')[1]}`);
    const additional = under.flatMap((cut) =>
      cut.split(' ')[2] ? [`${cut.split(' ')[1]} 3600 A ${cut.split(' ')[2]}`] : [],
    );
    return under.length > 0 ? { flags: 0, authority, additional } : { rcode: NXDOMAIN };
  };
}

/** A server that has these records, `owner A address`, and denies all others. */
function having(...records: string[]): Server {
  return ({ name, type }) => {
    const answer = records.filter((record) => record.startsWith(`${name} ${type} `));
    return answer.length > 0 ? { answer: answer.map((text) => text.replace(' ', ' 60 ')) } : { rcode: NXDOMAIN };
  };
}

const questions = (outcome: ReturnType<Dialogue['ask']>) =>
  outcome.sent.map(({ server, question }) => `${server} ${question}`);

test('a server without glue is looked up before the question goes on, one level up', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': delegating('a.test ns.b.test', 'b.test ns.b.test 10.0.0.3'),
    '10.0.0.3': having('ns.b.test A 10.0.0.4'),
    '10.0.0.4': having('x.a.test A 192.0.2.1'),
  });
  const outcome = dialogue.ask('x.a.test');
  assert.deepEqual(outcome.records, ['x.a.test 60 A 192.0.2.1']);
  assert.deepEqual(questions(outcome), [
    '10.0.0.1 A x.a.test',
    '10.0.0.1 A ns.b.test',
    '10.0.0.3 A ns.b.test',
    '10.0.0.4 A x.a.test',
  ]);
  assert.match(outcome.log.join('\n'), /^tx 1 1 ns\.b\.test\. \. 0a000001$/m);
});

test('one known address is enough: the other names are not looked up', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': delegating('a.test ns.dead.test', 'a.test ns.a.test 10.0.0.2', 'dead.test ns.dead.test 10.0.0.9'),
    '10.0.0.2': having('x.a.test A 192.0.2.1'),
  });
  const outcome = dialogue.ask('x.a.test');
  assert.deepEqual(questions(outcome), ['10.0.0.1 A x.a.test', '10.0.0.2 A x.a.test']);
  assert.equal(outcome.seconds, 0);
});

test('when the known server stays silent for a round the other names are looked up, and help', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': delegating('a.test ns.b.test', 'a.test ns.a.test 10.0.0.2', 'b.test ns.b.test 10.0.0.3'),
    '10.0.0.3': having('ns.b.test A 10.0.0.4'),
    '10.0.0.4': having('x.a.test A 192.0.2.1'),
  });
  const outcome = dialogue.ask('x.a.test');
  assert.deepEqual(outcome.records, ['x.a.test 60 A 192.0.2.1']);
  assert.equal(outcome.seconds, 1);
});

test('a dead name server name does not keep a slow server from being asked again', () => {
  let tries = 0;
  const dialogue = new Dialogue({
    '10.0.0.1': delegating('a.test ns.dead.test', 'a.test ns.a.test 10.0.0.2', 'dead.test ns.dead.test 10.0.0.9'),
    '10.0.0.2': (asked) => (tries++ === 0 ? 'silent' : having('x.a.test A 192.0.2.1')(asked)),
  });
  const outcome = dialogue.ask('x.a.test');
  assert.deepEqual(outcome.records, ['x.a.test 60 A 192.0.2.1']);
  assert.equal(outcome.seconds, 1 + 1);
});

test('name servers that are addresses or localhost are asked there', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': delegating('a.test 10.0.0.2', 'b.test localhost', 'c.test 1.0.0.127.in-addr.arpa'),
    '10.0.0.2': having('x.a.test A 192.0.2.1'),
    '127.0.0.1': having('x.b.test A 192.0.2.2'),
  });
  assert.deepEqual(dialogue.ask('x.a.test').records, ['x.a.test 60 A 192.0.2.1']);
  assert.deepEqual(dialogue.ask('x.b.test').records, ['x.b.test 60 A 192.0.2.2']);
  assert.equal(dialogue.ask('x.c.test').flags, SERVFAIL_FLAGS);
});

test('a name server whose name is an alias is found; one that is an alias of itself is not', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': ({ name }) => {
      if (name === 'ns.b.test') return { answer: ['ns.b.test 60 CNAME real.b.test'] };
      if (name === 'real.b.test') return { answer: ['real.b.test 60 A 10.0.0.2'] };
      if (name === 'ns.c.test') return { answer: ['ns.c.test 60 CNAME ns.c.test'] };
      return delegating('a.test ns.b.test', 'c.test ns.c.test')({ name } as never);
    },
    '10.0.0.2': having('x.a.test A 192.0.2.1'),
  });
  assert.deepEqual(dialogue.ask('x.a.test').records, ['x.a.test 60 A 192.0.2.1']);
  const { flags, sent } = dialogue.ask('x.c.test');
  assert.equal(flags, SERVFAIL_FLAGS);
  assert.ok(sent.length < 10, `${sent.length}`);
});

test('lookups for lookups end at the fourth level', () => {
  // a.test is served by ns.b.test, which is served by ns.c.test, and so on.
  const letters = 'abcdefgh';
  const cuts = [...letters].map((letter, i) => `${letter}.test ns.${letters[i + 1] ?? 'i'}.test`);
  const outcome = new Dialogue({ '10.0.0.1': delegating(...cuts) }).ask('x.a.test');
  assert.equal(outcome.flags, SERVFAIL_FLAGS);
  const levels = outcome.log.filter((line) => line.startsWith('tx')).map((line) => line.split(' ')[1]);
  assert.deepEqual(levels, ['0', '1', '2', '3', '4']);
});

test('a referral to sixteen names that do not exist makes at most ten lookups (NXNS)', () => {
  const cuts = Array.from({ length: 16 }, (_, i) => `a.test n${i}.victim.test`);
  const dialogue = new Dialogue({
    '10.0.0.1': delegating(...cuts, 'victim.test ns.victim.test 10.0.0.2'),
    '10.0.0.2': having(),
  });
  const outcome = dialogue.ask('x.a.test');
  assert.equal(outcome.flags, SERVFAIL_FLAGS);
  assert.equal(outcome.sent.filter(({ server }) => server === '10.0.0.2').length, 10);
});

test('of a referral the first sixteen names are used, in the cache all are logged', () => {
  const cuts = Array.from({ length: 20 }, (_, i) => `a.test n${i}.a.test 10.1.0.${i}`);
  const servers: Record<string, Server> = { '10.0.0.1': delegating(...cuts) };
  for (let i = 0; i < 20; i++) servers[`10.1.0.${i}`] = having('x.a.test A 192.0.2.1', 'y.a.test A 192.0.2.2');
  const dialogue = new Dialogue(servers);
  // 20 NS records and their glue are more than 512 octets.
  const first = dialogue.ask('x.a.test').log.filter((line) => line.startsWith('tx'))[1]!;
  assert.equal(first.split(' ').length, 5 + 16);
  assert.equal(dialogue.ask('y.a.test').log.filter((line) => line.startsWith('cached ns')).length, 20);
});

test('the nearest cached delegation is used; for lookups of the second level and above it is not', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': delegating(
      'a.test ns.a.test 10.0.0.2',
      'b.test ns.c.test',
      'c.test ns.d.test',
      'd.test ns.d.test 10.0.0.3',
    ),
    '10.0.0.2': having('x.a.test A 192.0.2.1', 'y.a.test A 192.0.2.2'),
    '10.0.0.3': having('ns.d.test A 10.0.0.3', 'ns.c.test A 10.0.0.4', 'z.d.test A 192.0.2.3'),
    '10.0.0.4': having('x.b.test A 192.0.2.4'),
  });
  dialogue.ask('x.a.test');
  assert.deepEqual(questions(dialogue.ask('y.a.test')), ['10.0.0.2 A y.a.test']);
  const outcome = dialogue.ask('x.b.test');
  assert.deepEqual(outcome.records, ['x.b.test 60 A 192.0.2.4']);
});

test('a lookup of the second level uses a delegation of the cache that has an address, and needs no other lookup', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': delegating('b.test ns.c.test', 'c.test ns2.d.test', 'd.test ns.d.test 10.0.0.3'),
    '10.0.0.3': having('ns2.d.test A 10.0.0.3', 'ns.c.test A 10.0.0.4', 'z.d.test A 192.0.2.3'),
    '10.0.0.4': having('x.b.test A 192.0.2.4'),
  });
  dialogue.ask('z.d.test');
  const outcome = dialogue.ask('x.b.test');
  assert.deepEqual(outcome.records, ['x.b.test 60 A 192.0.2.4']);
  assert.deepEqual(questions(outcome), [
    '10.0.0.1 A x.b.test',
    '10.0.0.1 A ns.c.test',
    '10.0.0.3 A ns2.d.test',
    '10.0.0.3 A ns.c.test',
    '10.0.0.4 A x.b.test',
  ]);
});

test("a zone's own NS set is neither logged nor kept, but for zones of servers/ and with forwarders", () => {
  const own: Server = ({ name }) => ({ answer: [`${name} 60 A 192.0.2.1`], authority: ['a.test 60 NS other.a.test'] });
  const servers = { '10.0.0.1': delegating('a.test ns.a.test 10.0.0.2'), '10.0.0.2': own };
  assert.doesNotMatch(new Dialogue(servers).ask('x.a.test').log.join(), /other/);
  const listed = new Dialogue(servers, { roots: { 'a.test': ['10.0.0.2'] } });
  assert.match(listed.ask('x.a.test').log.join(), /rr 0a000002 60 ns a\.test\. other\.a\.test\./);
  const forwarding = new Dialogue({ '10.0.0.1': own }, { forwardOnly: true });
  assert.match(forwarding.ask('x.a.test').log.join(), /rr 0a000001 60 ns a\.test\. other\.a\.test\./);
});

test('a delegation that is not on the way to the name asked for is not believed', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': ({ name }) =>
      name === 'x.test'
        ? {
            answer: ['x.test 60 A 192.0.2.1'],
            authority: ['victim.test 60 NS n.victim.test'],
            additional: ['n.victim.test 60 A 10.6.6.6'],
          }
        : { answer: [`${name} 60 A 192.0.2.2`] },
  });
  assert.doesNotMatch(dialogue.ask('x.test').log.join(), / ns victim/);
  assert.deepEqual(questions(dialogue.ask('y.victim.test')), ['10.0.0.1 A y.victim.test']);
});

test('seventeen aliases are too many: SERVFAIL with the sixteen, and a drop line', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': ({ name }) => {
      const n = Number(name.slice(1));
      return { answer: [n < 17 ? `${name} 60 CNAME n${n + 1}` : `${name} 60 A 192.0.2.1`] };
    },
  });
  const sixteen = dialogue.ask('n1');
  assert.equal(sixteen.records.length, 17);
  const { flags, records, log } = dialogue.ask('n0');
  assert.equal(flags, SERVFAIL_FLAGS);
  assert.equal(records.length, 16);
  assert.equal(log.at(-1), 'drop EIO');
});

for (const loop of [
  ['x', 'x'],
  ['x', 'y', 'x'],
  ['x', 'y', 'z', 'y'],
]) {
  test(`the alias loop ${loop.join(' -> ')} is SERVFAIL after one question for each name`, () => {
    const next = (name: string) => loop[loop.indexOf(name) + 1] ?? loop[loop.indexOf(loop.at(-1)!) + 1];
    const dialogue = new Dialogue({ '10.0.0.1': ({ name }) => ({ answer: [`${name} 0 CNAME ${next(name)}`] }) });
    const { flags, sent } = dialogue.ask('x');
    assert.equal(flags, SERVFAIL_FLAGS);
    assert.equal(sent.length, loop.length - 1);
  });
}

test('a hundred steps are too many', () => {
  // Every question is referred one label down, and the name has 120 labels.
  const deep: Server = ({ name, overTcp }) => {
    if (!overTcp) depth++;
    const zone = name.split('.').slice(-depth).join('.');
    return { flags: 0, authority: [`${zone} 3600 NS ns.${zone}`], additional: [`ns.${zone} 3600 A 10.0.0.1`] };
  };
  let depth = 0;
  const { flags, log } = new Dialogue({ '10.0.0.1': deep }).ask(`${'x.'.repeat(120)}y`);
  assert.equal(flags, SERVFAIL_FLAGS);
  assert.equal(log.at(-1), 'drop EIO');
  assert.equal(log.filter((line) => line.startsWith('tx')).length, 99);
});

/** Records that the servers of a.test, asked for x.a.test, have no business with. */
const FOREIGN = ['www.victim.test 60 A 10.6.6.6', 'victim.test 60 NS ns.evil.test', '. 60 NS ns.evil.test'];
const victims: readonly [name: string, type: string][] = [
  ['www.victim.test', 'A'],
  ['victim.test', 'NS'],
];

function withVictim(extra: Partial<Record<'answer' | 'authority' | 'additional', string[]>>): Dialogue {
  return new Dialogue({
    '10.0.0.1': delegating('a.test ns.a.test 10.0.0.2', 'victim.test ns.victim.test 10.0.0.3'),
    '10.0.0.2': ({ name }) => ({
      answer: [`${name} 60 A 192.0.2.1`, ...(extra.answer ?? [])],
      authority: extra.authority ?? [],
      additional: extra.additional ?? [],
    }),
    '10.0.0.3': ({ name, type }) => ({
      answer: [`${name} 60 ${type} ${type === 'A' ? '192.0.2.9' : 'ns.victim.test'}`],
    }),
  });
}

for (const section of ['answer', 'authority', 'additional'] as const) {
  test(`records of other zones in the ${section} section are not logged and not believed`, () => {
    const dialogue = withVictim({ [section]: FOREIGN });
    assert.doesNotMatch(dialogue.ask('x.a.test').log.join('\n'), /victim|evil/);
    for (const [name, type] of victims) {
      assert.doesNotMatch(dialogue.ask(name, type).records.join(), /10\.6\.6\.6|evil/);
    }
  });

  test(`records of the zone itself in the ${section} section that were not asked for never reach a client`, () => {
    const dialogue = withVictim({ [section]: ['www.a.test 60 A 10.6.6.6', 'x.a.test 60 MX 1 evil.a.test'] });
    dialogue.ask('x.a.test');
    assert.deepEqual(
      dialogue.ask('www.a.test').records,
      section === 'answer' ? ['www.a.test 60 A 192.0.2.1', 'www.a.test 60 A 10.6.6.6'] : ['www.a.test 60 A 192.0.2.1'],
    );
    assert.equal(dialogue.ask('x.a.test', 'MX').sent.length, 1);
  });
}

test('additional data for the very name asked for does not join the answer', () => {
  const dialogue = withVictim({ additional: ['x.a.test 60 A 10.6.6.6'] });
  assert.deepEqual(dialogue.ask('x.a.test').records, ['x.a.test 60 A 192.0.2.1']);
  assert.deepEqual(dialogue.ask('x.a.test').records, ['x.a.test 60 A 192.0.2.1']);
});

test('what an alias leads to is kept, but not over what was asked for', () => {
  let chained = '192.0.2.2';
  const dialogue = new Dialogue({
    '10.0.0.1': ({ name }): Reply =>
      name === 'c.test'
        ? { answer: ['c.test 60 CNAME w.test', `w.test 60 A ${chained}`] }
        : { answer: [`${name} 60 A 192.0.2.1`] },
  });
  assert.deepEqual(dialogue.ask('c.test').sent.length, 1);
  assert.deepEqual(dialogue.ask('w.test').records, ['w.test 60 A 192.0.2.2']);
  dialogue.now += 61;
  dialogue.ask('w.test');
  chained = '10.6.6.6';
  assert.deepEqual(dialogue.ask('c.test').records, ['c.test 60 CNAME w.test', 'w.test 60 A 192.0.2.1']);
});

test('glue is not replaced from deeper down, only by the zone that gave it or one above', () => {
  const dialogue = new Dialogue({
    '10.0.0.1': delegating('a.test ns.a.test 10.0.0.2'),
    '10.0.0.2': ({ name }) =>
      name === 'x.sub.a.test'
        ? { flags: 0, authority: ['sub.a.test 60 NS ns.a.test'], additional: ['ns.a.test 60 A 10.6.6.6'] }
        : { answer: [`${name} 60 A 192.0.2.1`] },
    '10.6.6.6': ({ name }) => ({ answer: [`${name} 60 A 10.6.6.6`] }),
  });
  dialogue.ask('y.a.test');
  dialogue.ask('x.sub.a.test');
  const { records, sent } = dialogue.ask('z.a.test');
  assert.deepEqual(records, ['z.a.test 60 A 192.0.2.1']);
  assert.equal(sent[0]!.server, '10.0.0.2');
});

test('domains of servers/ are their servers’ business: others are not believed about them', () => {
  const dialogue = new Dialogue(
    {
      '10.0.0.1': ({ name }) => ({
        answer: [`${name} 60 CNAME x.priv.test`, 'x.priv.test 60 A 10.6.6.6'],
      }),
      '10.0.0.2': ({ name }) => ({ answer: [`${name} 60 A 192.0.2.1`] }),
    },
    { roots: { '.': ['10.0.0.1'], 'priv.test': ['10.0.0.2'] } },
  );
  const { records, log } = dialogue.ask('y.test');
  assert.deepEqual(records, ['y.test 60 CNAME x.priv.test', 'x.priv.test 60 A 192.0.2.1']);
  assert.doesNotMatch(log.join('\n'), /0a060606/);
});

test('a delegation with TTL 0 serves the question that was told of it, and no other', () => {
  const dialogue = new Dialogue(
    {
      '10.0.0.1': () => ({ flags: 0, authority: ['test 0 NS ns.test'], additional: ['ns.test 0 A 10.0.0.2'] }),
      '10.0.0.2': ({ name }) => ({ answer: [name === 'x.test' ? 'x.test 0 CNAME y.test' : 'y.test 0 A 192.0.2.1'] }),
    },
    { roots: { '.': ['10.0.0.1'] } },
  );
  const servers = () => dialogue.ask('x.test').sent.map(({ server }) => server);
  assert.deepEqual(servers(), ['10.0.0.1', '10.0.0.2', '10.0.0.2']);
  assert.deepEqual(servers(), ['10.0.0.1', '10.0.0.2', '10.0.0.2']);
});

test('a set of more than 8192 octets is answered and logged, not kept', () => {
  const many = Array.from({ length: 2100 }, (_, i) => `x 60 A 10.8.${i >> 8}.${i & 255}`);
  const dialogue = new Dialogue({ '10.0.0.1': ({ overTcp }) => (overTcp ? { answer: many } : { flags: 0x200 }) });
  assert.equal(dialogue.ask('x').records.length, 2100);
  assert.equal(dialogue.resolver.cache.motion, 0);
  assert.equal(dialogue.ask('x').sent.length, 2);
});

/** What a removed domain does to stay: the reply of its servers; `n` counts its questions. */
const GHOSTS: readonly [title: string, reply: (name: string, n: number) => Reply][] = [
  ['sends its own NS set', (name, n) => planting(name, 'g.test', `n${n}`)],
  ['refreshes its glue', (name) => planting(name, 'g.test', 'ns')],
  ['delegates a subdomain to itself in an answer', (name, n) => planting(name, 'sub.g.test', `n${n}`)],
  [
    'delegates a subdomain to itself with a referral',
    (name, n) => (n === 0 ? { ...planting(name, 'sub.g.test', 'ns'), answer: [] } : planting(name, 'g.test', 'ns')),
  ],
];

/** An answer that says who serves `zone`: the server of the removed domain, for a week. */
function planting(name: string, zone: string, server: string): Reply {
  return {
    answer: [`${name} 1 A 192.0.2.1`],
    authority: [`${zone} 604800 NS ${server}.${zone}`],
    additional: [`${server}.${zone} 604800 A 10.0.0.2`],
  };
}

for (const [title, deed] of GHOSTS) {
  test(`a domain that ${title} dies when its delegation does (ghost domains)`, () => {
    let n = 0;
    let isRegistered = true;
    const dialogue = new Dialogue({
      '10.0.0.1': () =>
        isRegistered
          ? { flags: 0, authority: ['g.test 100 NS ns.g.test'], additional: ['ns.g.test 100 A 10.0.0.2'] }
          : { rcode: NXDOMAIN, authority: ['test 60 SOA n h 1 2 3 4 60'] },
      '10.0.0.2': ({ name }) => deed(name, n++),
    });
    for (let second = 0; second < 300; second += 10) {
      const { records } = dialogue.ask(`x${second}.sub.g.test`);
      assert.equal(records.length, second <= 100 ? 1 : 0, `after ${second} s`);
      isRegistered = false;
      dialogue.now += 10;
    }
  });
}
