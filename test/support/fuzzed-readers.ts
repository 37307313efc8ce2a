// Every reader of octets from outside, and inputs that are nearly right: valid ones with bits turned, pieces cut out,
// doubled, put elsewhere, and lengths and counts made extreme. A reader may say that the input is bad; it must not
// throw, and what it gives must hold. Used by test/fuzz/readers.test.ts and, for as long as one likes, soak/readers.ts.
import assert from 'node:assert/strict';
import { PickdnsResponder } from '../../src/answer/pickdns.ts';
import { RbldnsResponder } from '../../src/answer/rbldns.ts';
import type { DataFile, Responder } from '../../src/answer/responder.ts';
import { TinydnsResponder } from '../../src/answer/tinydns.ts';
import { walldns } from '../../src/answer/walldns.ts';
import { ip4 } from '../../src/base/address.ts';
import { bytesOf } from '../../src/base/bytes.ts';
import { Fatal } from '../../src/base/errors.ts';
import { PLAIN } from '../../src/base/paint.ts';
import { CdbScan } from '../../src/cdb/reader.ts';
import { AxfrText } from '../../src/data/axfr-text.ts';
import { BadLine } from '../../src/data/bad-line.ts';
import { PickdnsCompiler } from '../../src/data/pickdns-text.ts';
import { RbldnsCompiler } from '../../src/data/rbldns-text.ts';
import { findRule, scanRule } from '../../src/data/tcprules.ts';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { drawScreen } from '../../src/log/dnslog-draw.ts';
import { formatEntry } from '../../src/log/dnslog-format.ts';
import { jsonEntry } from '../../src/log/dnslog-json.ts';
import { mergedEvents } from '../../src/log/dnslog-merge.ts';
import { jsonReport, prometheusReport } from '../../src/log/dnslog-report.ts';
import { Statistics } from '../../src/log/dnslog-stats.ts';
import { Log } from '../../src/log/qlog.ts';
import { ContentServer } from '../../src/program/dns-server.ts';
import { addresses6In, addressesIn, hostNameIn, leastTtl, mailExchangesIn, textIn } from '../../src/stub/extract.ts';
import { nameservers, rulesIn, searchList, searchRules } from '../../src/stub/resolv-conf.ts';
import { applyRules, candidates } from '../../src/stub/rewrite.ts';
import { formatLine, type Task } from '../../src/stub/trace-line.ts';
import { readResponse } from '../../src/stub/trace-response.ts';
import { sortTrace } from '../../src/stub/tracesort.ts';
import { ZoneTransfer } from '../../src/transfer/zone-transfer.ts';
import { EdnsServer } from '../../src/wire/edns.ts';
import { packetObject } from '../../src/wire/json.ts';
import { nameOf, ROOT } from '../../src/wire/name.ts';
import { formatPacket } from '../../src/wire/print.ts';
import { RecordCursor } from '../../src/wire/record.ts';
import { TRANSFER_TARGETS } from './fuzzed-transfers.ts';
import { Dice } from './generated-internet.ts';
import { compiledText } from './lookup.ts';

const DATA = `.example.com:192.0.2.1:a:259200
&sub.example.com:192.0.2.9:b
=www.example.com:192.0.2.2:300
+*.wild.example.com:192.0.2.3
@example.com:192.0.2.4:mx:10
'example.com:v=spf1 -all
Calias.example.com:www.example.com
^4.2.0.192.in-addr.arpa:host.example.com
:example.com:257:\\000\\005issueca.test
3six.example.com:20010db8000000000000000000000001
%in:192.0.2
+loc.example.com:192.0.2.7:60::in
+old.example.com:192.0.2.8:0:4000000037c219bf
`;
const RBL = ':127.0.0.2:blocked $\n192.0.2.0/24\n1.2.3.4\n';
const PICK = '+pick.example.com:192.0.2.1\n+pick.example.com:192.0.2.2:in\n-192.0.2:in\n';
const RULES = '192.0.2.1:allow,AXFR="example.com"\n192.0.2.:deny\n10.0.0-3.:allow\n2001:db8::1:allow,A="b"\n:deny\n';
const RESOLV = 'search a.test b.test\nnameserver 192.0.2.1\nnameserver 2001:db8::1\ndomain c.test\n';
const REWRITE = '# rules\n-.local:me.local\n=a:b.test\n*.q:.z\n?:.a.test+.b.test\n';
const LOGS = `@4000000037c219bf00000000 starting tinydns
@4000000037c219c000000000 c0000201:8000:0001 + 0001 www.example.com NOERROR 60 TC
1999-08-24 04:04:05.787492500 20010db8000000000000000000000007:8000:0003 / 0000 .
query 1 7f000001:1000:0001 1 www.example.org.
tx 0 1 www.example.org. example.org. c0000201 20010db8000000000000000000000007
rr c0000201 300 16 www.example.org. 0568656c6c6f...
rr c0000201 300 soa a. m. r. 1 2 3 4 5
cached servfail a. 1
sent 1 49
tcpserver: end 173 status 28416
axfrdns: ok 3 0:192.0.2.1:53 :2001:db8::7::33175
stats 3 268 1 0
`;

