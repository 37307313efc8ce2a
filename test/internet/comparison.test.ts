// dnscache beside Unbound and Debian's C dnscache on the private internet: the same questions to all three, each answer
// of ours equal to both, but for the differences in the table below, each with its reason.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Answer, askAll, askTcp } from '../support/ask.ts';
import { needs, temporaryDirectory } from '../support/programs.ts';
import { type ScriptedServer, TC } from '../support/scripted.ts';
import { AUTHORITY_PROGRAMS, startAuthorities } from './authorities.ts';
import { POISON, startBadServers } from './bad-servers.ts';
import { type Server, startCDnscache, startDnscache, startUnbound } from './resolvers.ts';
import { buildWorld, FAULTS } from './world.ts';

const PREFIX = '127.41.1';
const NAMES = 5000;

/** A way in which another resolver's answer may differ from ours, and what ours must then be. */
interface Difference {
  other: 'unbound' | 'C dnscache';
  name: RegExp;
  reason: string;
  ours: (answer: Answer, other: Answer) => boolean;
}

const SERVFAIL_RCODE = 2;
const isFailure = (answer: Answer): boolean => answer.rcode === SERVFAIL_RCODE && answer.records.length === 0;

/** What the good server of a faulty zone says; the others' answers depend on which server they happened to ask. */
const isTrue = (answer: Answer): boolean => {
  const host = /^(h|nx)(\d)\.([a-z-]+)\./.exec(question(answer));
  if (host?.[1] === 'nx') return answer.rcode === 3 && answer.records.length === 0;
  const data = `10.201.${(FAULTS as readonly string[]).indexOf(host?.[3] ?? '')}.${host?.[2]}`;
  return answer.rcode === 0 && answer.records.length === 1 && answer.records[0]!.endsWith(` A "${data}"`);
};

const DIFFERENCES: readonly Difference[] = [
  {
    other: 'unbound',
    name: /^h\d\.dname\./,
    reason: 'Unbound returns the DNAME record with the alias made of it; dnscache, as ever, only the alias',
    ours: (ours, other) =>
      sorted(ours) === sorted({ ...other, records: other.records.filter((r) => !/ DNAME /.test(r)) }),
  },
  {
    other: 'C dnscache',
    name: /^(loop|pool)\./,
    reason: 'the original drops the query at the 17th alias; ours sees the loop and answers SERVFAIL',
    ours: (answer) => answer.rcode === SERVFAIL_RCODE,
  },
  {
    other: 'unbound',
    name: /^(loop|pool)\./,
    reason: 'both answer SERVFAIL; ours shows the aliases, as the original does in every SERVFAIL after aliases',
    ours: (answer) => answer.rcode === SERVFAIL_RCODE,
  },
  {
    other: 'C dnscache',
    name: /\.only-(refusing|failing|formerr|notimp|dead)\./,
    reason: 'the original waits 11 seconds for a server that refuses, fails or is not there, longer than the test does',
    ours: isFailure,
  },
  {
    other: 'unbound',
    name: /\.only-dead\./,
    reason: 'Unbound tries a server that is not there for more than ten seconds; ours leaves it at once',
    ours: isFailure,
  },
  {
    other: 'unbound',
    name: /\.only-lame\./,
    reason: 'Unbound takes a referral to the zone itself for an empty answer; to dnscache the server is lame',
    ours: isFailure,
  },
  {
    other: 'unbound',
    name: /^(h|nx)\d\.lame\./,
    reason: 'the same, when Unbound happened to ask the lame server first; dnscache asks the other one',
    ours: isTrue,
  },
  {
    other: 'C dnscache',
    name: /^(h|nx)\d\.echo\./,
    reason: 'the original takes its own query, sent back, for an empty answer: it does not look at QR',
    ours: isTrue,
  },
  {
    other: 'C dnscache',
    name: /^(h|nx)\d\.malformed\./,
    reason: 'the original drops the query at a malformed reply; ours asks the other server',
    ours: isTrue,
  },
  {
    other: 'C dnscache',
    name: /^(h|nx)\d\.sideways\./,
    reason: 'the original drops the query at a referral sideways; ours asks the other server',
    ours: isTrue,
  },
  {
    other: 'unbound',
    name: /^(h|nx)\d\.sideways\./,
    reason: 'Unbound takes a referral sideways for an empty answer; ours asks the other server',
    ours: isTrue,
  },
];

