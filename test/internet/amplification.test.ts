// Servers that try to make dnscache work: referrals to many names elsewhere (NXNS), aliases without end, delegations
// without end. The client gets SERVFAIL soon, and the messages that one question causes are few.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask } from '../support/ask.ts';
import { type Query, type Reply, reply, SERVFAIL } from '../support/scripted.ts';
import { miniInternet, skipMini } from './mini.ts';

/** An attack by the server of `evil`. */
interface Attack {
  title: string;
  answer: (query: Query, at: string) => Reply;
  /** The name asked for, the `n`th time. */
  name: (n: number) => string;
  /** Messages that one question may cause. */
  limit: number;
}

const label = (name: string): string => name.slice(0, name.indexOf('.'));
const number = (name: string): number => Number(/\d+/.exec(label(name))?.[0] ?? 0);
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

const ATTACKS: readonly Attack[] = [
  {
    title: 'a referral to 30 names that do not exist in a zone elsewhere (NXNS)',
    name: (n) => `x.n${n}.evil`,
    answer: ({ name }) => {
      const zone = name.slice(name.indexOf('.') + 1);
      return { flags: 0, authority: range(30).map((j) => `${zone} 300 NS a${j}-${label(zone)}.victim.good`) };
    },
    limit: 25,
  },
  {
    title: 'a referral to 10 names, each below its own referral to 10 names, and so on',
    name: (n) => `x.n${n}.evil`,
    answer: ({ name }) => {
      const zone = name.slice(name.indexOf('.') + 1);
      return { flags: 0, authority: range(10).map((j) => `${zone} 300 NS x.${label(zone)}-${j}.evil`) };
    },
    limit: 100,
  },
  {
    title: 'an alias to itself',
    name: (n) => `x${n}.evil`,
    answer: ({ name }) => ({ answer: [`${name} 300 CNAME ${name}`] }),
    limit: 10,
  },
  {
    title: 'a loop of two aliases',
    name: (n) => `x${2 * n}.evil`,
    answer: ({ name }) => ({ answer: [`${name} 300 CNAME x${number(name) ^ 1}.evil`] }),
    limit: 12,
  },
  {
    title: 'a loop of two aliases that may not be cached',
    name: (n) => `x${2 * n}.evil`,
    answer: ({ name }) => ({ answer: [`${name} 0 CNAME x${number(name) ^ 1}.evil`] }),
    limit: 30,
  },
  {
    title: 'aliases without end',
    name: (n) => `x${n * 1000}.evil`,
    answer: ({ name }) => ({ answer: [`${name} 300 CNAME x${number(name) + 1}.evil`] }),
    limit: 40,
  },
  {
    title: 'two alias loops in one packet, all in the answer section',
    name: (n) => `x${n}.evil`,
    answer: ({ name }) => ({
      answer: [`${name} 300 CNAME y-${name}`, `y-${name} 300 CNAME z-${name}`, `z-${name} 300 CNAME ${name}`],
    }),
    limit: 20,
  },
  {
    title: 'a delegation for every label of a long name',
    name: (n) => `${'a.'.repeat(100)}n${n}.evil`,
    answer: ({ name, raw }, at) => {
      const depth = (depths.get(name) ?? 2) + 1;
      depths.set(name, depth);
      const cut = name.split('.').slice(-depth).join('.');
      assert.ok(raw.length > 0);
      return { flags: 0, authority: [`${cut} 300 NS ns.evil`], additional: [`ns.evil 300 A ${at}`] };
    },
    limit: 110,
  },
  {
    title: 'a name server whose name is an alias to a name below its own zone',
    name: (n) => `x.n${n}.evil`,
    answer: ({ name }) => {
      if (name.startsWith('ns')) return { answer: [`${name} 300 CNAME y.${name.slice(2)}`] };
      const zone = name.slice(name.lastIndexOf('.', name.length - 6) + 1);
      return { flags: 0, authority: range(5).map((j) => `${zone} 300 NS ns${j}.${zone}`) };
    },
    limit: 100,
  },
];
const depths = new Map<string, number>();

describe('making a dnscache work', { skip: skipMini() }, () => {
  const { internet, fresh } = miniInternet('127.41.4');
  const QUESTIONS = 8;

  for (const { title, answer, name, limit } of ATTACKS) {
    test(`${title}: SERVFAIL, soon, after at most ${limit} messages`, async (t) => {
      const figures: string[] = [];
      for (const original of [true, false]) {
        const resolver = await fresh({ original });
        await ask(resolver.address, 'www.victim.good');
        internet.attack((query, send) => {
          send(reply(query, isOfEvil(query) ? internet.evilZone.answer(query) : answer(query, internet.evil.address)));
        });
        depths.clear();
        let most = 0;
        let slowest = 0;
        const rcodes = new Set<number | undefined>();
        for (let n = 1; n <= (original ? 2 : QUESTIONS); n++) {
          const before = internet.queries;
          const { rcode, elapsed } = await ask(resolver.address, name(n), 'A', original ? 500 : 5000);
          most = Math.max(most, internet.queries - before);
          slowest = Math.max(slowest, elapsed);
          rcodes.add(rcode);
        }
        const said = [...rcodes].map((rcode) => (rcode === undefined ? 'nothing' : `rcode ${rcode}`)).join(', ');
        figures.push(`${resolver.name} ${most} messages, ${Math.round(slowest)} ms, ${said}`);
        if (original) continue;
        t.diagnostic(figures.join('; '));
        assert.ok(most <= limit, `${most} messages`);
        assert.deepEqual([...rcodes], [2]);
        assert.ok(slowest < 2000, `${slowest} ms`);
        const good = await ask(resolver.address, 'v1.victim.good');
        assert.equal(good.records.length, 1, 'a good name does not resolve afterwards');
      }
    });
  }

  test('a delegation to addresses that no packet may go to is SERVFAIL, and the server goes on', async () => {
    const resolver = await fresh();
    await ask(resolver.address, 'www.victim.good');
    const addresses = ['255.255.255.255', '127.255.255.255', '127.0.0.0', '0.0.0.0'];
    internet.attack((query, send) => {
      if (isOfEvil(query)) return send(reply(query, internet.evilZone.answer(query)));
      const zone = query.name.slice(query.name.indexOf('.') + 1);
      const some = label(zone) === 'all' ? addresses : [addresses[number(zone)]!];
      const authority = some.map((_, j) => `${zone} 300 NS ns${j}.${zone}`);
      send(reply(query, { flags: 0, authority, additional: some.map((ip, j) => `ns${j}.${zone} 300 A ${ip}`) }));
    });
    for (const zone of [...addresses.map((_, i) => `n${i}`), 'all']) {
      for (const type of ['A', 'MX']) {
        const { rcode, elapsed } = await ask(resolver.address, `x.${zone}.evil`, type);
        assert.equal(rcode, SERVFAIL, zone);
        assert.ok(elapsed < 2000);
      }
    }
    assert.equal((await ask(resolver.address, 'v1.victim.good')).records.length, 1);
    assert.equal(resolver.process.exitCode, null);
  });
});

/** The server's own name, which it answers for honestly. */
function isOfEvil({ name }: Query): boolean {
  return name === 'ns.evil' || name === 'evil';
}
