// What dnstrace found out, as an indented tree of questions, zones and servers. There is no counterpart in djbdns 1.05.

import { formatEndpoint } from '../base/endpoint.ts';
import { COLOURED, PLAIN } from '../base/paint.ts';
import { formatName } from '../wire/name.ts';
import { typeName } from '../wire/type.ts';
import type { Fact, Task } from './trace-line.ts';

/** A task's outcome. */
export interface Visit {
  readonly task: Task;
  readonly facts: readonly Fact[];
  /** Undefined when the server was not asked. */
  readonly milliseconds: number | undefined;
}

/** What came of a visit, a line for each result; glue is left out. Problems begin with `ALERT`. */
export function resultsOf(visit: Visit): string[] {
  const lines: string[] = [];
  for (const fact of visit.facts) {
    if (fact.kind === 'answer') lines.push(fact.record);
    else if (fact.kind === 'cname') lines.push(`CNAME ${formatName(fact.target)}`);
    else if (fact.kind === 'see') lines.push(`see ${formatName(fact.zone)}`);
    else if (fact.kind === 'alert') lines.push(`ALERT: ${fact.text}`);
    else if (fact.kind === 'nodata' || fact.kind === 'nxdomain') lines.push(fact.kind.toUpperCase());
  }
  return lines;
}

/** The values in order of first appearance, each with those it was the key of. */
function grouped<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** The server's address and its name. */
export function serverText({ server, serverName }: Task): string {
  const name = serverName[0] === 0 ? '' : ` ${formatName(serverName)}`;
  return formatEndpoint(server) + name;
}

/** The tree: questions at the margin, their zones below them, servers with results and times below those. */
export function formatTree(visits: readonly Visit[], inColour: boolean): string {
  const paint = inColour ? COLOURED : PLAIN;
  const width = Math.max(0, ...visits.map(({ task }) => serverText(task).length));
  let text = '';
  const questions = grouped(visits, ({ task }) => `${typeName(task.type)} ${formatName(task.name)}`);
  for (const [question, ofQuestion] of questions) {
    text += `${paint('bold', question)}\n`;
    for (const [zone, ofZone] of grouped(ofQuestion, ({ task }) => formatName(task.zone))) {
      text += `  ${zone}\n`;
      for (const visit of ofZone) {
        const lines = resultsOf(visit).map((line) => (line.startsWith('ALERT') ? paint('red', line) : line));
        const time = `${(visit.milliseconds?.toFixed(1) ?? '-').padStart(8)} ms`;
        text += `    ${serverText(visit.task).padEnd(width)} ${time}  ${lines[0] ?? ''}\n`;
        for (const line of lines.slice(1)) text += `${' '.repeat(4 + width + 1 + time.length + 2)}${line}\n`;
      }
    }
  }
  return text;
}
