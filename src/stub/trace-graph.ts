// What dnstrace found out, as a graph for Graphviz: zones lead to their servers, servers to the zones that they refer
// to and to what they answer. There is no counterpart in djbdns 1.05. The question and the aliases that it leads
// through are drawn in full; questions for addresses of servers are dashed. Two nodes have one edge, however many
// questions went that way; the same answer of several servers is one node.

import { formatName } from '../wire/name.ts';
import { typeName } from '../wire/type.ts';
import type { StubQuestion } from './exchange.ts';
import { resultsOf, serverText, type Visit } from './trace-tree.ts';

/** Questions named beside an edge; of more there is the number. */
const LABELS_MAX = 2;

/** Attributes of a node or an edge, as Graphviz has them. */
type Attributes = Readonly<Record<string, string | number>>;

const ZONE = { shape: 'box', style: 'filled', fillcolor: '#eef3fa' };
const SERVER = { shape: 'ellipse' };
const QUESTION = { shape: 'plaintext', fontname: 'Helvetica-Bold' };
const RESULT = { shape: 'note', style: 'filled', fillcolor: '#f7f7f7' };
const ANSWER = { ...RESULT, fillcolor: '#dcf5dc', color: '#1a7f37', penwidth: 2, peripheries: 2 };
const PROBLEM = { ...RESULT, fillcolor: '#fde7e7', color: '#c62828', fontcolor: '#c62828' };
const ALIAS = { color: '#1a7f37', penwidth: 2, style: 'dotted' };
const DASHED = { style: 'dashed', color: '#9aa0a6', fontcolor: '#9aa0a6' };

/** An edge, with what went along it. */
interface Edge {
  readonly from: string;
  readonly to: string;
  /** Part of the way to the answer. */
  isMain: boolean;
  readonly questions: Set<string>;
  attributes: Attributes;
}

/** A graph under construction. Nodes and edges keep the order in which they came. */
class Graph {
  private readonly nodes = new Map<string, Attributes>();
  private readonly edges = new Map<string, Edge>();

  /** A node; the second one of a name changes nothing. */
  node(name: string, label: string, attributes: Attributes): string {
    if (!this.nodes.has(name)) this.nodes.set(name, { label, ...attributes });
    return name;
  }

  /** An edge, or another question along an edge that is there. */
  edge(from: string, to: string, question: string, isMain: boolean, attributes: Attributes = {}): void {
    const key = `${from}\0${to}`;
    let edge = this.edges.get(key);
    if (!edge) this.edges.set(key, (edge = { from, to, isMain, questions: new Set(), attributes }));
    if (isMain && !edge.isMain) {
      edge.isMain = true;
      edge.questions.clear(); // beside the way to the answer nothing else is named
    }
    if (question !== '' && isMain === edge.isMain) edge.questions.add(question);
  }

