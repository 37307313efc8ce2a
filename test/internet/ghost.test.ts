// Domains that were taken away and do not want to die (CVE-2012-1191 and its later variants): a registry delegates a
// domain for two seconds at a time and then revokes it, while the domain's server does what it can to stay in caches.
// New names in the domain must stop resolving when the registry's TTL has run out. Debian's C dnscache runs beside.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/ask.ts';
import { temporaryDirectory } from '../support/programs.ts';
import { type Query, type Reply, reply } from '../support/scripted.ts';
import { miniInternet, skipMini } from './mini.ts';
import { type Resolver, startCDnscache, startDnscache } from './resolvers.ts';

/** Seconds: the TTL of the delegations, and how long after the revocation the domains are asked for. */
const TTL = 2;
const WATCHED = 7;
const WEEK = 604800;

/** A way of staying alive. */
interface Trick {
  label: string;
  title: string;
  /** What the domain's server answers; `n` counts its replies. `zone` is LABEL.good, `at` its server's address. */
  answer: (query: Query, zone: string, n: number, at: string) => Reply;
  /** What the attacker's client asks, the `n`th time, beside a new name in the domain. */
  helper?: (zone: string, n: number) => [name: string, type: string];
  /** The new name asked for; `n` counts. */
  name?: (zone: string, n: number) => string;
}

const host = ({ name, type }: Query, records: string[] = []): Reply =>
  type === 'A' ? { answer: [`${name} 1 A 192.0.2.13`], authority: records } : { authority: records };

const TRICKS: readonly Trick[] = [
  { label: 'plain', title: 'does nothing', answer: (query) => host(query) },
  {
    label: 'ghost',
    title: 'sends its own NS set, each time with a new name, in the authority section (CVE-2012-1191)',
    answer: (query, zone, n, at) => ({
      ...host(query, [`${zone} ${WEEK} NS ns${n}.${zone}`]),
      additional: [`ns${n}.${zone} ${WEEK} A ${at}`],
    }),
  },
  {
    label: 'answered',
    title: 'sends its own NS set as the answer to NS questions',
    helper: (zone) => [zone, 'NS'],
    answer: (query, zone, n, at) => {
      if (query.type !== 'NS') return host(query);
      return { answer: [`${zone} ${WEEK} NS ns${n}.${zone}`], additional: [`ns${n}.${zone} ${WEEK} A ${at}`] };
    },
  },
  {
    label: 'glue',
    title: 'answers for its server with a long TTL',
    helper: (zone) => [`ns.${zone}`, 'A'],
    answer: (query, zone, _n, at) => {
      if (query.name === `ns.${zone}`) return { answer: [`ns.${zone} ${WEEK} A ${at}`] };
      return { ...host(query, [`${zone} ${WEEK} NS ns.${zone}`]), additional: [`ns.${zone} ${WEEK} A ${at}`] };
    },
  },
  {
    label: 'phoenix',
    title: 'plants a delegation below itself with a referral',
    name: (zone, n) => `x${n}.sub.${zone}`,
    answer: (query, zone, _n, at) => {
      if (!isFirst(query, `sub.${zone}`)) return host(query);
      const additional = [`ns.sub.${zone} ${WEEK} A ${at}`];
      return { flags: 0, authority: [`sub.${zone} ${WEEK} NS ns.sub.${zone}`], additional };
    },
  },
  {
    label: 'planted',
    title: 'plants a delegation below itself in the authority section of an answer',
    name: (zone, n) => `x${n}.sub.${zone}`,
    answer: (query, zone, _n, at) => ({
      ...host(query, [`sub.${zone} ${WEEK} NS ns.sub.${zone}`]),
      additional: [`ns.sub.${zone} ${WEEK} A ${at}`],
    }),
  },
  {
    label: 'deeper',
    title: 'goes one delegation deeper each time',
    name: (zone, n) => `x${Array.from({ length: n }, (_, i) => `.d${n - i}`).join('')}.${zone}`,
    answer: (query, _zone, _n, at) => {
      const cut = query.name.slice(query.name.indexOf('.') + 1);
      if (isFirst(query, cut)) {
        return { flags: 0, authority: [`${cut} ${WEEK} NS ns.${cut}`], additional: [`ns.${cut} ${WEEK} A ${at}`] };
      }
      return host(query);
    },
  },
];

