// What dnstrace found out, arranged for people: as an indented tree of questions, zones and servers, or as a graph for
// Graphviz. There is no counterpart in djbdns 1.05.

import { formatEndpoint } from '../base/endpoint.ts';
import { COLOURED, PLAIN } from '../base/paint.ts';
import { formatName } from '../wire/name.ts';
import { typeName } from '../wire/type.ts';
import type { Fact, Task } from './trace-line.ts';

/** A task's outcome. */
export interface Visit {
  readonly task: Task;
  readonly facts: readonly Fact[];
  readonly milliseconds: number;
}

/** What came of a visit, a line for each result; glue is left out. Problems begin with `ALERT`. */
function results(visit: Visit): string[] {
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

function serverText({ server, serverName }: Task): string {
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
        const lines = results(visit).map((line) => (line.startsWith('ALERT') ? paint('red', line) : line));
        const time = `${visit.milliseconds.toFixed(1).padStart(8)} ms`;
        text += `    ${serverText(visit.task).padEnd(width)} ${time}  ${lines[0] ?? ''}\n`;
        for (const line of lines.slice(1)) text += `${' '.repeat(4 + width + 1 + time.length + 2)}${line}\n`;
      }
    }
  }
  return text;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** A directed graph: zones lead to their servers, servers to the zones they refer to and to results. */
export function formatDot(visits: readonly Visit[]): string {
  const lines = new Set<string>();
  for (const visit of visits) {
    const { task } = visit;
    const zone = `zone ${formatName(task.zone)}`;
    const server = `server ${serverText(task)}`;
    lines.add(`${quoted(zone)} [shape=box, label=${quoted(formatName(task.zone))}];`);
    lines.add(`${quoted(server)} [shape=ellipse, label=${quoted(serverText(task))}];`);
    lines.add(`${quoted(zone)} -> ${quoted(server)};`);
    const question = `${typeName(task.type)} ${formatName(task.name)}`;
    const label = `[label=${quoted(`${question} ${visit.milliseconds.toFixed(1)} ms`)}]`;
    const sees = visit.facts.find((fact) => fact.kind === 'see');
    if (sees?.kind === 'see') {
      const child = `zone ${formatName(sees.zone)}`;
      lines.add(`${quoted(child)} [shape=box, label=${quoted(formatName(sees.zone))}];`);
      lines.add(`${quoted(server)} -> ${quoted(child)} ${label};`);
    }
    for (const result of results(visit)) {
      if (result.startsWith('see ')) continue;
      const colour = result.startsWith('ALERT') ? ', color=red, fontcolor=red' : '';
      const node = `${question}: ${result}`;
      lines.add(`${quoted(node)} [shape=note, label=${quoted(result)}${colour}];`);
      lines.add(`${quoted(server)} -> ${quoted(node)} ${label};`);
    }
  }
  return `digraph dnstrace {\n  rankdir=LR;\n${[...lines].map((line) => `  ${line}\n`).join('')}}\n`;
}
