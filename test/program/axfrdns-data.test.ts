// The changes of a zone, from two versions of data.cdb to a client that has the older one: axfrdns-data finds them,
// axfrdns sends them, and what a client makes of them is the newer zone.
import assert from 'node:assert/strict';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { bytesOf, concat, textOf } from '../../src/base/bytes.ts';
import { CopyPatch } from '../../src/data/copy-patch.ts';
import { PublishedZones } from '../../src/data/published.ts';
import { CopySink } from '../../src/data/zone-copy.ts';
import { TsigChain } from '../../src/transfer/tsig.ts';
import type { TsigKey } from '../../src/transfer/tsig-record.ts';
import { ZoneAnswer } from '../../src/transfer/zone-answer.ts';
import type { AnswerOutcome } from '../../src/transfer/zone-question.ts';
import { composeZoneQuestion, type ZoneQuestion } from '../../src/transfer/zone-question.ts';
import { framed } from '../../src/wire/framing.ts';
import { nameOf } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';
import { run, temporaryDirectory } from '../support/programs.ts';
import { axfrdns, framedQuery, messagesIn } from '../support/transfer.ts';

const ZONE = 'zone.test';
const LIMITS = { records: 1e6, octets: 1e8 };
const SECRET = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

function lines(serial: number, ...more: string[]): string {
  return [`Zzone.test:ns.zone.test.:h.zone.test.:${serial}:1:2:3:4`, '&zone.test::ns.zone.test.', ...more, ''].join(
    '\n',
  );
}

/** Compiles and compares; what axfrdns-data prints. */
function publish(root: string, data: string): { out: string; err: string } {
  writeFileSync(`${root}/data`, data);
  const compiled = run('tinydns-data', [], { cwd: root });
  assert.equal(compiled.stderr, '');
  const { code, stdout, stderr } = run('axfrdns-data', [], { cwd: root });
  assert.equal(code, 0, stderr);
  return { out: stdout.toString('latin1'), err: stderr };
}

interface Got {
  readonly outcome: AnswerOutcome;
  readonly messages: readonly Buffer[];
  readonly copy: string;
  readonly sink: CopySink;
  readonly stderr: string;
}

/** Asks axfrdns in `root` and judges what comes, as axfr-getd does. */
function ask(root: string, type: ZoneQuestion['type'], serial: number | undefined, key?: TsigKey, env = {}): Got {
  const now = Math.floor(Date.now() / 1000);
  const chain = key && new TsigChain(key);
  const question: ZoneQuestion = { zone: nameOf(ZONE)!, type, id: 77, serial, chain };
  const request = Buffer.from(framed(composeZoneQuestion(question, now)));
  const { stdout, stderr } = axfrdns(root, request, env);
  const messages = messagesIn(stdout);
  let copy = '';
  const sink = new CopySink(nameOf(ZONE)!, new PublishedZones(), (bytes, length) => {
    copy += textOf(bytes, 0, length);
  });
  const answer = new ZoneAnswer(question, LIMITS, sink);
  let outcome: AnswerOutcome = { kind: 'more' };
  for (const message of messages) outcome = answer.received(message, now);
  if (outcome.kind === 'whole') sink.end();
  return { outcome, messages, copy, sink, stderr };
}

/** The records of a copy in a fixed order, without the line that ends it. */
function recordsOf(copy: string): string[] {
  return copy
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .sort();
}