const u16 = (value: number): number[] => [value >> 8, value & 255];

function request(name: string, type: number, edns: boolean): Uint8Array {
  const tail = edns ? [0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8] : [];
  return Uint8Array.from([
    1,
    2,
    1,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    edns ? 1 : 0,
    ...nameOf(name)!,
    ...u16(type),
    0,
    1,
    ...tail,
  ]);
}

/** A response with records of many types, names pointing back. */
function response(): Uint8Array {
  const record = (type: number, data: number[], owner = [0xc0, 12]) => [
    ...owner,
    ...[...u16(type), 0, 1, 0, 0, 1, 44],
    ...[...u16(data.length), ...data],
  ];
  const string = (text: string) => [text.length, ...bytesOf(text)];
  const soa = [1, 97, 0xc0, 12, 1, 98, 0xc0, 12, ...new Array<number>(20).fill(7)];
  const answers = [
    record(1, [192, 0, 2, 1]),
    record(28, new Array<number>(16).fill(32)),
    record(15, [0, 10, 2, 109, 120, 0xc0, 12]),
    record(16, [...string('one'), ...string('two')]),
    record(12, [1, 120, 0xc0, 12]),
    record(5, [0xc0, 12]),
    record(33, [0, 1, 0, 2, 0, 53, 1, 115, 0xc0, 12]),
    record(64, [0, 1, 0, 0, 1, 0, 3, 2, 104, 50]),
  ];
  const authority = [record(2, [2, 110, 115, 0xc0, 12]), record(6, soa)];
  const counts = [0, 1, 0, answers.length, 0, authority.length, 0, 1];
  const opt = [0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0];
  const question = [...nameOf('www.example.com')!, 0, 1, 0, 1];
  return Uint8Array.from([1, 2, 0x84, 0, ...counts, ...question, ...answers.flat(), ...authority.flat(), ...opt]);
}

function framed(...messages: Uint8Array[]): Uint8Array {
  return Uint8Array.from(messages.flatMap((message) => [...u16(message.length), ...message]));
}

const compile = {
  tinydns: (text: string) => compiledText(text, (maker) => new TinydnsCompiler(maker, 1000000000)),
  rbldns: (text: string) => compiledText(text, (maker) => new RbldnsCompiler(maker)),
  pickdns: (text: string) => compiledText(text, (maker) => new PickdnsCompiler(maker)),
};

const NAMES = ['www.example.com', 'x.wild.example.com', 'a.sub.example.com', 'example.com', '1.2.0.192.rbl.test', '.'];
const room = new Uint8Array(1 << 17);
const silent = new Log(false, () => {});

/** Asks a server; the response, if there is one, must be read without fault and belong to the request. */
function ask(server: ContentServer, packet: Uint8Array): void {
  const datagram = {
    ip: ip4(192, 0, 2, 1),
    port: 4000,
    bytes: packet,
    from: 0,
    to: packet.length,
    reply: room,
    replyAt: 0,
  };
  server.begin();
  const length = server.datagram(datagram);
  server.end();
  if (length === 0) return;
  assert.ok(length >= 12 && length <= 4096, `${length} octets`);
  assert.deepEqual(room.subarray(0, 2), packet.subarray(0, 2));
  const isCut = (room[2]! & 2) !== 0; // counts of what was cut off stay, as in the original
  if (!isCut) walk(room.slice(0, length)); // what `:` lines say of a record's data is served as it is
}

