// dnslog: the servers' logs for people, for machines, or summed up. The parts: dnslog-source (lines), dnslog-parse
// (entries), dnslog-track (dnscache's queries), dnslog-format and dnslog-draw (output).
import { isatty } from 'node:tty';
import { UsageError } from '../base/errors.ts';
import { stdout } from '../base/output.ts';
import { COLOURED, PLAIN } from '../base/paint.ts';
import { pause } from '../base/pause.ts';
import { type Canvas, drawStatistics } from '../log/dnslog-draw.ts';
import { formatEntry } from '../log/dnslog-format.ts';
import { jsonEntry } from '../log/dnslog-json.ts';
import { scanLine } from '../log/dnslog-parse.ts';
import { openSource, standardInput } from '../log/dnslog-source.ts';
import { Statistics } from '../log/dnslog-stats.ts';
import { Tracker } from '../log/dnslog-track.ts';
import type { Options, ProgramOption } from './main.ts';

/** What `--help` lists. */
export const DNSLOG_OPTIONS: readonly ProgramOption[] = [
  ['--json', 'a JSON object a line'],
  ['--stats', 'sum up instead: rates, outcomes, latency, top names, types and clients'],
  ['--follow', 'wait for more lines, through rotations; with --stats, draw again every two seconds'],
  ['--top <n>', 'lines in each list of --stats (default 10)'],
  ['--width <n>', 'columns to draw in (default: those of the terminal)'],
  ['--color <when>', 'auto (default), always or never; auto heeds $NO_COLOR'],
  ['--utc', 'times in UTC instead of local time'],
];

const FOLLOW_MILLISECONDS = 200;
const REDRAW_MILLISECONDS = 2000;

/** The program, all but its name. */
export function dnslog(args: readonly string[], options: Options): void {
  if (options['json'] && options['stats']) throw new UsageError('--json and --stats exclude each other');
  stdout.mustWrite();
  if (options['utc']) process.env['TZ'] = 'UTC';
  const isTerminal = isatty(1);
  const colour = wantsColour(options['color'], isTerminal);
  const canvas: Canvas = {
    width: count(options['width'], '--width') ?? screenWidth(isTerminal),
    paint: colour ? COLOURED : PLAIN,
    blocks: isTerminal || /utf-?8/i.test(process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || ''),
    top: count(options['top'], '--top') ?? 10,
  };
  const sources = (args.length > 0 ? args.map(openSource) : [standardInput()]).map((source) => ({
    source,
    tracker: new Tracker(),
  }));
  const statistics = options['stats'] ? new Statistics() : undefined;
  const handle = (line: string, tracker: Tracker): void => {
    const entry = scanLine(line);
    const ended = tracker.next(entry);
    if (statistics) statistics.add(entry, ended);
    else if (options['json']) stdout.putText(`${jsonEntry(entry, ended)}\n`);
    else stdout.putText(`${formatEntry(entry, ended, canvas.paint, isTerminal)}\n`);
  };
  const readAll = (): void => {
    for (const { source, tracker } of sources)
      source.read(
        (line) => handle(line, tracker),
        () => stdout.flush(),
      );
  };
  readAll();
  if (options['follow'] && args.length > 0) followForever(readAll, statistics, canvas, isTerminal);
  for (const { source, tracker } of sources) source.finish((line) => handle(line, tracker));
  if (statistics) show(drawStatistics(statistics, canvas));
}

/** Ends with the process only. */
function followForever(readAll: () => void, statistics: Statistics | undefined, canvas: Canvas, clear: boolean): never {
  for (let waited = REDRAW_MILLISECONDS; ; waited += FOLLOW_MILLISECONDS) {
    if (statistics && waited >= REDRAW_MILLISECONDS) {
      waited = 0;
      show(`${clear ? '\x1b[H\x1b[2J' : ''}${drawStatistics(statistics, canvas)}${clear ? '' : '\n'}`);
    }
    pause(FOLLOW_MILLISECONDS);
    readAll();
    if (!statistics) stdout.flush();
  }
}

function show(text: string): void {
  stdout.put(Buffer.from(text, 'utf8'));
  stdout.flush();
}

function wantsColour(when: string | boolean | undefined, isTerminal: boolean): boolean {
  if (when === 'always') return true;
  if (when === 'never') return false;
  if (when !== undefined && when !== 'auto') throw new UsageError('--color wants auto, always or never');
  return isTerminal && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

function count(value: string | boolean | undefined, option: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^[1-9]\d{0,5}$/.test(value)) throw new UsageError(`${option} wants a number`);
  return Number(value);
}

function screenWidth(isTerminal: boolean): number {
  const given = (isTerminal && process.stdout.columns) || Number(process.env['COLUMNS']);
  return Number.isInteger(given) && given >= 20 ? given : 80;
}
