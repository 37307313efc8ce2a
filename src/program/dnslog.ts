// dnslog: the servers' logs for people, for machines, or summed up. The parts: dnslog-source (lines), dnslog-merge
// (events), dnslog-filter (which of them), dnslog-format and dnslog-json (lines again), dnslog-stats, dnslog-draw and
// dnslog-report (sums).
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { UsageError } from '../base/errors.ts';
import { Replacement } from '../base/files.ts';
import { stdout } from '../base/output.ts';
import { COLOURED, PLAIN } from '../base/paint.ts';
import { type Canvas, drawScreen, drawStatistics } from '../log/dnslog-draw.ts';
import { eventFilter, scanMoment, type Wanted } from '../log/dnslog-filter.ts';
import { formatEntry } from '../log/dnslog-format.ts';
import { jsonEntry } from '../log/dnslog-json.ts';
import { type Event, mergedEvents } from '../log/dnslog-merge.ts';
import { jsonReport, prometheusReport } from '../log/dnslog-report.ts';
import { openSource, type Reading, serviceNames, standardInput } from '../log/dnslog-source.ts';
import { Statistics } from '../log/dnslog-stats.ts';
import type { Options, ProgramOption } from './main.ts';
import { Progress } from './progress.ts';

/** What `--help` lists. */
export const DNSLOG_OPTIONS: readonly ProgramOption[] = [
  ['--json', 'a JSON object a line; with --stats, the report as one object'],
  ['--stats', 'sum up instead: rates, outcomes, latency, top names, types and clients'],
  ['--prometheus', "sum up as metrics for Prometheus's textfile collector"],
  ['--follow', 'wait for more lines, through rotations; with --stats, draw again every two seconds'],
  ['--output <file>', 'put the sums into this file, replaced as a whole; with --follow, every fifteen seconds'],
  ['--since <when>', 'only lines from then on: 2026-03-01, 12:00, "2026-03-01 12:00", 90m, 12h, 7d, a TAI64N label'],
  ['--client <address>', 'only what a client did, or a network such as 192.0.2.0/24'],
  ['--name <name>', 'only what is about a name or one below it'],
  ['--type <type>', 'only what is about a record type'],
  ['--top <n>', 'lines in each list of --stats (default 10)'],
  ['--width <n>', 'columns to draw in (default: those of the terminal)'],
  ['--color <when>', 'auto (default), always or never; auto heeds $NO_COLOR'],
  ['--utc', 'times in UTC instead of local time'],
];

const FOLLOW_MILLISECONDS = 200;
const REDRAW_MILLISECONDS = 2000;
const OUTPUT_MILLISECONDS = 15000;

/** What becomes of the events. */
interface Consumer {
  take(event: Event): void;
  /** There is nothing more now; only where logs are followed. */
  rest(): void;
  end(): void;
}

/** The program, all but its name. */
export async function dnslog(args: readonly string[], options: Options): Promise<void> {
  stdout.mustWrite();
  checkOptions(options);
  if (options['utc']) process.env['TZ'] = 'UTC';
  const follow = options['follow'] === true && args.length > 0;
  const wanted = wantedOf(options);
  const isWanted = eventFilter(wanted);
  const isReport = options['stats'] === true || options['prometheus'] === true;
  const isOnScreen = isatty(1) && options['output'] === undefined;
  const progress = isReport || !isOnScreen ? new Progress('octets') : undefined;
  const reading: Reading = {
    octets: 0,
    beforeRead() {
      stdout.flush();
      progress?.show(this.octets, '');
    },
    since: wanted.since ?? -Infinity,
    isClean: isReport || (isOnScreen && !options['json']),
  };
  const sources = args.length > 0 ? args.map((path) => openSource(path, reading, follow)) : [standardInput(reading)];
  if (progress) progress.total = sources.reduce((sum, { size }) => sum + size, 0);
  const services = args.length > 0 ? serviceNames(args) : ['input'];
  const logs = sources.map((source, i) => ({ source, service: services[i]! }));
  const consumer = isReport ? report(options, isOnScreen) : printer(options, services, isOnScreen);
  for (const event of mergedEvents(logs, follow)) {
    if (event) {
      if (isWanted(event)) consumer.take(event);
      continue;
    }
    progress?.end();
    consumer.rest();
    await sleep(FOLLOW_MILLISECONDS);
  }
  progress?.end();
  consumer.end();
}

