// What reaches axfr-getd and axfrdns from outside, nearly right: answers to a question for a zone, NOTIFY, signed
// requests, key files, servers/ZONE and copies. Part of fuzzed-readers.ts.
import assert from 'node:assert/strict';
import { ip4 } from '../../src/base/address.ts';
import { bytesOf, textOf } from '../../src/base/bytes.ts';
import { CopyPatch } from '../../src/data/copy-patch.ts';
import { scanKeyFile } from '../../src/data/key-file.ts';
import { scanPrimaries } from '../../src/data/primaries.ts';
import { PublishedZones } from '../../src/data/published.ts';
import { ZoneChanges } from '../../src/data/zone-changes.ts';
import { CopySink, scanCopyHead } from '../../src/data/zone-copy.ts';
import { judgeNotify } from '../../src/transfer/notified.ts';
import { soaSerialIn } from '../../src/transfer/transfer-request.ts';
import { checkRequest, putRefusal, TsigChain } from '../../src/transfer/tsig.ts';
import type { TsigKey } from '../../src/transfer/tsig-record.ts';
import { ZoneAnswer } from '../../src/transfer/zone-answer.ts';
import { composeZoneQuestion, type ZoneQuestion } from '../../src/transfer/zone-question.ts';
import { framed, MessageStream } from '../../src/wire/framing.ts';
import { formatName, nameOf } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';
import { a, message, ns, soa } from './zone-messages.ts';

const NOW = 1800000000;
const ID = 7;
const ZONE = 'zone.test';
const zone = nameOf(ZONE)!;
const KEY: TsigKey = { name: nameOf('k.test')!, algorithm: 'hmac-sha256', secret: new Uint8Array(32).fill(7) };
const LIMITS = { records: 50, octets: 5000 };

const WHOLE = [soa(ZONE, 5), ns(ZONE, 'ns.zone.test'), a('www.zone.test', 1), a('b.zone.test', 2), soa(ZONE, 5)];
const CHANGES = [soa(ZONE, 5), soa(ZONE, 3), a('www.zone.test', 3), soa(ZONE, 5), a('www.zone.test', 1), soa(ZONE, 5)];

function question(type: ZoneQuestion['type'], chain?: TsigChain): ZoneQuestion {
  return { zone, type, id: ID, serial: type === TYPE.AXFR ? undefined : 3, chain };
}

/** A message of ours with a signature. */
function signed(bytes: Uint8Array, chain = new TsigChain(KEY), now = NOW): Uint8Array {
  const room = new Uint8Array(bytes.length + 300);
  room.set(bytes);
  return room.slice(0, chain.sign(room, 0, bytes.length, now));
}

/** The messages of a signed transfer of WHOLE, one record each, to a question that is always the same. */
function signedTransfer(): Uint8Array[] {
  const client = new TsigChain(KEY);
  const request = composeZoneQuestion(question(TYPE.AXFR, client), NOW);
  const check = checkRequest(request, keyOf, NOW);
  assert.equal(check.kind, 'right');
  return WHOLE.map((record) => signed(message([record]), (check as { chain: TsigChain }).chain));
}

function keyOf(name: Uint8Array): TsigKey | undefined {
  return formatName(name) === 'k.test' ? KEY : undefined;
}

function stream(messages: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(messages.flatMap((each) => [...framed(each)]));
}

function stripped(messages: readonly Uint8Array[]): string {
  return copyOf(messages, question(TYPE.AXFR)).text;
}

/** The copy that a stream of messages gives, and whether the answer was a whole zone. */
function copyOf(messages: readonly Uint8Array[], asked: ZoneQuestion): { text: string; isWhole: boolean } {
  let text = '';
  const sink = new CopySink(zone, new PublishedZones(), (bytes, length) => {
    text += textOf(bytes, 0, length);
  });
  const answer = new ZoneAnswer(asked, LIMITS, sink);
  for (const each of messages) {
    const outcome = answer.received(each, NOW);
    if (outcome.kind === 'more') continue;
    if (outcome.kind === 'changes') applyChanges(sink);
    if (outcome.kind !== 'whole') return { text: '', isWhole: false };
    sink.end();
    return { text, isWhole: true };
  }
  return { text: '', isWhole: false };
}

function messagesIn(input: Uint8Array): Uint8Array[] {
  const messages = new MessageStream();
  messages.push(input);
  const all: Uint8Array[] = [];
  for (let next = messages.next(); next; next = messages.next()) all.push(next.slice());
  return all;
}

const OLD_COPY = copyOf(
  [message([soa(ZONE, 3), ns(ZONE, 'ns.zone.test'), a('www.zone.test', 3), soa(ZONE, 3)])],
  question(TYPE.AXFR),
).text;