const questions = new Map<Answer, string>();
const question = (answer: Answer): string => questions.get(answer) ?? '';

describe('dnscache on a private internet', { skip: needs('unbound', 'dnscache', ...AUTHORITY_PROGRAMS) }, () => {
  const world = buildWorld(PREFIX);
  const servers: Server[] = [];
  const bad: ScriptedServer[] = [];
  const directory = temporaryDirectory();
  let address = '';
  let addresses: string[] = [];
  let ours: Answer[] = [];
  const others: { other: Difference['other']; answers: Answer[] }[] = [];

  before(async () => {
    servers.push(...(await startAuthorities(world, directory)));
    bad.push(...(await startBadServers(PREFIX)));
    const start = [startUnbound, startCDnscache, startDnscache];
    const resolvers = await Promise.all(start.map((s, i) => s(`${PREFIX}.${201 + i}`, world.roots, directory)));
    servers.push(...resolvers);
    addresses = resolvers.map((resolver) => resolver.address);
    const [unbound, original, dnscache] = addresses;
    address = dnscache!;
    // Our answers may take as long as they like; the original's stragglers are not waited for.
    others.push({
      other: 'unbound',
      answers: await askAll(unbound!, world.questions, { window: 60, timeout: 10000, retry: 2500 }),
    });
    const answers = await askAll(original!, world.questions, { window: 100, timeout: 6000, retry: 2500 });
    others.push({ other: 'C dnscache', answers });
    ours = await askAll(address, world.questions, { window: 100, timeout: 10000, retry: 2500 });
    for (const [i, answer] of ours.entries()) questions.set(answer, world.questions[i]!.name.toLowerCase());
  });
  after(async () => {
    for (const server of bad) server.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  test(`more than ${NAMES} different names are asked for`, () => {
    assert.ok(new Set(world.questions.map(({ name }) => name.toLowerCase())).size > NAMES);
  });

  test('every question is answered within five seconds', () => {
    const late = ours.flatMap((answer, i) =>
      answer.rcode === undefined || answer.elapsed > 5000 ? [`${describeQuestion(i)}: ${answer.elapsed}`] : [],
    );
    assert.deepEqual(late, []);
  });

  for (const other of ['unbound', 'C dnscache'] as const) {
    test(`the answers are those of ${other}, but for the differences that the table explains`, (t) => {
      const { answers } = others.find((entry) => entry.other === other)!;
      const used = new Map<Difference, number>();
      const unexplained: string[] = [];
      for (const [i, theirs] of answers.entries()) {
        const mine = ours[i]!;
        if (mine.rcode === theirs.rcode && sorted(mine) === sorted(theirs)) continue;
        const name = world.questions[i]!.name.toLowerCase();
        const row = DIFFERENCES.find((row) => row.other === other && row.name.test(name) && row.ours(mine, theirs));
        if (row) used.set(row, (used.get(row) ?? 0) + 1);
        else unexplained.push(`${describeQuestion(i)}: ours ${show(mine)}; ${other} ${show(theirs)}`);
      }
      for (const [row, count] of used) t.diagnostic(`${count} of ${answers.length}: ${row.reason}`);
      assert.deepEqual(unexplained, []);
    });
  }

  test('where one of two servers misbehaves the answers are those of the good one', () => {
    const pattern = new RegExp(`^(h|nx)\\d\\.(${FAULTS.join('|')})\\.`);
    const faulty = ours.filter((answer) => pattern.test(question(answer)));
    assert.equal(faulty.length, FAULTS.length * 20);
    const wrong = faulty.filter((answer) => !isTrue(answer));
    assert.deepEqual(
      wrong.map((answer) => `${question(answer)}: ${show(answer)}`),
      [],
    );
  });

  test('aliases that go round are answered with SERVFAIL and the aliases as the zone has them', () => {
    const loops = ours.filter((answer) => /^loop\./.test(question(answer)));
    assert.ok(loops.length >= 64);
    for (const { rcode, records } of loops) {
      assert.equal(rcode, SERVFAIL_RCODE);
      for (const record of records) assert.match(record, /^(loop|pool)\.(.*) CNAME "(?!\1)(loop|pool)\.\2"$/);
    }
  });

  test('no answer holds what only a lying server said', () => {
    assert.deepEqual(
      ours.filter((answer) => answer.records.some((record) => record.includes(POISON))),
      [],
    );
  });

  test('TTLs are those that Unbound gives, but for the time between the two', () => {
    const { answers } = others.find(({ other }) => other === 'unbound')!;
    const wrong: string[] = [];
    for (const [i, theirs] of answers.entries()) {
      const mine = ours[i]!;
      if (sorted(mine) !== sorted(theirs) || mine.ttls.length === 0) continue;
      if (Math.abs(Math.min(...mine.ttls) - Math.min(...theirs.ttls)) > 120) {
        wrong.push(`${describeQuestion(i)}: ${mine.ttls} and ${theirs.ttls}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test('asked again, out of the cache, the answers are the same and no TTL has grown', async () => {
    const again = await askAll(address, world.questions, { window: 100, timeout: 10000, retry: 2500 });
    const wrong = again.flatMap((answer, i) => {
      const first = ours[i]!;
      // A failure that is remembered comes without the aliases that led to it.
      if (answer.rcode === SERVFAIL_RCODE && first.rcode === SERVFAIL_RCODE) return [];
      const isSame = answer.rcode === first.rcode && sorted(answer) === sorted(first);
      const hasGrown = isSame && Math.max(0, ...answer.ttls) > Math.max(0, ...first.ttls);
      return isSame && !hasGrown ? [] : [`${describeQuestion(i)}: first ${show(first)}, then ${show(answer)}`];
    });
    assert.deepEqual(wrong, []);
  });

  test('sets that do not fit a datagram are cut there and come whole over TCP', async () => {
    const large = world.questions.filter(({ name }) => /^(many|big)\./.test(name));
    assert.ok(large.length > 50);
    for (const question of large) {
      const i = world.questions.indexOf(question);
      assert.equal(ours[i]!.flags & TC, TC, `${describeQuestion(i)} is not truncated`);
      const whole = await Promise.all(addresses.map((resolver) => askTcp(resolver, question)));
      assert.ok(whole[2]!.records.length >= 12);
      for (const answer of whole) assert.equal(sorted(answer), sorted(whole[2]!), describeQuestion(i));
    }
  });

  test('as a forwarder it gives the answers of the resolver it asks', async (t) => {
    const [unbound] = addresses;
    const options = { env: { FORWARDONLY: '1' } };
    const forwarder = await startDnscache(`${PREFIX}.204`, [unbound!], directory, options);
    servers.push(forwarder);
    // A DNAME in front of an alias is the one thing that a forwarder leaves out.
    const questions = world.questions.filter(
      ({ name }) => /\.z\d+\./i.test(name) && !/^(h\d\.dname|loop|pool)/.test(name),
    );
    const [theirs, forwarded] = await Promise.all(
      [unbound!, forwarder.address].map((resolver) => askAll(resolver, questions, { window: 60, retry: 2500 })),
    );
    const wrong = questions.flatMap(({ name, type }, i) => {
      const [mine, other] = [forwarded![i]!, theirs![i]!];
      return mine.rcode === other.rcode && sorted(mine) === sorted(other)
        ? []
        : [`${name} ${type}: ours ${show(mine)}; unbound ${show(other)}`];
    });
    t.diagnostic(`${questions.length} questions`);
    assert.deepEqual(wrong, []);
  });

  function describeQuestion(i: number): string {
    return `${world.questions[i]!.name} ${world.questions[i]!.type}`;
  }
});

/** The records in an order that does not depend on theirs. */
function sorted(answer: Answer): string {
  return [...answer.records].sort().join('\n');
}

function show({ rcode, records }: Answer): string {
  return rcode === undefined ? 'nothing' : `rcode ${rcode} [${records.join(', ')}]`.slice(0, 300);
}