  /** The text for Graphviz. */
  format(title: string): string {
    const lines = [`graph [rankdir=LR, labelloc=t, fontname="Helvetica", fontsize=20, label=${quoted(title)}];`];
    lines.push('node [fontname="Helvetica", fontsize=11];', 'edge [fontname="Helvetica", fontsize=9];');
    for (const [name, attributes] of this.nodes) lines.push(`${quoted(name)} ${formatAttributes(attributes)};`);
    for (const { from, to, isMain, questions, attributes } of this.edges.values()) {
      const all = { label: labelOf([...questions]), ...(isMain ? {} : DASHED), ...attributes };
      lines.push(`${quoted(from)} -> ${quoted(to)} ${formatAttributes(all)};`);
    }
    return `digraph dnstrace {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
  }
}

/** The graph. The first visit is of the question that was asked. */
export function formatDot(visits: readonly Visit[]): string {
  const graph = new Graph();
  const [first] = visits;
  if (!first) return graph.format('dnstrace');
  const title = questionText(first.task);
  const main = mainQuestions(visits, title);
  const start = graph.node(`question ${title}`, title, QUESTION);
  for (const visit of visits) addVisit(graph, visit, main);
  addAliases(graph, visits, main);
  graph.edge(start, 'zone .', '', true);
  return graph.format(`dnstrace ${title}`);
}

function addVisit(graph: Graph, visit: Visit, main: ReadonlySet<string>): void {
  const { task, facts, milliseconds } = visit;
  if (milliseconds === undefined) return; // it was not asked: what matters is why
  const question = questionText(task);
  const isMain = main.has(question);
  const zoneName = formatName(task.zone);
  const zone = graph.node(`zone ${zoneName}`, zoneName, ZONE);
  const server = graph.node(`server ${serverText(task)}`, serverText(task).replace(' ', '\n'), SERVER);
  graph.edge(zone, server, '', isMain);
  const passed = isMain ? `${question} ${milliseconds.toFixed(1)} ms` : question;
  for (const fact of facts) {
    if (fact.kind !== 'see') continue;
    const child = formatName(fact.zone);
    graph.edge(server, graph.node(`zone ${child}`, child, ZONE), passed, isMain);
  }
  for (const result of resultsOf(visit)) {
    if (result.startsWith('see ')) continue;
    if (result.startsWith('ALERT')) {
      // One node for all questions that a server had the same trouble with.
      const node = graph.node(`${serverText(task)}: ${result}`, result.replace('ALERT: ', ''), PROBLEM);
      graph.edge(server, node, passed, isMain, { color: PROBLEM.color, fontcolor: PROBLEM.color });
      continue;
    }
    const isAlias = facts.some((fact) => fact.kind === 'cname');
    const isNothing = result === 'NXDOMAIN' || result === 'NODATA';
    const label = isNothing ? `${question}\n${result}` : result;
    const node = graph.node(`${question}: ${result}`, label, isMain && !isAlias ? ANSWER : RESULT);
    graph.edge(server, node, passed, isMain);
  }
}

/** Joins each CNAME record to what came of the question that it led to. */
function addAliases(graph: Graph, visits: readonly Visit[], main: ReadonlySet<string>): void {
  for (const { task, facts } of visits) {
    for (const fact of facts) {
      if (fact.kind !== 'cname') continue;
      const question = questionText(task);
      const next = questionText({ name: fact.target, type: task.type });
      for (const visit of visits) {
        if (questionText(visit.task) !== next) continue;
        for (const result of resultsOf(visit).filter(isResult)) {
          graph.edge(
            `${question}: CNAME ${formatName(fact.target)}`,
            `${next}: ${result}`,
            '',
            main.has(question),
            ALIAS,
          );
        }
      }
    }
  }
}

/** True for what a server says of the question itself. */
function isResult(text: string): boolean {
  return !text.startsWith('see ') && !text.startsWith('ALERT');
}

/** The question that was asked, and those that its CNAME records lead to. */
function mainQuestions(visits: readonly Visit[], first: string): Set<string> {
  const main = new Set([first]);
  for (let known = 0; known < main.size; ) {
    known = main.size;
    for (const { task, facts } of visits) {
      if (!main.has(questionText(task))) continue;
      for (const fact of facts) {
        if (fact.kind === 'cname') main.add(questionText({ name: fact.target, type: task.type }));
      }
    }
  }
  return main;
}

function questionText({ name, type }: StubQuestion): string {
  return `${typeName(type)} ${formatName(name)}`;
}

function labelOf(questions: readonly string[]): string {
  const shown = questions.length > LABELS_MAX ? questions.slice(0, LABELS_MAX - 1) : questions;
  const others = questions.length - shown.length;
  return [...shown, ...(others > 0 ? [`and ${others} more`] : [])].join('\n');
}

function formatAttributes(attributes: Attributes): string {
  const parts = Object.entries(attributes).filter(([, value]) => value !== '');
  return `[${parts.map(([key, value]) => `${key}=${quoted(String(value))}`).join(', ')}]`;
}

/** A string of Graphviz; a newline in it begins a new line of the label. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
