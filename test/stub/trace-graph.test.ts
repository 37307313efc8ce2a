// dnstrace's graph: what is drawn once, what is marked, what is dashed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ip4 } from '../../src/base/address.ts';
import { formatDot } from '../../src/stub/trace-graph.ts';
import type { Fact, Task } from '../../src/stub/trace-line.ts';
import type { Visit } from '../../src/stub/trace-tree.ts';
import { nameOf } from '../../src/wire/name.ts';
import { needs } from '../support/programs.ts';

const name = (text: string): Uint8Array => nameOf(text)!;

/** A visit: question, zone, last octet of the server's address, and what it said. */
function visit(question: string, zone: string, server: number, ...facts: Fact[]): Visit {
  const task: Task = {
    name: name(question),
    type: 1,
    zone: name(zone),
    server: { ip: ip4(192, 0, 2, server), port: 53 },
    serverName: name(zone === '.' ? '.' : `ns${server}.${zone}`),
  };
  return { task, facts, milliseconds: 1.25 };
}

const see = (zone: string): Fact => ({ kind: 'see', zone: name(zone) });
const answer = (record: string): Fact => ({ kind: 'answer', record });
const timedOut: Fact = { kind: 'alert', text: 'query failed; timed out' };

const VISITS = [
  visit('www.a', '.', 1, see('a')),
  visit('www.a', '.', 2, see('a')),
  visit('www.a', 'a', 3, { kind: 'cname', target: name('x.b') }),
  visit('www.a', 'a', 4, timedOut),
  visit('ns3.a', '.', 1, see('a')),
  visit('ns3.a', 'a', 3, answer('ns3.a 60 A 192.0.2.3')),
  {
    ...visit('ns3.a', 'a', 4, { kind: 'alert', text: 'not asked; server was silent before' }),
    milliseconds: undefined,
  },
  visit('ns5.b', '.', 2, see('b')),
  visit('x.b', '.', 1, see('b')),
  visit('x.b', 'b', 5, answer('x.b 60 A 192.0.2."9"')),
  visit('x.b', 'b', 6, answer('x.b 60 A 192.0.2."9"')),
  visit('y.b', 'b', 5, { kind: 'nxdomain' }),
];
const lines = formatDot(VISITS)
  .split('\n')
  .map((line) => line.trim());
const edges = lines.filter((line) => line.includes(' -> '));

/** The one line of the graph that has all of these. */
function only(...parts: string[]): string {
  const found = lines.filter((line) => parts.every((part) => line.includes(part)));
  assert.equal(found.length, 1, `${parts.join(', ')}: ${found.join('\n')}`);
  return found[0]!;
}

test('the title is the question, and the question leads to the root', () => {
  only('graph [', 'label="dnstrace A www.a"');
  only('"question A www.a" -> "zone ."');
});

test('two nodes have one edge, however many questions went that way', () => {
  const ends = edges.map((edge) => edge.replace(/ \[.*/, ''));
  assert.equal(new Set(ends).size, ends.length);
  const way = only('"server 192.0.2.1" -> "zone a"');
  assert.match(way, /label="A www\.a 1\.3 ms"/); // the question for ns3.a is not named beside the way to the answer
  assert.doesNotMatch(way, /dashed/);
});

test('the same answer of two servers is one node, marked', () => {
  assert.match(only('[label="x.b 60 A 192.0.2.\\"9\\""'), /peripheries="2"/);
  only('"server 192.0.2.5 ns5.b" -> "A x.b: x.b 60');
  only('"server 192.0.2.6 ns6.b" -> "A x.b: x.b 60');
});

test('a CNAME record is joined to what its target brought, and is not the answer', () => {
  assert.doesNotMatch(only('[label="CNAME x.b"'), /peripheries/);
  only('"A www.a: CNAME x.b" -> "A x.b: x.b 60');
});

test('questions for addresses of servers are dashed', () => {
  assert.match(only('"server 192.0.2.3 ns3.a" -> "A ns3.a: ns3.a 60'), /dashed/);
  assert.match(only('"server 192.0.2.2" -> "zone b"'), /dashed/);
  assert.doesNotMatch(only('"server 192.0.2.1" -> "zone b"'), /dashed/);
  only('[label="A y.b\\nNXDOMAIN"');
});

test('trouble is red, and what was not asked is not drawn', () => {
  assert.match(only('"server 192.0.2.4 ns4.a" -> "192.0.2.4 ns4.a: ALERT'), /color="#c62828"/);
  assert.ok(!lines.some((line) => line.includes('not asked')));
});

test('a trace of nothing is a graph of nothing', () => {
  assert.match(formatDot([]), /^digraph dnstrace \{\n(?:.*;\n)*\}\n$/);
});

test('Graphviz draws it', { skip: needs('dot') }, () => {
  const { status, stdout, stderr } = spawnSync('dot', ['-Tsvg'], { input: formatDot(VISITS), encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /dnstrace A www\.a/);
});