/** Questions and records stand one after the other to the very end. */
function walk(packet: Uint8Array): void {
  const cursor = new RecordCursor();
  cursor.start(packet);
  while (cursor.next());
  assert.ok(cursor.isAtEnd, 'the response cannot be walked');
}

function serversOf(file: (name: 'tinydns' | 'rbldns' | 'pickdns') => DataFile): ContentServer[] {
  const none = () => 0;
  const responders: Responder[] = [
    new TinydnsResponder(file('tinydns'), { randomBelow: none }),
    new TinydnsResponder(file('tinydns'), { randomBelow: none, followCname: true, minimalAny: true, maxAddresses: 3 }),
    new RbldnsResponder(file('rbldns'), nameOf('rbl.test')!),
    new PickdnsResponder(file('pickdns'), none),
    walldns(true),
  ];
  return responders.map((responder, i) => new ContentServer(responder, silent, new EdnsServer(i % 2 === 0 ? 1232 : 0)));
}

const good = { tinydns: compile.tinydns(DATA), rbldns: compile.rbldns(RBL), pickdns: compile.pickdns(PICK) };
const goodServers = serversOf((name) => ({ current: () => good[name] }));

let damagedFile: Uint8Array | undefined;
const damagedServers = serversOf(() => ({ current: () => damagedFile }));

/** Reads all of a cdb that may be corrupt, and asks servers for what is in it. */
function useCdb(file: Uint8Array): void {
  damagedFile = file;
  const scan = new CdbScan(file);
  while (scan.next()) assert.ok(scan.dataPos + scan.dataLength <= file.length);
  for (const server of damagedServers) {
    for (const name of NAMES) ask(server, request(name, 255, true));
  }
  findRule(file, { ip: bytesOf('192.0.2.1'), info: bytesOf('root') });
}

/** Compiles what may be no data file; a good one must be answered from. */
function compileText(kind: keyof typeof compile, input: Uint8Array): void {
  try {
    useCdb(compile[kind](Buffer.from(input).toString('latin1')));
  } catch (error) {
    if (!(error instanceof BadLine || error instanceof Fatal)) throw error; // refused, with a message
  }
}

function readRules(input: Uint8Array): void {
  for (let from = 0; from <= input.length; ) {
    const newline = input.indexOf(10, from);
    const to = newline < 0 ? input.length : newline;
    scanRule(input, from, to, (key, value) => assert.ok(key.length >= 0 && value.length >= 0));
    from = to + 1;
  }
}

function readResolverFiles(input: Uint8Array): void {
  for (const { ip } of nameservers(input)) assert.ok(ip.length === 4 || ip.length === 16);
  const rules = [...searchRules(searchList(input) ?? []), ...rulesIn(input)];
  for (const typed of ['www', 'a.q', 'x.local.']) assert.ok(candidates(applyRules(rules, typed)).length < 100_000);
}

function readResponses(packet: Uint8Array): void {
  for (const extract of [addressesIn, addresses6In, mailExchangesIn, hostNameIn, leastTtl, textIn]) extract(packet);
  for (const style of ['plain', 'typed'] as const) {
    const text = formatPacket(packet, style);
    assert.doesNotMatch(text ?? '', /[\x00-\x09\x0b-\x1f\x7f-\xff]/);
  }
  JSON.stringify(packetObject(packet) ?? null);
  const server = { ip: ip4(192, 0, 2, 1), port: 53 };
  const task: Task = { name: nameOf('www.example.com')!, type: 1, zone: ROOT, server, serverName: ROOT };
  const facts = readResponse(packet, task, { withIp6: true, style: 'plain' });
  const lines = facts.map((fact) => formatLine(task, fact));
  for (const line of lines) assert.doesNotMatch(line, /\n/);
  sortTrace(`${lines.join('\n')}\n`);
}

function takeTransfer(input: Uint8Array): void {
  let lines = '';
  const text = new AxfrText((bytes, length) => {
    lines += Buffer.from(bytes.subarray(0, length)).toString('latin1');
  });
  const transfer = new ZoneTransfer(nameOf('www.example.com')!, 0, {
    record: (owner, type, ttl, data) => text.record(owner, type, ttl, data),
  });
  for (let from = 0; from < input.length; from += 100) {
    transfer.push(input.subarray(from, from + 100));
    const step = transfer.step();
    if (step === 'malformed' || step === 'done' || step === 'unchanged') break;
  }
  text.flush();
  compile.tinydns(lines); // whatever came, it compiles
}

