// Ordinary life on a private internet: glue that expires, is left out, or has no TTL, servers that are dead, refuse or
// answer without AA. dnscache is asked beside Unbound and Debian's C dnscache, name by name and all at once; where one
// of them finds an answer ours must find it too.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/ask.ts';
import { needs, temporaryDirectory } from '../support/programs.ts';
import { isWithin, NXDOMAIN, type Query, REFUSED, type Reply, reply, ScriptedServer } from '../support/scripted.ts';
import { type Resolver, startCDnscache, startDnscache, startUnbound } from './resolvers.ts';

const PREFIX = '127.41.8';
const TRUTH = '192.0.2.80';
const at = (i: number): string => `${PREFIX}.${i}`;

/** What the servers of `test` say of a zone below it; the zone's servers, by the last octet of their addresses. */
interface Row {
  readonly title: string;
  readonly zone: string;
  readonly parent: (query: Query) => Reply;
  readonly servers: Readonly<Record<number, (query: Query) => Reply | undefined>>;
}

const ns = (zone: string, server = `ns.${zone}`): string => `${zone} 3600 NS ${server}`;
const soa = (zone: string): string => `${zone} 60 SOA ns.${zone} h.${zone} 1 2 3 4 60`;

/** A server of the zone, whose own address is `address`: hosts exist, and are at one address. */
const good =
  (zone: string, address: number, flags?: number) =>
  ({ name, type }: Query): Reply => {
    const known = flags === undefined ? {} : { flags };
    if (!isWithin(name, zone)) return { rcode: REFUSED, flags: 0 };
    if (type !== 'A') return { ...known, authority: [soa(zone)] };
    return { ...known, answer: [`${name} 1 A ${name.startsWith('ns') ? at(address) : TRUTH}`] };
  };

function row(title: string, zone: string, address: number, parent: Row['parent'], more: Row['servers'] = {}): Row {
  return { title, zone, parent, servers: { [address]: good(zone, address), ...more } };
}

const ROWS: readonly Row[] = [
  row('glue that expires before the NS set', 'expired.life', 20, () => ({
    flags: 0,
    authority: [ns('expired.life')],
    additional: [`ns.expired.life 1 A ${at(20)}`],
  })),
  row('glue that only a question for it brings', 'dropped.life', 21, ({ name }) => ({
    flags: 0,
    authority: [ns('dropped.life')],
    additional: name === 'ns.dropped.life' ? [`${name} 1 A ${at(21)}`] : [],
  })),
  row('an address in the parent’s answer section only', 'answer.life', 22, ({ name, type }) =>
    name === 'ns.answer.life' && type === 'A'
      ? { flags: 0, answer: [`${name} 1 A ${at(22)}`] }
      : { flags: 0, authority: [ns('answer.life')] },
  ),
  row(
    'another server that refuses',
    'refusing.life',
    23,
    () => ({
      flags: 0,
      authority: [ns('refusing.life'), ns('refusing.life', 'ns2.refusing.life')],
      additional: [`ns.refusing.life 1 A ${at(23)}`, `ns2.refusing.life 3600 A ${at(24)}`],
    }),
    { 24: () => ({ rcode: REFUSED, flags: 0 }) },
  ),
  row(
    'another server that is dead',
    'dead.life',
    25,
    () => ({
      flags: 0,
      authority: [ns('dead.life'), ns('dead.life', 'ns2.dead.life')],
      additional: [`ns.dead.life 1 A ${at(25)}`, `ns2.dead.life 3600 A ${at(26)}`],
    }),
    { 26: () => undefined },
  ),
  row('a stray NS record behind the delegation', 'stray.life', 27, () => ({
    flags: 0,
    authority: [ns('stray.life'), ns('elsewhere.example')],
    additional: [`ns.stray.life 3600 A ${at(27)}`],
  })),
  row('glue with a TTL of 0', 'zero.life', 28, () => ({
    flags: 0,
    authority: [ns('zero.life')],
    additional: [`ns.zero.life 0 A ${at(28)}`],
  })),
  row(
    'another server that answers without AA, and wrong',
    'noaa.life',
    29,
    () => ({
      flags: 0,
      authority: [ns('noaa.life'), ns('noaa.life', 'ns2.noaa.life')],
      additional: [`ns.noaa.life 3600 A ${at(29)}`, `ns2.noaa.life 3600 A ${at(30)}`],
    }),
    { 30: ({ name }) => ({ rcode: NXDOMAIN, flags: 0, authority: [soa(name)] }) },
  ),
];

describe('ordinary life, beside Unbound and C dnscache', { skip: needs('root', 'dnscache', 'unbound') }, () => {
  const servers: ScriptedServer[] = [];
  const resolvers: Resolver[] = [];
  let directory = '';

  async function serve(octet: number, script: (query: Query) => Reply | undefined): Promise<void> {
    const server = new ScriptedServer(at(octet), (query, send) => {
      const said = script(query);
      if (said) send(reply(query, said));
    });
    servers.push(await server.listen());
  }

  before(async () => {
    directory = temporaryDirectory();
    await serve(1, ({ name }) =>
      isWithin(name, 'life')
        ? { flags: 0, authority: [ns('life')], additional: [`ns.life 3600 A ${at(2)}`] }
        : name === ''
          ? { answer: ['. 3600 NS a.root'], additional: [`a.root 3600 A ${at(1)}`] }
          : { rcode: NXDOMAIN, authority: ['. 60 SOA a.root h 1 2 3 4 60'] },
    );
    await serve(2, (query) => {
      const found = ROWS.find(({ zone }) => isWithin(query.name, zone));
      return found ? found.parent(query) : { rcode: NXDOMAIN, authority: [soa('life')] };
    });
    for (const { servers: all } of ROWS)
      for (const [octet, script] of Object.entries(all)) await serve(Number(octet), script);
  });
  after(async () => {
    for (const server of servers) server.close();
    await Promise.all(resolvers.map((resolver) => resolver.stop()));
  });

  /** Which rows are answered rightly at each of three times, the glue having expired between them. */
  async function answered(resolver: Resolver, isAtOnce: boolean): Promise<Map<string, boolean>> {
    const results = new Map(ROWS.map(({ title }) => [title, true]));
    for (let time = 0; time < 3; time++) {
      const askRow = async ({ title, zone }: Row): Promise<void> => {
        const { records } = await ask(resolver.address, `t${time}.${zone}`, 'A', 20_000);
        if (!records.some((record) => record.endsWith(`"${TRUTH}"`))) results.set(title, false);
      };
      if (isAtOnce) await Promise.all(ROWS.map(askRow));
      else for (const each of ROWS) await askRow(each);
      await sleep(2100);
    }
    return results;
  }

  for (const [i, isAtOnce] of [false, true].entries()) {
    test(`no row is worse than with the better of the two, asked ${isAtOnce ? 'all at once' : 'one by one'}`, async () => {
      const roots = [at(1)];
      const all = await Promise.all(
        [startDnscache, startCDnscache, startUnbound].map((start, j) => start(at(101 + 10 * i + j), roots, directory)),
      );
      resolvers.push(...all);
      const [ours, original, unbound] = await Promise.all(all.map((resolver) => answered(resolver, isAtOnce)));
      for (const { title } of ROWS) {
        const others = `C dnscache ${original!.get(title)}, Unbound ${unbound!.get(title)}`;
        console.log(`${title}: ours ${ours!.get(title)}, ${others}`);
        if (original!.get(title) || unbound!.get(title)) assert.ok(ours!.get(title), `${title}: ${others}`);
      }
      assert.ok([...ours!.values()].every(Boolean));
    });
  }
});
