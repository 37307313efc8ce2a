// The resolver in one generated internet after the other, for a chosen time: honest ones whose servers are silent, with
// small caches, and ones with faults of all kinds, while everything expires. What somebody patient can find must be
// found. The short form is test/resolve/generated.test.ts.
//
//     node dist/soak/resolver.js [seconds] [seed]
//
// A name that is not found ends it with the seed, by which the same internet is made again, and exit code 1.
import { askGenerated } from '../test/support/ask-generated.ts';
import { Dice, FAULTS, type InternetOptions } from '../test/support/generated-internet.ts';

/**
 * Messages for one question at most, where servers are silent and the cache holds next to nothing: three chains of up
 * to eight zones, with a silent server now and then in each. Where zones are at most five deep 31 is what is seen.
 */
const MESSAGES_MAX = 40;

const seconds = Number(process.argv[2] ?? 60);
let seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const end = performance.now() + 1000 * seconds;
const totals = { internets: 0, questions: 0, messages: 0, most: 0, mostShallow: 0, hours: 0 };
console.log(`seed ${seed}`);
do {
  const dice = new Dice(seed);
  const isHonest = dice.isOne(0.5);
  const options: InternetOptions = {
    seed,
    zones: 50 + dice.below(isHonest ? 250 : 2000),
    faulty: isHonest ? dice.of([0, 0.3, 0.6]) : 0.1,
    faults: isHonest ? ['silent'] : FAULTS,
    ttlMax: dice.of([10, 120, 3600]),
    depthMax: 1 + dice.below(8),
  };
  const questions = 10_000;
  const cacheSize = dice.of(isHonest ? [3000, 20_000, 200_000] : [200_000, 5_000_000]);
  const found = askGenerated(options, { questions, cacheSize, pause: dice.of([0.1, 2, 20]) });
  seed++;
  if (found.names === 0) continue; // all servers below the root are silent
  totals.internets++;
  totals.questions += questions;
  totals.messages += questions * found.messages.mean;
  totals.most = Math.max(totals.most, found.messages.most);
  if (options.depthMax <= 5) totals.mostShallow = Math.max(totals.mostShallow, found.messages.most);
  totals.hours += found.seconds / 3600;
  const bad = found.unresolved[0] ?? found.wrong[0];
  if (bad !== undefined || (isHonest && found.messages.most > MESSAGES_MAX)) {
    console.log(`failed: seed ${options.seed}, cache ${cacheSize}, ${JSON.stringify(options)}`);
    console.log(bad ?? `${found.messages.most} messages for one question`);
    process.exit(1);
  }
} while (performance.now() < end);
const { internets, questions, messages, most, mostShallow, hours } = totals;
console.log(`${internets} internets, ${questions} questions in ${hours.toFixed(0)} simulated hours: all resolved`);
console.log(`messages a question: ${(messages / questions).toFixed(2)} in the mean, ${most} at the most`);
console.log(`${mostShallow} at the most where zones are at most five deep`);