function readLogs(input: Uint8Array): void {
  const lines = Buffer.from(input).toString('latin1').split('\n');
  function* portions(): Generator<string[] | undefined, void, void> {
    yield lines;
    for (;;) yield undefined;
  }
  const source = { size: input.length, lines: portions(), finish: () => undefined };
  const statistics = new Statistics();
  for (const event of mergedEvents([{ service: 'a', source }], false)) {
    assert.equal(typeof formatEntry(event!.entry, event!.ended, PLAIN, 'a'), 'string');
    assert.equal(typeof JSON.parse(jsonEntry(event!.entry, event!.ended)), 'object');
    statistics.add(event!);
  }
  const canvas = { width: 80, paint: PLAIN, blocks: true, top: 10 };
  assert.ok(drawScreen(statistics, canvas, 23).length <= 23);
  assert.equal(typeof JSON.parse(jsonReport(statistics, 5)), 'object');
  assert.doesNotMatch(prometheusReport(new Map([['a', statistics]])), /NaN|undefined/);
}

/** A reader: inputs that are right, and what is done with one that may not be. */
interface Target {
  readonly inputs: readonly Uint8Array[];
  readonly use: (input: Uint8Array) => void;
}

const requests = NAMES.flatMap((name) => [1, 28, 255, 252].map((type) => request(name, type, type !== 28)));
const messages = [response(), request('www.example.com', 1, true)];

/** All of them, by name. */
export const TARGETS: Readonly<Record<string, Target>> = {
  'requests to the content servers': {
    inputs: requests,
    use: (input) => {
      for (const server of goodServers) ask(server, input);
    },
  },
  'data.cdb': { inputs: Object.values(good), use: useCdb },
  'lines of tinydns-data': { inputs: [bytesOf(DATA)], use: (input) => compileText('tinydns', input) },
  'lines of rbldns-data': { inputs: [bytesOf(RBL)], use: (input) => compileText('rbldns', input) },
  'lines of pickdns-data': { inputs: [bytesOf(PICK)], use: (input) => compileText('pickdns', input) },
  'rules of tcprules': { inputs: [bytesOf(RULES)], use: readRules },
  'resolv.conf and dnsrewrite': { inputs: [bytesOf(RESOLV), bytesOf(REWRITE)], use: readResolverFiles },
  'responses to clients': { inputs: messages, use: readResponses },
  'zone transfers': { inputs: [framed(response(), response(), response()), framed(...messages)], use: takeTransfer },
  ...TRANSFER_TARGETS,
  'logs of dnslog': { inputs: [bytesOf(LOGS)], use: readLogs },
};

/** Octets and numbers at which readers have their limits. */
const EXTREMES = [0, 1, 10, 32, 34, 44, 46, 58, 63, 64, 92, 127, 128, 191, 192, 255];

/** An input that is nearly one of `inputs`. */
export function damaged(dice: Dice, inputs: readonly Uint8Array[]): Uint8Array {
  let bytes = Uint8Array.from(dice.of(inputs));
  for (let left = dice.below(5); left > 0; left--) {
    const at = dice.below(bytes.length + 1);
    const length = dice.below(1 + Math.min(64, bytes.length - at));
    const before = bytes.subarray(0, at);
    const rest = bytes.subarray(at);
    switch (dice.below(6)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << dice.below(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = dice.of(EXTREMES);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = Uint8Array.from([...before, ...rest.subarray(length)]);
        break;
      case 4:
        bytes = Uint8Array.from([...before, ...rest.subarray(0, length), ...rest]);
        break;
      default: {
        const other = dice.of(inputs);
        const from = dice.below(other.length);
        bytes = Uint8Array.from([...before, ...other.subarray(from, from + length), ...rest]);
      }
    }
  }
  return bytes;
}

/** Uses one input made by `seed`; throws what the reader throws. */
export function fuzz(name: string, seed: number): void {
  const { inputs, use } = TARGETS[name]!;
  use(damaged(new Dice(seed), inputs));
}
