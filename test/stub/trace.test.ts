// dnstrace's machine: what is asked of whom, in which order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip4 } from '../../src/base/address.ts';
import { concat } from '../../src/base/bytes.ts';
import { Trace } from '../../src/stub/trace.ts';
import { formatLine, type Task } from '../../src/stub/trace-line.ts';
import { nameOf, ROOT } from '../../src/wire/name.ts';

const wire = (name: string): Uint8Array => nameOf(name)!;

/** A record of class IN. */
function record(owner: string, type: number, data: Uint8Array): Uint8Array {
  return concat([wire(owner), Uint8Array.of(0, type, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length), data]);
}

const ns = (zone: string, server: string): Uint8Array => record(zone, 2, wire(server));
const a = (owner: string, last: number): Uint8Array => record(owner, 1, Uint8Array.of(192, 0, 2, last));

/** A response with these sections. */
function response(task: Task, answers: Uint8Array[], authorities: Uint8Array[] = [], additionals: Uint8Array[] = []) {
  const counts = [answers, authorities, additionals].flatMap(({ length }) => [length >> 8, length]);
  const head = [Uint8Array.of(0, 0, 0x84, 0, 0, 1, ...counts), task.name, Uint8Array.of(0, task.type, 0, 1)];
  return concat([...head, ...answers, ...authorities, ...additionals]);
}

function traceOf(name: string): { trace: Trace; lines: string[] } {
  const lines: string[] = [];
  const roots = [{ ip: ip4(192, 0, 2, 1), port: 53 }];
  const trace = new Trace({ name: wire(name), type: 1 }, roots, (task, fact) => lines.push(formatLine(task, fact)));
  return { trace, lines };
}

test('a question is queued for a server as soon as zone, server and address are known, whichever comes last', () => {
  const { trace, lines } = traceOf('www.a.test');
  const first = trace.next()!;
  assert.deepEqual(first.zone, ROOT);
  trace.replied(first, response(first, [], [ns('a.test', 'ns.b.test')], [a('ns.b.test', 2)]), 0.1);
  const asked: string[] = [];
  for (let task = trace.next(); task; task = trace.next()) {
    asked.push(formatLine(task, 'tx'));
    trace.failed(task, 'ETIMEDOUT');
  }
  assert.deepEqual(asked, ['1:ns.b.test:.:192.0.2.1:tx', '1:www.a.test:a.test:192.0.2.2:tx']);
  assert.deepEqual(lines.slice(0, 5), [
    '0:.:.:start:NS:.:.',
    '0:.:.:start:A:.:192.0.2.1',
    '1:www.a.test:.:192.0.2.1:NS:a.test:ns.b.test',
    '1:www.a.test:.:192.0.2.1:A:ns.b.test:192.0.2.2',
    '1:www.a.test:.:192.0.2.1:see:a.test',
  ]);
});

test('outcomes may be reported in any order', () => {
  const { trace } = traceOf('www.test');
  const first = trace.next()!;
  const glue = [a('ns1.test', 2), a('ns2.test', 3)];
  trace.replied(first, response(first, [], [ns('test', 'ns1.test'), ns('test', 'ns2.test')], glue), 0.1);
  const tasks: Task[] = [];
  for (let task = trace.next(); task; task = trace.next()) tasks.push(task);
  assert.equal(tasks.length, 8); // two names at the root, three at each of the zone's two servers
  for (const task of tasks.reverse()) trace.replied(task, response(task, [a('www.test', 9)]), 0.1);
  assert.equal(trace.next(), undefined);
});

test('three thousand servers with addresses are asked, and found, at once', { timeout: 60000 }, () => {
  const { trace } = traceOf('www.a.test');
  const first = trace.next()!;
  const hosts = Array.from({ length: 3000 }, (_, i) => `ns${i}.b.test`);
  const servers = hosts.map((host) => ns('a.test', host));
  const glue = hosts.map((host, i) => record(host, 1, Uint8Array.of(10, 0, i >> 8, i)));
  trace.replied(first, response(first, [], servers, glue), 0.1);
  assert.equal(trace.queue.length, 1 + 3000 + 3000); // each host's address at the root, and www.a.test at each host
});
