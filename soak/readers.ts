// Every reader with inputs that are nearly right, for a chosen time. The short form is test/fuzz/readers.test.ts, where
// a seed that fails here belongs.
//
//     node dist/soak/readers.js [seconds] [seed] [READER]...
//
// An input that a reader throws at ends it with the reader and the seed, by which the same input is made again, and
// exit code 1.
import { fuzz, TARGETS } from '../test/support/fuzzed-readers.ts';

const seconds = Number(process.argv[2] || 60);
const first = Number(process.argv[3] || Date.now() % 1_000_000_000);
const names = process.argv.length > 4 ? process.argv.slice(4) : Object.keys(TARGETS);
const end = performance.now() + 1000 * seconds;
let slowest = { milliseconds: 0, name: '', seed: 0 };
let seed = first;
console.log(`seed ${first}`);
for (; performance.now() < end; seed++) {
  for (const name of names) {
    const began = performance.now();
    try {
      fuzz(name, seed);
    } catch (error) {
      console.log(`failed: ${name}, seed ${seed}`);
      console.log(error);
      process.exit(1);
    }
    const milliseconds = performance.now() - began;
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, name, seed };
  }
}
const inputs = seed - first;
console.log(`${inputs} inputs to each of ${names.length} readers: none threw`);
const heap = (process.memoryUsage().heapUsed / 1e6).toFixed(0);
const { milliseconds, name, seed: slow } = slowest;
console.log(`slowest ${milliseconds.toFixed(0)} ms (${name}, seed ${slow}), heap ${heap} MB at the end`);
