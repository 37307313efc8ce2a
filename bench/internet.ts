// How many messages a resolver sends for a name, and how many names it finds: ours, Unbound as it comes and without
// QNAME minimisation, Debian's C dnscache, one after the other on one generated internet in which a tenth of the
// servers has a fault. Every name once with an empty cache, then every name once more; messages are counted where they
// arrive. `make bench-internet`, as root, with ZONES and SEED; LIST=1
// prints the names that were not found.

import { setTimeout as sleep } from 'node:timers/promises';
import { serveInternet } from '../test/internet/generated.ts';
import { type Resolver, startCDnscache, startDnscache, startUnbound } from '../test/internet/resolvers.ts';
import { askAll } from '../test/support/ask.ts';
import { Dice, FAULTS, GeneratedInternet } from '../test/support/generated-internet.ts';
import { temporaryDirectory } from '../test/support/programs.ts';
import { peer, printTable } from './support.ts';

const PREFIX = '127.68.1';
const ZONES = Number(process.env['ZONES'] ?? 2000);
const SEED = Number(process.env['SEED'] ?? 20261);
/** What a patient client does: milliseconds until it asks again, and until it gives up. */
const PATIENCE = { window: 40, retry: 5000, timeout: 20_000 };
const CACHE = 20_000_000;
/** Names that are not found are printed. */
const isListed = process.env['LIST'] !== undefined;

const world = new GeneratedInternet({
  seed: SEED,
  zones: ZONES,
  faulty: 0.1,
  faults: FAULTS,
  ttlMax: 3600,
  depthMax: 8,
});
const names = world.resolvable();
const internet = await serveInternet(world.servers);
const directory = temporaryDirectory();
const options = { cacheSize: CACHE, keepLog: false };
type Start = (address: string) => Promise<Resolver>;
const starts: [name: string, start: Start][] = [
  ['dnscache', (ip) => startDnscache(ip, world.roots, directory, options)],
];
if (peer('unbound')) {
  const unbound = (ip: string, conf: readonly string[]) =>
    startUnbound(ip, world.roots, directory, { ...options, conf });
  starts.push(['Unbound', (ip) => unbound(ip, [])]);
  starts.push(['Unbound, whole names', (ip) => unbound(ip, [' qname-minimisation: no'])]);
}
if (peer('dnscache')) starts.push(['C dnscache', (ip) => startCDnscache(ip, world.roots, directory, options)]);

const rows: string[][] = [];
for (const [i, [name, start]] of starts.entries()) {
  const resolver = await start(`${PREFIX}.${i + 1}`);
  const dice = new Dice(SEED); // the same order for all
  const row = [name];
  for (let pass = 0; pass < 2; pass++) row.push(...(await ask(resolver.address, dice)));
  rows.push(row);
  await resolver.stop();
}
internet.close();
const columns = ['', 'messages a name, empty cache', 'found', 'late', 'warm cache', 'found', 'late'];
printTable(
  `${names.length} names in ${ZONES} zones, ${Object.keys(world.servers).length} servers, seed ${SEED}`,
  columns,
  rows,
);
process.exit(0);

/** All names in random order: messages for each, how many were found, how many took more than two seconds. */
async function ask(address: string, dice: Dice): Promise<string[]> {
  const order = names.map((name) => ({ ...name, key: dice.below(1e9) })).sort((a, b) => a.key - b.key);
  const before = internet.queries();
  const answers = await askAll(
    address,
    order.map(({ name }) => ({ name, type: 'A' })),
    PATIENCE,
  );
  await sleep(2000); // what is still under way for who was not waited for
  const found = answers.filter(({ records }, i) => records.at(-1)?.endsWith(` A "${order[i]!.address}"`));
  for (const [i, answer] of answers.entries()) {
    if (isListed && !found.includes(answer)) console.log(`${address}: ${order[i]!.name} rcode ${answer.rcode}`);
  }
  const late = answers.filter(({ rcode, elapsed }) => rcode === undefined || elapsed > 2000);
  return [
    ((internet.queries() - before) / names.length).toFixed(2),
    `${((100 * found.length) / names.length).toFixed(2)} %`,
    `${((100 * late.length) / names.length).toFixed(2)} %`,
  ];
}
