// Statistics drawn for a terminal: one section each, left out when it would be empty. As text they stand below each
// other; on a screen they are made to fit.
import { stripVTControlCharacters } from 'node:util';
import { formatLocalSecond } from '../base/local-time.ts';
import type { Paint } from '../base/paint.ts';
import { typeName } from '../wire/type.ts';
import { formatMilliseconds, readable } from './dnslog-format.ts';
import type { Distribution, Rates, Statistics, Tally } from './dnslog-stats.ts';

/** How to draw. */
export interface Canvas {
  width: number;
  paint: Paint;
  /** Block characters; `#` and blanks otherwise. */
  blocks: boolean;
  /** Lines in each list. */
  top: number;
}

/** A title, and lines below it. */
interface Section {
  head: string;
  rows: string[];
}

/** Rows of the graph. */
const GRAPH_ROWS = 6;
const GRAPH_ROWS_SMALL = 3;
/** Columns that a list needs. */
const LIST_WIDTH = 38;
/** Lines of a list below which it is better to have fewer lists. */
const LIST_ROWS_MIN = 3;
const LATENCY_BOUNDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000] as const;

/** The whole report, ending in a newline. */
export function drawStatistics(statistics: Statistics, canvas: Canvas): string {
  const [outcome, ...lists] = drawLists(statistics, canvas);
  const graph = drawRates(statistics.rates, canvas, GRAPH_ROWS);
  const sections = [
    drawSummary(statistics, { ...canvas, width: Infinity }),
    graph,
    outcome,
    drawLatencies(statistics.latencies, canvas),
    ...lists,
  ];
  return `${join(sections.filter(isShown).map(linesOf)).join('\n')}\n`;
}

/**
 * The report in at most `height` lines of at most the canvas's width. Where not everything has room, lists become
 * shorter and stand beside each other, then the graph becomes lower, then lists are left out from the end.
 */
export function drawScreen(statistics: Statistics, canvas: Canvas, height: number): string[] {
  const columnsMax = Math.max(1, Math.floor(canvas.width / LIST_WIDTH));
  const widths = Array.from({ length: columnsMax }, (_, i) => Math.floor((canvas.width - 2 * i) / (i + 1)));
  const lists = widths.map((width) => drawLists(statistics, { ...canvas, width }).filter(isShown));
  const summary = drawSummary(statistics, canvas);
  const latencies = drawLatencies(statistics.latencies, canvas);
  const quantiles = latencies && { head: latencies.head, rows: [] };
  for (const [graphRows, times] of [
    [GRAPH_ROWS, latencies],
    [GRAPH_ROWS_SMALL, quantiles],
  ] as const) {
    const top = [summary, drawRates(statistics.rates, canvas, graphRows), times].filter(isShown).map(linesOf);
    for (let rows = canvas.top; rows >= LIST_ROWS_MIN; rows--) {
      for (let columns = 1; columns <= columnsMax; columns++) {
        const screen = join([...top, ...besideEachOther(lists[columns - 1]!, columns, rows, widths[columns - 1]!)]);
        if (screen.length <= height) return screen;
      }
    }
  }
  const top = [summary, drawRates(statistics.rates, canvas, GRAPH_ROWS_SMALL), quantiles].filter(isShown).map(linesOf);
  const narrow = lists[columnsMax - 1]!;
  for (let shown = narrow.length; shown > 0; shown--) {
    const some = besideEachOther(narrow.slice(0, shown), columnsMax, LIST_ROWS_MIN, widths[columnsMax - 1]!);
    const screen = join([...top, ...some]);
    if (screen.length <= height) return screen;
  }
  return join(top).slice(0, height);
}

function isShown(section: Section | undefined): section is Section {
  return section !== undefined;
}

function linesOf({ head, rows }: Section): string[] {
  return [head, ...rows];
}

