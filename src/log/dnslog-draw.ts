// Statistics drawn for a terminal, at its width: one section each, left out when it would be empty.
import { formatLocalSecond } from '../base/local-time.ts';
import type { Paint } from '../base/paint.ts';
import { typeName } from '../wire/type.ts';
import { formatMilliseconds, readable } from './dnslog-format.ts';
import type { Latencies, Rates, Statistics, Tally } from './dnslog-stats.ts';

/** How to draw. */
export interface Canvas {
  width: number;
  paint: Paint;
  /** Block characters; `#` and blanks otherwise. */
  blocks: boolean;
  /** Lines in each list. */
  top: number;
}

const ROWS = 6;
const LATENCY_BOUNDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000] as const;

/** The whole report, ending in a newline. */
export function drawStatistics(statistics: Statistics, canvas: Canvas): string {
  const { rates, outcomes, latencies, types, names, clients, failures, servers } = statistics;
  const parts = [
    drawSummary(statistics, canvas),
    drawRates(rates, canvas),
    drawTally('Outcome', outcomes, canvas, (text) => text),
    drawLatencies(latencies, canvas),
    drawTally('Types', types, canvas, (text) => typeName(Number(text))),
    drawTally('Names', names, canvas, readable),
    drawTally('Clients', clients, canvas, (text) => text),
    drawTally('Servers heard', servers, canvas, (text) => text),
    drawTally('Failing names', failures, canvas, readable),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function drawSummary({ types, lines, others, starts, rates, names, clients }: Statistics, canvas: Canvas): string {
  let text = `${canvas.paint('bold', `${number(types.total)} queries`)} in ${number(lines)} lines`;
  text += `, ${number(names.size)} names, ${number(clients.size)} clients`;
  if (starts > 0) text += `, ${number(starts)} start${starts === 1 ? '' : 's'}`;
  if (others > 0) text += `, ${number(others)} other line${others === 1 ? '' : 's'}`;
  if (rates.first > rates.last) return `${text}\n`;
  return `${text}\n${formatLocalSecond(rates.first)} to ${formatLocalSecond(rates.last)}\n`;
}

function drawRates(rates: Rates, canvas: Canvas): string {
  const axis = 9;
  const { perSecond, seconds } = rates.columns(Math.max(10, canvas.width - axis - 1));
  if (perSecond.length < 2) return '';
  const peak = Math.max(...perSecond);
  const steps = canvas.blocks ? ' ▁▂▃▄▅▆▇█' : ' #';
  const fine = steps.length - 1;
  const rows: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    let bar = '';
    for (const value of perSecond) {
      const filled = (value / peak) * ROWS - row;
      const step = Math.max(0, Math.min(fine, Math.round(filled * fine)));
      bar += steps[row === 0 && value > 0 && step === 0 ? 1 : step];
    }
    const label = row === ROWS - 1 ? rate(peak) : row === 0 ? '0' : '';
    rows.push(`${label.padStart(axis - 2)} ${canvas.blocks ? '┤' : '|'}${canvas.paint('cyan', bar.trimEnd())}`);
  }
  const [from, to] = [formatLocalSecond(rates.first), formatLocalSecond(rates.last)];
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  const [left, right] = sameDay ? [from.slice(11), to.slice(11)] : [from.slice(5, 16), to.slice(5, 16)];
  const gap = Math.max(1, perSecond.length - left.length - right.length);
  rows.push(canvas.paint('dim', `${' '.repeat(axis)}${left}${' '.repeat(gap)}${right}`));
  return `${title('Queries a second', canvas)}, each column ${duration(seconds)}\n${rows.join('\n')}\n`;
}

function drawLatencies(latencies: Latencies, canvas: Canvas): string {
  if (latencies.total === 0) return '';
  const counts = latencies.classes(LATENCY_BOUNDS);
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const rows: Row[] = [];
  for (let i = first; i <= last; i++) {
    const bound = LATENCY_BOUNDS[i];
    const label = bound === undefined ? 'longer' : `below ${formatMilliseconds(bound)}`;
    rows.push({ label, count: counts[i] as number });
  }
  const quantile = (share: number): string => formatMilliseconds(latencies.quantile(share));
  const summary = `half in ${quantile(0.5)}, 90 % in ${quantile(0.9)}, 99 % in ${quantile(0.99)}, slowest ${formatMilliseconds(latencies.max)}`;
  return `${title('Time to answer', canvas)}: ${summary}\n${drawRows(rows, latencies.total, canvas)}`;
}

interface Row {
  label: string;
  count: number;
}

function drawTally(name: string, tally: Tally, canvas: Canvas, show: (key: string) => string): string {
  if (tally.total === 0) return '';
  const rows = tally.top(canvas.top).map(([key, count]) => ({ label: show(key), count }));
  const more = tally.size - rows.length;
  const rest = more > 0 ? `, ${number(more)} more${tally.approximate ? ' at least; low counts are too low' : ''}` : '';
  return `${title(name, canvas)}${rest}\n${drawRows(rows, tally.total, canvas)}`;
}

/** Label, count, share and a bar for each row, in columns. */
function drawRows(rows: readonly Row[], total: number, canvas: Canvas): string {
  const labels = Math.min(
    Math.max(...rows.map(({ label }) => label.length)),
    Math.max(12, Math.floor(canvas.width * 0.45)),
  );
  const counts = Math.max(...rows.map(({ count }) => number(count).length));
  const room = Math.max(0, canvas.width - labels - counts - 13);
  const peak = Math.max(...rows.map(({ count }) => count));
  let text = '';
  for (const { label, count } of rows) {
    const share = `${((100 * count) / total).toFixed(1)} %`.padStart(7);
    const bar = drawBar((room * count) / peak, canvas.blocks);
    const line = `  ${clip(label, labels).padEnd(labels)} ${number(count).padStart(counts)} ${share}  `;
    text += bar === '' ? `${line.trimEnd()}\n` : `${line}${canvas.paint('cyan', bar)}\n`;
  }
  return text;
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

function title(text: string, { paint }: Canvas): string {
  return paint('bold', text);
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