function checkOptions(options: Options): void {
  const exclude = (a: string, b: string) => {
    if (options[a] && options[b]) throw new UsageError(`--${a} and --${b} exclude each other`);
  };
  exclude('json', 'prometheus');
  exclude('stats', 'prometheus');
  if (options['output'] !== undefined && !options['stats'] && !options['prometheus'])
    throw new UsageError('--output wants --stats or --prometheus');
  if (options['follow'] && options['prometheus'] && options['output'] === undefined)
    throw new UsageError('--prometheus with --follow wants --output');
  for (const option of ['width', 'top']) count(options[option], `--${option}`);
}

function wantedOf(options: Options): Wanted {
  const wanted: Wanted = {};
  for (const field of ['client', 'name', 'type'] as const) {
    const value = options[field];
    if (typeof value === 'string') wanted[field] = value;
  }
  if (typeof options['since'] === 'string') wanted.since = scanMoment(options['since'], new Date());
  return wanted;
}

/** A line for each event; with several services, each named. */
function printer(options: Options, services: readonly string[], isOnScreen: boolean): Consumer {
  const paint = wantsColour(options['color'], isOnScreen) ? COLOURED : PLAIN;
  const column = services.length > 1 ? Math.max(...services.map((service) => service.length)) : 0;
  return {
    take({ service, entry, ended }) {
      const named = column > 0 ? service : undefined;
      if (options['json']) stdout.putText(`${jsonEntry(entry, ended, named)}\n`);
      else stdout.putText(`${formatEntry(entry, ended, paint, named?.padEnd(column))}\n`);
    },
    rest: () => stdout.flush(),
    end() {},
  };
}

/** Sums, shown at the end, or again and again. */
function report(options: Options, isOnScreen: boolean): Consumer {
  const statistics = new Statistics();
  const byService = new Map<string, Statistics>();
  const canvas: Canvas = {
    width: 80,
    paint: wantsColour(options['color'], isOnScreen) ? COLOURED : PLAIN,
    blocks: isOnScreen || /utf-?8/i.test(process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || ''),
    top: count(options['top'], '--top') ?? 10,
  };
  const givenWidth = count(options['width'], '--width');
  const text = (): string => {
    canvas.width = givenWidth ?? screenWidth(isOnScreen);
    if (options['prometheus']) return prometheusReport(byService);
    if (options['json']) return `${jsonReport(statistics, canvas.top)}\n`;
    return drawStatistics(statistics, canvas);
  };
  const file = typeof options['output'] === 'string' ? options['output'] : undefined;
  const isLive = isOnScreen && !options['json'];
  const every = file === undefined ? REDRAW_MILLISECONDS : OUTPUT_MILLISECONDS;
  let next = 0;
  return {
    take(event) {
      statistics.add(event);
      if (!options['prometheus']) return;
      let own = byService.get(event.service);
      if (!own) byService.set(event.service, (own = new Statistics()));
      own.add(event);
    },
    rest() {
      const now = performance.now();
      if (now < next) return;
      const isFirst = next === 0;
      next = now + every;
      if (file !== undefined) return replace(file, text());
      canvas.width = givenWidth ?? screenWidth(isOnScreen);
      if (isLive) show(screenText(drawScreen(statistics, canvas, (process.stdout.rows || 24) - 1), isFirst));
      else show(options['json'] ? text() : `${text()}\n`);
    },
    end() {
      if (file !== undefined) replace(file, text());
      else show(text());
    },
  };
}

/** Lines written over those of before, from the top; nothing scrolls. */
function screenText(lines: readonly string[], isFirst: boolean): string {
  return `${isFirst ? '\x1b[2J' : ''}\x1b[H${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`;
}

function show(text: string): void {
  stdout.put(Buffer.from(text, 'utf8'));
  stdout.flush();
}

function replace(path: string, text: string): void {
  const bytes = Buffer.from(path, 'utf8').toString('latin1');
  const file = new Replacement(bytes, `${bytes}.tmp`);
  file.write(Buffer.from(text, 'utf8'));
  file.commit();
}

function wantsColour(when: string | boolean | undefined, isOnScreen: boolean): boolean {
  if (when === 'always') return true;
  if (when === 'never') return false;
  if (when !== undefined && when !== 'auto') throw new UsageError('--color wants auto, always or never');
  return isOnScreen && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

function count(value: string | boolean | undefined, option: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^[1-9]\d{0,5}$/.test(value)) throw new UsageError(`${option} wants a number`);
  return Number(value);
}

function screenWidth(isOnScreen: boolean): number {
  const given = (isOnScreen && process.stdout.columns) || Number(process.env['COLUMNS']);
  return Number.isInteger(given) && given >= 20 ? given : 80;
}