/** The parts with an empty line between. */
function join(parts: readonly string[][]): string[] {
  return parts.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

/** Lists of at most `rows` lines, so many in a row. */
function besideEachOther(lists: readonly Section[], columns: number, rows: number, width: number): string[][] {
  const parts: string[][] = [];
  for (let i = 0; i < lists.length; i += columns) {
    const group = lists.slice(i, i + columns).map(({ head, rows: all }) => [head, ...all.slice(0, rows)]);
    const height = Math.max(...group.map((lines) => lines.length));
    parts.push(
      Array.from({ length: height }, (_, line) =>
        beside(
          group.map((lines) => lines[line] ?? ''),
          width,
        ),
      ),
    );
  }
  return parts;
}

function beside(texts: readonly string[], width: number): string {
  let line = '';
  for (const [i, text] of texts.entries()) {
    line += text;
    if (i < texts.length - 1) line += ' '.repeat(Math.max(0, width - stripVTControlCharacters(text).length) + 2);
  }
  return line.trimEnd();
}

/** The lists, the most important first. */
function drawLists(statistics: Statistics, canvas: Canvas): (Section | undefined)[] {
  const { outcomes, rcodes, types, names, clients, failures, servers, services } = statistics;
  const truncated = `, ${percent(statistics.truncated, rcodes.total).trimStart()} truncated`;
  return [
    drawTally('Outcome', outcomes, canvas),
    drawTally('Response codes', rcodes, canvas, undefined, truncated),
    drawTally('Types', types, canvas, (text) => typeName(Number(text))),
    drawTally('Names', names, canvas, readable),
    drawTally('Clients', clients, canvas),
    drawTally('Servers heard', servers, canvas),
    drawTally('Failing names', failures, canvas, readable),
    services.size > 1 ? drawTally('Lines of services', services, canvas) : undefined,
  ];
}

function drawSummary(statistics: Statistics, { paint, width }: Canvas): Section {
  const { types, lines, others, starts, rates, names, clients, sizes } = statistics;
  const queries = `${number(types.total)} queries`;
  let text = ` in ${number(lines)} lines, ${number(names.size)} names, ${number(clients.size)} clients`;
  if (starts > 0) text += `, ${number(starts)} start${starts === 1 ? '' : 's'}`;
  if (others > 0) text += `, ${number(others)} other line${others === 1 ? '' : 's'}`;
  const head = paint('bold', queries) + text.slice(0, Math.max(0, width - queries.length));
  const rows: string[] = [];
  if (rates.first <= rates.last) rows.push(`${formatLocalSecond(rates.first)} to ${formatLocalSecond(rates.last)}`);
  if (sizes.total > 0) {
    const [half, most] = [0.5, 0.99].map((share) => number(Math.round(sizes.quantile(share))));
    rows.push(`Responses: half below ${half} octets, 99 % below ${most}, longest ${number(sizes.max)}`.slice(0, width));
  }
  return { head, rows };
}

function drawRates(rates: Rates, canvas: Canvas, height: number): Section | undefined {
  const axis = 9;
  const { perSecond, seconds } = rates.columns(Math.max(10, canvas.width - axis - 1));
  if (perSecond.length < 2) return undefined;
  const peak = Math.max(...perSecond);
  const steps = canvas.blocks ? ' ▁▂▃▄▅▆▇█' : ' #';
  const fine = steps.length - 1;
  const rows: string[] = [];
  for (let row = height - 1; row >= 0; row--) {
    let bar = '';
    for (const value of perSecond) {
      const filled = (value / peak) * height - row;
      const step = Math.max(0, Math.min(fine, Math.round(filled * fine)));
      bar += steps[row === 0 && value > 0 && step === 0 ? 1 : step];
    }
    const label = row === height - 1 ? rate(peak) : row === 0 ? '0' : '';
    rows.push(`${label.padStart(axis - 2)} ${canvas.blocks ? '┤' : '|'}${canvas.paint('cyan', bar.trimEnd())}`);
  }
  const [from, to] = [formatLocalSecond(rates.first), formatLocalSecond(rates.last)];
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  const [left, right] = sameDay ? [from.slice(11), to.slice(11)] : [from.slice(5, 16), to.slice(5, 16)];
  const gap = Math.max(1, perSecond.length - left.length - right.length);
  rows.push(canvas.paint('dim', `${' '.repeat(axis)}${left}${' '.repeat(gap)}${right}`));
  return { head: title('Queries a second', `, each column ${duration(seconds)}`, canvas), rows };
}

function drawLatencies(latencies: Distribution, canvas: Canvas): Section | undefined {
  if (latencies.total === 0) return undefined;
  const counts = latencies.classes(LATENCY_BOUNDS);
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const rows: Row[] = [];
  for (let i = first; i <= last; i++) {
    const bound = LATENCY_BOUNDS[i];
    const label = bound === undefined ? 'longer' : `below ${formatMilliseconds(bound)}`;
    rows.push({ label, count: counts[i]! });
  }
  const [half, most, nearly] = [0.5, 0.9, 0.99].map((share) => formatMilliseconds(latencies.quantile(share)));
  const slowest = formatMilliseconds(latencies.max);
  const summary = `: half in ${half}, 90 % in ${most}, 99 % in ${nearly}, slowest ${slowest}`;
  return { head: title('Time to answer', summary, canvas), rows: drawRows(rows, latencies.total, canvas) };
}

interface Row {
  label: string;
  count: number;
}

function drawTally(
  name: string,
  tally: Tally,
  canvas: Canvas,
  show: (key: string) => string = (key) => key,
  remark = '',
): Section | undefined {
  if (tally.total === 0) return undefined;
  const rows = tally.top(canvas.top).map(([key, count]) => ({ label: show(key), count }));
  const more = tally.size - rows.length;
  const rest = more > 0 ? `, ${number(more)} more${tally.approximate ? ' at least; low counts are too low' : ''}` : '';
  return { head: title(name, rest + remark, canvas), rows: drawRows(rows, tally.total, canvas) };
}

/** Label, count, share and a bar for each row, in columns. */
function drawRows(rows: readonly Row[], total: number, canvas: Canvas): string[] {
  const labels = Math.min(
    Math.max(...rows.map(({ label }) => label.length)),
    Math.max(12, Math.floor(canvas.width * 0.45)),
  );
  const counts = Math.max(...rows.map(({ count }) => number(count).length));
  const room = Math.max(0, canvas.width - labels - counts - 13);
  const peak = Math.max(...rows.map(({ count }) => count));
  return rows.map(({ label, count }) => {
    const bar = drawBar((room * count) / peak, canvas.blocks);
    const line = `  ${clip(label, labels).padEnd(labels)} ${number(count).padStart(counts)} ${percent(count, total)}`;
    return bar === '' ? line : `${line}  ${canvas.paint('cyan', bar)}`;
  });
}

function drawBar(length: number, blocks: boolean): string {
  if (!blocks) return '#'.repeat(Math.round(length));
  const whole = Math.floor(length);
  const part = Math.floor((length - whole) * 8);
  return '█'.repeat(whole) + (part > 0 ? ' ▏▎▍▌▋▊▉'[part] : '');
}

/** The end of a long name tells more than its beginning. */
function clip(text: string, length: number): string {
  return text.length <= length ? text : `..${text.slice(2 - length)}`;
}

/** A title and what stands behind it, cut where there is no room. */
function title(text: string, rest: string, { paint, width }: Canvas): string {
  return paint('bold', text) + rest.slice(0, Math.max(0, width - text.length));
}

function percent(count: number, total: number): string {
  return `${((100 * count) / total).toFixed(1)} %`.padStart(7);
}

function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function rate(value: number): string {
  return value >= 100 ? number(Math.round(value)) : value >= 1 ? value.toFixed(1) : value.toFixed(3);
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