test('what axfrdns sends as changes makes the old zone the new one, over several steps', () => {
  const root = temporaryDirectory();
  assert.equal(
    publish(root, lines(1, '+a.zone.test:10.0.0.1', '+b.zone.test:10.0.0.2', '@zone.test::m.zone.test.')).out,
    'zone.test 1\n',
  );
  const old = ask(root, TYPE.AXFR, undefined).copy;
  assert.equal(publish(root, lines(2, '+a.zone.test:10.0.0.1', '+b.zone.test:10.0.0.3')).out, 'zone.test 2\n');
  const third = lines(
    3,
    '+a.zone.test:10.0.0.1:77',
    '+b.zone.test:10.0.0.3',
    "'*.zone.test:wild",
    '+b.zone.test:10.0.0.4',
  );
  assert.equal(publish(root, third).out, 'zone.test 3\n');
  // The steps are together no longer than the zone, or the older one is not kept.
  const padding = Array.from({ length: 60 }, (_, i) => `+h${i}.zone.test:10.1.0.${i}`);
  for (const [serial, more] of [
    [4, []],
    [5, ['+new.zone.test:10.9.9.9']],
    [6, ['+newer.zone.test:10.9.9.8']],
  ] as const) {
    publish(root, lines(serial, '+a.zone.test:10.0.0.1', ...padding, ...more));
  }
  const now = ask(root, TYPE.AXFR, undefined).copy;
  const four = ask(root, TYPE.IXFR, 4);
  assert.deepEqual(four.outcome, { kind: 'changes', serial: 6, removed: 1, added: 2 });
  assert.equal(four.messages.length, 1);
  const five = ask(root, TYPE.IXFR, 5);
  assert.deepEqual(five.outcome, { kind: 'changes', serial: 6, removed: 1, added: 1 });
  assert.equal(ask(root, TYPE.IXFR, 1).outcome.kind, 'whole');
  assert.deepEqual(recordsOf(ask(root, TYPE.IXFR, 1).copy), recordsOf(now));
  assert.deepEqual(ask(root, TYPE.IXFR, 6).outcome, { kind: 'same' });
  assert.deepEqual(ask(root, TYPE.IXFR, 7).outcome, { kind: 'older', serial: 6 });
  assert.ok(old.includes('10.0.0.2'));

  publish(root, lines(6, '+a.zone.test:10.0.0.1', ...padding, '+newer.zone.test:10.9.9.8'));
  const base = now;
  publish(
    root,
    lines(7, '+a.zone.test:10.0.0.1:5', ...padding.slice(3), '+newer.zone.test:10.9.9.8', "'*.zone.test:wild"),
  );
  const got = ask(root, TYPE.IXFR, 6);
  assert.equal(got.outcome.kind, 'changes');
  const patch = new CopyPatch(ZONE, new PublishedZones(), got.sink.changes, got.sink.soaLines);
  const made = textOf(concat([patch.push(bytesOf(base)), patch.end()]));
  assert.equal(patch.problem, undefined);
  assert.deepEqual(recordsOf(made), recordsOf(ask(root, TYPE.AXFR, undefined).copy));
});

test('without history, and where the history does not end in our SOA, the whole zone is sent', () => {
  const root = temporaryDirectory();
  publish(root, lines(1, '+a.zone.test:10.0.0.1'));
  publish(root, lines(2, '+a.zone.test:10.0.0.2'));
  writeFileSync(`${root}/data`, lines(3, '+a.zone.test:10.0.0.3'));
  run('tinydns-data', [], { cwd: root });
  assert.deepEqual(ask(root, TYPE.IXFR, 2).outcome, { kind: 'whole', serial: 3 });
  rmSync(`${root}/ixfr.cdb`);
  assert.deepEqual(ask(root, TYPE.IXFR, 2).outcome, { kind: 'whole', serial: 3 });
  writeFileSync(`${root}/ixfr.cdb`, 'nonsense');
  assert.deepEqual(ask(root, TYPE.IXFR, 2).outcome, { kind: 'whole', serial: 3 });
});

test('a zone that changed without its serial, or whose records vary, has no history', () => {
  const root = temporaryDirectory();
  const padding = Array.from({ length: 30 }, (_, i) => `+h${i}.zone.test:10.1.0.${i}`);
  publish(root, lines(1, ...padding));
  publish(root, lines(2, ...padding, '+a.zone.test:10.0.0.1'));
  assert.equal(ask(root, TYPE.IXFR, 1).outcome.kind, 'changes');
  const same = publish(root, lines(2, ...padding, '+a.zone.test:10.0.0.2'));
  assert.equal(same.err, 'axfrdns-data: warning: zone.test has changed, its serial 2 has not\n');
  assert.equal(same.out, '');
  assert.equal(ask(root, TYPE.IXFR, 1).outcome.kind, 'whole');
  publish(root, lines(3, ...padding, '+a.zone.test:10.0.0.2::400000005a000000'));
  assert.equal(ask(root, TYPE.IXFR, 2).outcome.kind, 'whole');
  publish(root, lines(4, ...padding));
  assert.equal(ask(root, TYPE.IXFR, 3).outcome.kind, 'whole');
  publish(root, lines(5, ...padding, '+b.zone.test:10.0.0.2'));
  assert.equal(ask(root, TYPE.IXFR, 4).outcome.kind, 'changes');
});

