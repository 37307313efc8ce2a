// The lines of dnstrace, sorted for reading. Counterpart: dnstracesort.sh, a pipeline of awk, sort and uniq. Text is
// Latin-1. Bold is a character struck over itself and underlining one over a low line, as terminals and `less` know it.

import { formatField, splitLine, type TraceLine } from './trace-line.ts';

const ALERT = [...'ALERT:'].map((character) => `${character}\b${character}`).join('');
const SERVER_WIDTH = 16;

/** The readable form of dnstrace's output; both end each line with a newline. */
export function sortTrace(trace: string): string {
  const lines = trace.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const sorted = lines.flatMap(readLine).sort(compareLines);
  let text = '';
  let name = '';
  let previous: TraceLine | undefined;
  for (const line of sorted) {
    if (previous && compareLines(previous, line) === 0) continue;
    previous = line;
    if (line.name !== name) text += '\n';
    name = line.name;
    text += `${line.type} ${underlined(name, line.zone)} ${formatField(line.server).padEnd(SERVER_WIDTH)} ${resultOf(line)}\n`;
  }
  return text;
}

/** The line in parts; glue belongs to its owner; nothing for a line that says only that a query was sent. */
function readLine(text: string): TraceLine[] {
  const line = splitLine(text);
  const { kind } = line;
  if (kind === 'tx') return [];
  if (kind !== 'A' && kind !== 'AAAA' && kind !== 'NS') return [line];
  const [owner = '', value = ''] = line.values;
  return [
    {
      ...line,
      type: 'glue',
      name: owner,
      kind: 'answer',
      values: [`${owner} ${kind} ${kind === 'AAAA' ? formatField(value) : value}`],
    },
  ];
}

/** By question, then result, then server, then zone. */
function compareLines(a: TraceLine, b: TraceLine): number {
  return (
    compare(`${a.type}:${a.name}`, `${b.type}:${b.name}`) ||
    compare([a.kind, ...a.values].join(':'), [b.kind, ...b.values].join(':')) ||
    compare(a.server, b.server) ||
    compare(a.zone, b.zone)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function resultOf({ name, kind, values: [value = ''] }: TraceLine): string {
  switch (kind) {
    case 'ALERT':
      return `${ALERT} ${value}`;
    case 'answer':
      return value.startsWith(`${name} `) ? value.slice(name.length + 1) : value;
    case 'see':
    case 'CNAME':
      return `${kind} ${value}`;
    default:
      return kind;
  }
}

/** The name with its last characters, as many as the zone has, replaced by the zone underlined; not for the root. */
function underlined(name: string, zone: string): string {
  if (zone === '.') return name;
  const marked = [...zone].map((character) => `_\b${character}`).join('');
  return name.slice(0, Math.max(0, name.length - zone.length)) + marked;
}
