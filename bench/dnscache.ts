// What dnscache costs beside Debian's C dnscache and Unbound (one thread) on the private internet of the tests: CPU
// (user and system, from /proc) per answer out of the cache and per answer that needs a query, and memory when a cache
// of 100 million octets is full. Run as root: node dist/bench/dnscache.js
import { rmSync } from 'node:fs';
import { startAuthorities } from '../test/internet/authorities.ts';
import {
  type Resolver,
  type ResolverOptions,
  startCDnscache,
  startDnscache,
  startUnbound,
} from '../test/internet/resolvers.ts';
import { buildWorld } from '../test/internet/world.ts';
import { askAll } from '../test/support/ask.ts';
import { dnsperf } from '../test/support/dnsperf.ts';
import { cpuSeconds, residentBytes } from '../test/support/process.ts';
import { temporaryDirectory } from '../test/support/programs.ts';

const PREFIX = '127.41.6';
const LOAD = ['-c', '4', '-q', '100'];
const HIT_NAMES = 2000;
const MISS_NAMES = 40_000;
const HIT_SECONDS = '5';
const FULL_CACHE = 100_000_000;
const FAT_NAMES = 230_000;

interface Figures {
  name: string;
  hit: number;
  miss: number;
}

const directory = temporaryDirectory();
const world = buildWorld(PREFIX);
const wild = world.questions.flatMap(({ name }) => (name.startsWith('one.wild.') ? [name.slice(4)] : []));
const servers = await startAuthorities(world, directory);
const starts = [startDnscache, startCDnscache, startUnbound];
let address = 200;

const start = (starter: (typeof starts)[number], options: ResolverOptions): Promise<Resolver> =>
  starter(`${PREFIX}.${++address}`, world.roots, directory, { keepLog: false, ...options });

const figures: Figures[] = [];
for (const starter of starts) {
  const resolver = await start(starter, {});
  const hitNames = world.questions
    .filter(({ name, type }) => /^h\d+\.z/i.test(name) && type === 'A')
    .slice(0, HIT_NAMES);
  await askAll(resolver.address, hitNames); // delegations and hits into the cache
  await askAll(
    resolver.address,
    wild.map((zone) => ({ name: `warm.${zone}`, type: 'A' })),
  );
  const misses = Array.from({ length: MISS_NAMES }, (_, i) => `r${i}.${wild[i % wild.length]} A`);
  const miss = await measure(resolver, misses, LOAD);
  const hits = hitNames.map(({ name, type }) => `${name} ${type}`);
  const hit = await measure(resolver, hits, [...LOAD, '-l', HIT_SECONDS]);
  figures.push({ name: resolver.name, hit, miss });
  await resolver.stop();
}

const original = figures.find(({ name }) => name === 'C dnscache')!;
const ratio = (value: number, base: number): string => `${value.toFixed(1).padStart(6)} (${(value / base).toFixed(2)})`;
console.log('CPU microseconds per answer (ratio to C dnscache)');
console.log('              from the cache   with one query');
for (const { name, hit, miss } of figures) {
  console.log(`${name.padEnd(12)}  ${ratio(hit, original.hit)}    ${ratio(miss, original.miss)}`);
}

console.log(`memory with a full cache, CACHESIZE=${FULL_CACHE}`);
for (const starter of starts.slice(0, 2)) {
  const resolver = await start(starter, { cacheSize: FULL_CACHE });
  const fat = Array.from({ length: FAT_NAMES }, (_, i) => `${`${i}`.padEnd(60, 'f')}.${wild[i % wild.length]} TXT`);
  await askAll(
    resolver.address,
    wild.map((zone) => ({ name: `warm.${zone}`, type: 'TXT' })),
  );
  const load = await dnsperf(resolver.address, fat, directory, LOAD);
  const megabytes = residentBytes(resolver.pid) / 1e6;
  console.log(
    `${resolver.name.padEnd(12)}  ${megabytes.toFixed(1)} MB resident after ${load.completed} misses of 450 octets`,
  );
  await resolver.stop();
}

await Promise.all(servers.map((server) => server.stop()));
rmSync(directory, { recursive: true, force: true });
process.exit(0);

/** CPU microseconds of the resolver per answer. */
async function measure(resolver: Resolver, questions: readonly string[], args: readonly string[]): Promise<number> {
  const before = cpuSeconds(resolver.pid);
  const { completed, lost } = await dnsperf(resolver.address, questions, directory, args);
  const used = cpuSeconds(resolver.pid) - before;
  console.error(`${resolver.name}: ${completed} answers, ${lost} lost, ${used.toFixed(2)} s of CPU`);
  return (used * 1e6) / completed;
}
