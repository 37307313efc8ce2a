// The lines of dnstrace, sorted for reading. Counterpart: dnstracesort.sh, a pipeline of awk, sort and uniq. Text is
// Latin-1. Bold is a character struck over itself and underlining one over a low line, as terminals and `less` know it.

interface Line {
  readonly fields: readonly string[];
  /** Fields 1 and 2; field 5 and all behind it; the order of the output is by these, then fields 4 and 3. */
  readonly question: string;
  readonly rest: string;
}

const ALERT = [...'ALERT:'].map((character) => `${character}\b${character}`).join('');
const IP_WIDTH = 16;

/** The readable form of dnstrace's output; both end each line with a newline. */
export function sortTrace(trace: string): string {
  const lines = trace.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const sorted = lines.flatMap(readLine).sort(compareLines);
  let text = '';
  let name = '';
  let previous: Line | undefined;
  for (const line of sorted) {
    if (previous && compareLines(previous, line) === 0) continue;
    previous = line;
    const [first = '', second = '', zone = '', ip = ''] = line.fields;
    if (second !== name) text += '\n';
    name = second;
    text += `${first} ${underlined(second, zone)} ${ip.padEnd(IP_WIDTH)} ${resultOf(line)}\n`;
  }
  return text;
}

/** The line in parts; glue belongs to its owner; nothing for a line that says only that a query was sent. */
function readLine(text: string): Line[] {
  const fields = text.split(':');
  const [, , zone = '', ip = '', kind = '', owner = '', value = ''] = fields;
  if (kind === 'tx') return [];
  if (kind !== 'A' && kind !== 'NS') return [lineOf(fields)];
  return [lineOf(['glue', owner, zone, ip, 'answer', `${owner} ${kind} ${value}`])];
}

function lineOf(fields: readonly string[]): Line {
  return { fields, question: fields.slice(0, 2).join(':'), rest: fields.slice(4).join(':') };
}

function compareLines(a: Line, b: Line): number {
  return (
    compare(a.question, b.question) ||
    compare(a.rest, b.rest) ||
    compare(a.fields[3] ?? '', b.fields[3] ?? '') ||
    compare(a.fields[2] ?? '', b.fields[2] ?? '')
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function resultOf({ fields }: Line): string {
  const [, name = '', , , kind = '', value = ''] = fields;
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
