// Runs tests: `node dist/tools/test.js [FOLDER | NAME]...`, all of them without a name. Files run side by side,
// each in a network of its own (scripts/apart.sh), or one at a time where the system has none to give. Prints a line
// for each file, each failure in full, and last what was skipped, by reason. With node's --experimental-test-coverage
// also which share of the lines of src/ the tests' own processes reached.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { inspect } from 'node:util';

const top = new URL('../../', import.meta.url).pathname;

/** These take longest, mostly waiting, so they begin first. */
const LONG = [
  'internet/',
  'program/axfr-getd',
  'program/slow-peers',
  'program/client-',
  'program/tinydns-notify',
  'service/',
  'peers/',
  'package/',
];

/** Files side by side for each processor: most of them wait most of the time. */
const SIDE_BY_SIDE = 3;

/** The compiled files in the folder test/NAME or called NAME.test.ts, for each name. */
function filesOf(names: readonly string[]): string[] {
  const all = readdirSync(`${top}dist/test`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .sort();
  const chosen = new Set(names.length === 0 ? all : []);
  for (const name of names) {
    const found = all.filter((file) => file.startsWith(`${name}/`) || `/${file}`.endsWith(`/${name}.test.js`));
    if (found.length === 0) throw new Error(`no tests in test/${name}`);
    for (const file of found) chosen.add(file);
  }
  const isLong = (file: string) => LONG.some((start) => file.startsWith(start));
  return [...[...chosen].filter(isLong), ...[...chosen].filter((file) => !isLong(file))];
}

const files = filesOf(process.argv.slice(2));
const isApart = spawnSync(`${top}scripts/apart.sh`, []).status === 0;
if (isApart) {
  // What run() starts for each file.
  process.env['TEST_NODE'] = process.execPath;
  process.execPath = `${top}scripts/apart.sh`;
} else {
  console.log('no network for each file of tests: they run one at a time');
}

/** The file whose results come in: they come file by file. */
let current = { name: '', passed: 0, failed: 0, skipped: 0, seconds: 0 };
const total = { passed: 0, failed: 0, skipped: 0 };
/** Titles of tests by the reason for which they were skipped. */
const skipped = new Map<string, string[]>();

/** One test's result is in; a test within another counts for itself, its time for the outer one. */
function count(file: string | undefined, result: 'passed' | 'failed' | 'skipped', nesting: number, ms: number): void {
  const name = (file ?? '').replace(`${top}dist/test/`, '').replace(/\.test\.js$/, '');
  if (name !== current.name) {
    report();
    current = { name, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  }
  current[result]++;
  total[result]++;
  if (nesting === 0) current.seconds += ms / 1000;
}

function report(): void {
  if (current.name === '') return;
  const { name, passed, failed, skipped, seconds } = current;
  const others = `${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`;
  console.log(`${seconds.toFixed(1).padStart(6)} s  ${name}: ${passed} passed${others}`);
}

const began = performance.now();
const tests = run({
  files: files.map((file) => `${top}dist/test/${file}`),
  concurrency: isApart ? SIDE_BY_SIDE * availableParallelism() : 1,
});
tests.on('test:pass', ({ name, file, nesting, skip, details }) => {
  count(file, skip === undefined ? 'passed' : 'skipped', nesting, details.duration_ms);
  if (skip !== undefined) skipped.set(String(skip), [...(skipped.get(String(skip)) ?? []), name]);
});
tests.on('test:fail', ({ name, file, nesting, details }) => {
  count(file, 'failed', nesting, details.duration_ms);
  const { error } = details;
  console.log(`\nFAILED ${file?.replace(top, '')}: ${name}\n${inspect(error.cause ?? error)}\n`);
});
tests.on('test:stderr', ({ message }) => process.stderr.write(message));
tests.on('test:coverage', ({ summary }) => {
  for (const { path, coveredLinePercent } of summary.files) {
    if (!path.startsWith(`${top}dist/src/`)) continue;
    console.log(`${coveredLinePercent.toFixed(0).padStart(3)} %  ${path.replace(`${top}dist/`, '')}`);
  }
});
tests.on('end', () => {
  report();
  for (const [reason, names] of skipped) {
    console.log(`\nskipped, ${reason}:`);
    for (const name of names) console.log(`  ${name}`);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const { passed, failed, skipped: left } = total;
  console.log(`\n${passed} passed, ${failed} failed, ${left} skipped; ${files.length} files in ${seconds} s`);
  process.exitCode = failed === 0 ? 0 : 1;
});
tests.resume();