test('killed before its last rename, axfrdns-data goes on where it was', () => {
  const root = temporaryDirectory();
  const padding = Array.from({ length: 30 }, (_, i) => `+h${i}.zone.test:10.1.0.${i}`);
  publish(root, lines(1, ...padding));
  linkSync(`${root}/ixfr.last`, `${root}/kept`);
  publish(root, lines(2, ...padding, '+a.zone.test:10.0.0.1'));
  rmSync(`${root}/ixfr.last`);
  linkSync(`${root}/kept`, `${root}/ixfr.last`); // ixfr.cdb is there, the link is the one of before
  writeFileSync(`${root}/ixfr.tmp`, 'half');
  publish(root, lines(3, ...padding, '+a.zone.test:10.0.0.1', '+b.zone.test:10.0.0.1'));
  assert.equal(ask(root, TYPE.IXFR, 1).outcome.kind, 'changes');
  assert.ok(!existsSync(`${root}/ixfr.tmp`));
  const before = readFileSync(`${root}/ixfr.cdb`);
  const { code, stdout } = run('axfrdns-data', [], { cwd: root });
  assert.equal(code, 0);
  assert.equal(stdout.length, 0);
  assert.deepEqual(readFileSync(`${root}/ixfr.cdb`), before);
});

test('an IXFR without an SOA is a question as before', () => {
  const root = temporaryDirectory();
  publish(root, lines(1, '+a.zone.test:10.0.0.1'));
  const [reply, ...others] = messagesIn(axfrdns(root, framedQuery(ZONE, 'IXFR')).stdout);
  assert.equal(others.length, 0);
  assert.equal(reply!.readUInt16BE(6), 0);
});

test('where KEY is set transfers must be signed, and are signed from the first message to the last', () => {
  const root = temporaryDirectory();
  const more = Array.from({ length: 3000 }, (_, i) => `+h${i}.zone.test:10.1.${i >> 8}.${i & 255}`);
  publish(root, lines(1, ...more));
  run('/bin/mkdir', ['-m', '750', `${root}/tsig`]);
  writeFileSync(`${root}/tsig/k.test`, `hmac-sha256:k.test:${SECRET}\n`, { mode: 0o640 });
  const key: TsigKey = { name: nameOf('k.test')!, algorithm: 'hmac-sha256', secret: Buffer.from(SECRET, 'base64') };
  const env = { KEY: 'other.test/k.test' };
  const got = ask(root, TYPE.AXFR, undefined, key, env);
  assert.deepEqual(got.outcome, { kind: 'whole', serial: 1 });
  assert.ok(got.messages.length > 1 && got.messages.length < 20);
  for (const message of got.messages) assert.ok(message.length <= 16383 && message.readUInt16BE(10) === 1);
  assert.deepEqual(recordsOf(got.copy), recordsOf(ask(root, TYPE.AXFR, undefined).copy));
  assert.match(ask(root, TYPE.AXFR, undefined, undefined, env).stderr, /fatal: disallowed zone transfer request/);
  const wrong = ask(root, TYPE.AXFR, undefined, { ...key, secret: new Uint8Array(9) }, env);
  assert.deepEqual(wrong.outcome, { kind: 'failed', why: 'they say bad signature' });
  assert.match(wrong.stderr, /fatal: bad signature/);
  const unknown = ask(root, TYPE.AXFR, undefined, { ...key, name: nameOf('unknown.test')! }, env);
  assert.deepEqual(unknown.outcome, { kind: 'failed', why: 'they say bad key' });
  assert.match(unknown.stderr, /fatal: bad key/);
  assert.deepEqual(ask(root, TYPE.SOA, 1, key, env).outcome, { kind: 'same' });
  assert.deepEqual(ask(root, TYPE.SOA, 1, undefined, env).outcome, { kind: 'same' });
});
