// Measuring servers and programs. These machines are noisy: what counts is CPU time per operation as the kernel
// accounts it, medians over rounds in which the contestants take turns, and ratios within one run.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dnsperf } from '../test/support/dnsperf.ts';
import { cpuSeconds as ownCpuSeconds } from '../test/support/process.ts';
import { command, find, type Running, temporaryDirectory } from '../test/support/programs.ts';

/** Measurements of each contestant. */
export const ROUNDS: number = Number(process.env['ROUNDS'] ?? 5);

/** CPU seconds that a process and its children (living ones) have used, user and system. */
export function cpuSeconds(pid: number): number {
  return childrenOf(pid).reduce((seconds, child) => seconds + cpuSeconds(child), ownCpuSeconds(pid));
}

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'latin1').split(' ').filter(Boolean).map(Number) : [];
}

/** Resident memory of a process in MB: all of it, and what is not mapped from files. */
export function memory(pid: number): { total: number; anonymous: number; file: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const mb = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
  return { total: mb('VmRSS'), anonymous: mb('RssAnon'), file: mb('RssFile') };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A server under load: its name in the table, its address (port 53), how to start it. */
export interface Contestant {
  name: string;
  address: string;
  start(): Running;
  /** What it is asked when it is not asked what the others are. */
  questions?: readonly string[];
}

/** What a contestant used. */
export interface Usage {
  name: string;
  /** Microseconds of CPU per query answered: each round's, and their median. */
  rounds: number[];
  micros: number;
  /** How many times what the first contestant used, the median of the rounds' ratios. */
  ratio: number;
  lost: number;
  rssMb: number;
}

/**
 * Loads each contestant in turn with `dnsperf -c 4 -q 100`, `rounds` times `seconds`, after a warm-up of one round,
 * and reads the CPU time of its processes before and after. `flags` go to dnsperf too.
 */
export async function cpuPerQuery(
  contestants: readonly Contestant[],
  questions: readonly string[],
  { rounds = ROUNDS, seconds = 3, flags = [] }: { rounds?: number; seconds?: number; flags?: readonly string[] } = {},
): Promise<Usage[]> {
  const directory = temporaryDirectory();
  const servers = contestants.map((contestant) => contestant.start());
  await sleep(1500);
  const usages = contestants.map(({ name }): Usage => ({ name, rounds: [], micros: 0, ratio: 1, lost: 0, rssMb: 0 }));
  for (let round = 0; round <= rounds; round++) {
    for (const i of turns(contestants.length, round)) {
      const { address, name, questions: own } = contestants[i]!;
      const pid = servers[i]!.process.pid!;
      const before = cpuSeconds(pid);
      const load = await dnsperf(address, own ?? questions, directory, [
        '-c',
        '4',
        '-q',
        '100',
        '-l',
        String(seconds),
        ...flags,
      ]);
      const used = cpuSeconds(pid) - before;
      if (!(load.completed > 0)) throw new Error(`${name} answers nothing:\n${servers[i]!.log().slice(-2000)}`);
      if (round === 0) continue;
      usages[i]!.rounds.push((used / load.completed) * 1e6);
      usages[i]!.lost += load.lost;
      usages[i]!.rssMb = memory(pid).total;
    }
  }
  for (const usage of usages) {
    usage.micros = median(usage.rounds);
    usage.ratio = pairedRatio(usage.rounds, usages[0]!.rounds);
  }
  for (const server of servers) await server.stop();
  return usages;
}

/** The order of `count` contestants in a round: another one begins each time. */
export function turns(count: number, round: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + round) % count);
}

/** How many times `others` the values are, round by round; the median. */
export function pairedRatio(values: readonly number[], others: readonly number[]): number {
  return median(values.map((value, i) => value / others[i]!));
}

/** A figure measured several times. */
export interface Timing {
  wall: number;
  cpu: number;
  /** Largest resident size in MB. */
  rssMb: number;
}

/** Runs a command to its end under the shell's and the kernel's accounting (GNU time is not needed). */
export function timeCommand(program: string, args: readonly string[], cwd?: string): Timing {
  const script = `
    import os, resource, subprocess, sys, time
    begin = time.monotonic()
    code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
    wall = time.monotonic() - begin
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(wall, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024, code)`;
  const result = spawnSync('python3', ['-c', script.replace(/^ {4}/gm, ''), program, ...args], { cwd });
  const [wall, cpu, rssMb, code] = result.stdout.toString().trim().split(' ').map(Number);
  if (code !== 0) throw new Error(`${program}: exit code ${code}: ${result.stderr}`);
  return { wall: wall!, cpu: cpu!, rssMb: rssMb! };
}

/** Times commands in turns, `ROUNDS` each after a warm-up; the median of each figure. */
export function timeCommands(
  commands: readonly { name: string; program: string; args: readonly string[]; cwd?: string }[],
): (Timing & { name: string; ratio: number })[] {
  const all = commands.map((): Timing[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const i of turns(commands.length, round)) {
      const { program, args, cwd } = commands[i]!;
      const timing = timeCommand(program, args, cwd);
      if (round > 0) all[i]!.push(timing);
    }
  }
  return commands.map(({ name }, i) => ({
    name,
    wall: median(all[i]!.map(({ wall }) => wall)),
    cpu: median(all[i]!.map(({ cpu }) => cpu)),
    // How many times the first command's CPU time.
    ratio: pairedRatio(
      all[i]!.map(({ cpu }) => cpu),
      all[0]!.map(({ cpu }) => cpu),
    ),
    rssMb: median(all[i]!.map(({ rssMb }) => rssMb)),
  }));
}

/** Prints rows under a headline, columns aligned. */
export function printTable(headline: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  console.log(`\n${headline}\n${line(columns)}`);
  for (const row of rows) console.log(line(row));
}

/** Figures that come one after the other: each is printed when it is known, and all of them in a table at the end. */
export class Figures {
  private readonly rows: string[][] = [];

  add(what: string, value: string, aim: string): void {
    this.rows.push([what, value, aim]);
    console.log(`  ${what}: ${value}`);
  }

  print(headline: string): void {
    printTable(headline, ['', 'figure', 'aim'], this.rows);
  }
}

/**
 * The programs that are compared: ours, and with `BASE=folder` those of another checkout that is built there. Theirs
 * and ours take turns, so that ratios hold however busy the machine is.
 */
export function builds(program: string): { name: string; path: string }[] {
  const base = process.env['BASE'];
  const ours = [{ name: program, path: command(program) }];
  return base ? [...ours, { name: `${program} of BASE`, path: join(base, 'command', program) }] : ours;
}

/** A program of the system, or null with a note that the comparison goes without it. */
export function peer(name: string): string | null {
  const path = find(name);
  if (!path) console.log(`(${name} is not installed: left out)`);
  return path ?? null;
}

/** A directory with `data` and what our compiler makes of it. */
export function compiledZone(lines: readonly string[]): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'data'), `${lines.join('\n')}\n`);
  const result = spawnSync(`${process.cwd()}/command/tinydns-data`, { cwd: directory });
  if (result.status !== 0) throw new Error(result.stderr.toString());
  return directory;
}