/** Differences meet the copy of before: the new one is whole, or there is a word why not. */
function applyChanges(sink: CopySink): void {
  const patch = new CopyPatch(ZONE, new PublishedZones(), sink.changes, sink.soaLines);
  const text = textOf(patch.push(bytesOf(OLD_COPY))) + textOf(patch.end());
  if (patch.problem === undefined) assertWhole(text);
}

function assertWhole(text: string): void {
  const patch = new CopyPatch(ZONE, new PublishedZones(), new ZoneChanges());
  patch.push(bytesOf(text));
  patch.end();
  assert.equal(patch.problem, undefined, text);
  assert.ok(scanCopyHead(text.slice(0, 4096), ZONE));
}

function takeAnswers(type: ZoneQuestion['type']): (input: Uint8Array) => void {
  return (input) => {
    const { text, isWhole } = copyOf(messagesIn(input), question(type));
    if (isWhole) assertWhole(text);
  };
}

const SIGNED = signedTransfer();
const SIGNED_TEXT = stripped([message(WHOLE)]);

/** What is taken of a signed stream is what was signed, whatever was done to the stream. */
function takeSigned(input: Uint8Array): void {
  const client = new TsigChain(KEY);
  const asked = question(TYPE.AXFR, client);
  composeZoneQuestion(asked, NOW);
  const { text, isWhole } = copyOf(messagesIn(input), asked);
  if (isWhole) assert.equal(text, SIGNED_TEXT);
}

function takeNotify(input: Uint8Array): void {
  const friend = ip4(10, 0, 0, 1);
  const sourcesOf = (name: string) => (name === ZONE ? [friend] : undefined);
  const { answer, zone: taken } = judgeNotify(input, friend, { keyOf, sourcesOf }, NOW);
  assert.ok(taken === undefined || taken === ZONE);
  if (!answer) return;
  assert.deepEqual(answer.subarray(0, 2), input.subarray(0, 2));
  assert.ok(answer.length <= 1024 && answer[2]! & 0x80);
}

function takeRequest(input: Uint8Array): void {
  soaSerialIn(input, zone);
  const check = checkRequest(input, keyOf, NOW);
  if (check.kind !== 'refused') return;
  const room = new Uint8Array(1024);
  const to = putRefusal(room, 0, 12, check, NOW);
  assert.ok(to > 12 && to <= room.length);
}

function readFiles(input: Uint8Array): void {
  const key = scanKeyFile('k.test', input);
  if (key) assert.deepEqual(key.name, KEY.name);
  const scanned = scanPrimaries(input, (name) => name === 'k.test');
  if ('primaries' in scanned) {
    assert.ok(scanned.primaries.length >= 1 && scanned.primaries.length <= 16);
    for (const { ip } of scanned.primaries) assert.ok(ip.length === 4 || ip.length === 16);
  }
}

/** A copy that is not as it was written has its word; one that is comes out as it went in. */
function readCopy(input: Uint8Array): void {
  const patch = new CopyPatch(ZONE, new PublishedZones(), new ZoneChanges());
  const text = textOf(patch.push(input)) + textOf(patch.end());
  if (patch.problem === undefined) assert.equal(text, textOf(input));
}

const notify = message([soa(ZONE, 9)], { id: ID, flags: 0x2400, question: [ZONE, TYPE.SOA] });
const request = composeZoneQuestion(question(TYPE.IXFR), NOW);

const FILES = [
  'hmac-sha256:k.test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n',
  'key "k.test" {\n\talgorithm hmac-sha256;\n\tsecret "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";\n};\n',
  '# primaries\n192.0.2.1\n192.0.2.1:5300 key=k.test axfr\n2001:db8::1 tls=ns.test\n192.0.2.9 notify\n',
];

export const TRANSFER_TARGETS = {
  'answers to AXFR': {
    inputs: [stream([message(WHOLE)]), stream(WHOLE.map((record) => message([record])))],
    use: takeAnswers(TYPE.AXFR),
  },
  'answers to IXFR': { inputs: [stream([message(CHANGES)]), stream([message(WHOLE)])], use: takeAnswers(TYPE.IXFR) },
  'answers to SOA': {
    inputs: [stream([message([soa(ZONE, 4)], { question: [ZONE, TYPE.SOA] })])],
    use: takeAnswers(TYPE.SOA),
  },
  'signed transfers': { inputs: [stream(SIGNED), stream([...SIGNED.slice(1), SIGNED[0]!])], use: takeSigned },
  NOTIFY: { inputs: [notify, signed(notify)], use: takeNotify },
  'signed requests': {
    inputs: [request, signed(request), signed(request, new TsigChain(KEY), NOW - 1000)],
    use: takeRequest,
  },
  'key files and servers/ZONE': { inputs: FILES.map((text) => bytesOf(text)), use: readFiles },
  'copies of zones': { inputs: [bytesOf(OLD_COPY), bytesOf(SIGNED_TEXT)], use: readCopy },
};
