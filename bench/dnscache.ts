// What dnscache costs beside Debian's C dnscache and Unbound (one thread) on the private internet of the tests: CPU
// (user and system, from /proc) per answer out of the cache and per answer that needs a query, and memory when a cache
// of 100 million octets is full. `make bench-dnscache`, as root, with BASE=folder beside another checkout's.
import { startAuthorities } from '../test/internet/authorities.ts';
import { type Resolver, startCDnscache, startDnscache, startUnbound } from '../test/internet/resolvers.ts';
import { buildWorld } from '../test/internet/world.ts';
import { askAll } from '../test/support/ask.ts';
import { dnsperf } from '../test/support/dnsperf.ts';
import { temporaryDirectory } from '../test/support/programs.ts';
import { builds, cpuSeconds, median, memory, pairedRatio, printTable, ROUNDS, turns } from './support.ts';

const PREFIX = '127.41.6';
const LOAD = ['-c', '4', '-q', '100'];
const HIT_NAMES = 2000;
const MISS_NAMES = 20_000;
const HIT_SECONDS = '3';
const FULL_CACHE = 100_000_000;
const FAT_NAMES = 230_000;

const directory = temporaryDirectory();
const world = buildWorld(PREFIX);
const wild = world.questions.flatMap(({ name }) => (name.startsWith('one.wild.') ? [name.slice(4)] : []));
const hits = world.questions.filter(({ name, type }) => /^h\d+\.z/i.test(name) && type === 'A').slice(0, HIT_NAMES);
const servers = await startAuthorities(world, directory);

/** A resolver and what its answers cost, in microseconds of CPU, round by round. */
interface Contestant {
  resolver: Resolver;
  hit: number[];
  miss: number[];
}

const contestants: Contestant[] = [];
const ours = builds('dnscache').map(({ name, path }): typeof startDnscache => {
  return async (address, roots, home, options = {}) => {
    const resolver = await startDnscache(address, roots, home, { ...options, program: path });
    return { ...resolver, name };
  };
});
for (const [i, start] of [...ours, startCDnscache, startUnbound].entries()) {
  const options = { keepLog: false, cacheSize: 20_000_000 };
  const resolver = await start(`${PREFIX}.${201 + i}`, world.roots, directory, options);
  await warm(resolver, 'A');
  await askAll(resolver.address, hits);
  contestants.push({ resolver, hit: [], miss: [] });
}
// The first round only warms them up.
for (let round = 0; round <= ROUNDS; round++) {
  for (const i of turns(contestants.length, round)) {
    const { resolver, hit, miss } = contestants[i]!;
    const names = Array.from({ length: MISS_NAMES }, (_, n) => `r${round}-${n}.${wild[n % wild.length]} A`);
    const missed = await measure(resolver, names, LOAD);
    const questions = hits.map(({ name, type }) => `${name} ${type}`);
    const found = await measure(resolver, questions, [...LOAD, '-l', HIT_SECONDS]);
    if (round === 0) continue;
    miss.push(missed);
    hit.push(found);
  }
}
await Promise.all(contestants.map(({ resolver }) => resolver.stop()));

printTable(
  'CPU per answer, microseconds (median of the rounds), and how many times that of dnscache it is',
  ['resolver', 'cached', 'ratio', 'one query', 'ratio'],
  contestants.map(({ resolver, hit, miss }) => [
    resolver.name,
    ...[
      [hit, contestants[0]!.hit],
      [miss, contestants[0]!.miss],
    ].flatMap(([values, ours]) => [median(values!).toFixed(1), pairedRatio(values!, ours!).toFixed(2)]),
  ]),
);

console.log(`resident memory, CACHESIZE=${FULL_CACHE}`);
for (const start of [startDnscache, startCDnscache]) {
  const options = { keepLog: false, cacheSize: FULL_CACHE };
  const resolver = await start(`${PREFIX}.${start === startDnscache ? 211 : 212}`, world.roots, directory, options);
  const empty = memory(resolver.pid).total;
  await warm(resolver, 'TXT');
  let peak = 0;
  const clock = setInterval(() => {
    peak = Math.max(peak, memory(resolver.pid).total);
  }, 100);
  const fat = Array.from({ length: FAT_NAMES }, (_, i) => `${`${i}`.padEnd(60, 'f')}.${wild[i % wild.length]} TXT`);
  const { completed } = await dnsperf(resolver.address, fat, directory, LOAD);
  clearInterval(clock);
  const full = memory(resolver.pid).total;
  const figures = [empty, full, peak].map((mb) => `${mb.toFixed(0).padStart(4)} MB`).join(', ');
  console.log(`${resolver.name.padEnd(12)}  empty, full, at the most: ${figures} (${completed} sets of 450 octets)`);
  await resolver.stop();
}

await Promise.all(servers.map((server) => server.stop()));
process.exit(0);

/** Delegations into the cache. */
async function warm(resolver: Resolver, type: string): Promise<void> {
  const questions = wild.map((zone) => ({ name: `warm.${zone}`, type }));
  await askAll(resolver.address, questions);
}

/** CPU microseconds of the resolver per answer. */
async function measure(resolver: Resolver, questions: readonly string[], args: readonly string[]): Promise<number> {
  const before = cpuSeconds(resolver.pid);
  const { completed, lost } = await dnsperf(resolver.address, questions, directory, args);
  const micros = ((cpuSeconds(resolver.pid) - before) * 1e6) / completed;
  console.error(`${resolver.name}: ${completed} answers, ${lost} lost, ${micros.toFixed(1)} us`);
  return micros;
}