const asked = new Set<string>();

/** True once for each resolver and name below which it asks. */
function isFirst({ client, name }: Query, zone: string): boolean {
  const key = `${client} ${zone}`;
  if (asked.has(key) || !name.endsWith(`.${zone}`)) return false;
  asked.add(key);
  return true;
}

describe('revoked domains', { skip: skipMini() }, () => {
  const { internet } = miniInternet('127.41.3');
  /** For each resolver and trick: the last second after the revocation at which a new name resolved; -1 is never. */
  const lastAlive = new Map<string, number>();
  const everAlive = new Set<string>();
  const stillGood: number[] = [];

  before(async () => {
    const directory = temporaryDirectory();
    const roots = [internet.root.address];
    const resolvers: Resolver[] = [
      await startDnscache('127.41.3.201', roots, directory),
      await startCDnscache('127.41.3.202', roots, directory),
    ];
    const kept = [...internet.goodZone.records, ...delegation('stays')];
    internet.goodZone.records = [...kept, ...TRICKS.flatMap(({ label }) => delegation(label))];
    const replies = new Map<string, number>();
    internet.attack((query, send) => {
      const zone = query.name.split('.').slice(-2).join('.');
      const trick = TRICKS.find(({ label }) => `${label}.good` === zone);
      const n = (replies.get(zone) ?? 0) + 1;
      replies.set(zone, n); // of both resolvers
      send(reply(query, trick ? trick.answer(query, zone, n, internet.evil.address) : host(query)));
    });
    let n = 0;
    const round = async (since: number): Promise<void> => {
      n++;
      const probes = resolvers.flatMap((resolver) =>
        TRICKS.map(async ({ label, name, helper }) => {
          const zone = `${label}.good`;
          const now = performance.now();
          const probe = ask(resolver.address, name ? name(zone, n) : `x${n}.${zone}`, 'A', 1500);
          const help = helper?.(zone, n);
          if (help) await ask(resolver.address, help[0], help[1], 1500);
          const { records } = await probe;
          if (records.length === 0) return;
          everAlive.add(`${resolver.name} ${label}`);
          if (since > 0) lastAlive.set(`${resolver.name} ${label}`, (now - since) / 1000);
        }),
      );
      const control = ask('127.41.3.201', `x${n}.stays.good`, 'A', 1500);
      await Promise.all(probes);
      stillGood.push((await control).records.length);
    };
    for (let i = 0; i < 3; i++) await round(0);
    internet.goodZone.records = kept;
    const revoked = performance.now();
    while (performance.now() - revoked < WATCHED * 1000) {
      await round(revoked);
      await sleep(200);
    }
    await Promise.all(resolvers.map((resolver) => resolver.stop()));
  });

  function delegation(label: string): string[] {
    const zone = `${label}.good`;
    return [`${zone} ${TTL} NS ns.${zone}`, `ns.${zone} ${TTL} A ${internet.evil.address}`];
  }

  for (const { label, title } of TRICKS) {
    test(`a domain that ${title} dies with its registry's TTL`, (t) => {
      const seconds = lastAlive.get(`dnscache ${label}`) ?? 0;
      const original = lastAlive.get(`C dnscache ${label}`) ?? 0;
      t.diagnostic(`last answer after ${seconds.toFixed(1)} s; C dnscache: ${original.toFixed(1)} of ${WATCHED} s`);
      assert.ok(everAlive.has(`dnscache ${label}`), 'it never resolved at all');
      // Times are whole seconds in the cache, and an entry lives through the second in which it expires.
      assert.ok(seconds < TTL + 2, `still alive ${seconds} s after the revocation`);
    });
  }

  test('a domain that stays delegated for two seconds at a time keeps resolving', () => {
    assert.ok(stillGood.length > 10);
    assert.deepEqual(
      stillGood.filter((records) => records !== 1),
      [],
    );
  });
});
