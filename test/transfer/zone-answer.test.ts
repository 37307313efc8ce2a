import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textOf } from '../../src/base/bytes.ts';
import { PublishedZones } from '../../src/data/published.ts';
import { CopySink } from '../../src/data/zone-copy.ts';
import { TsigChain } from '../../src/transfer/tsig.ts';
import type { TsigKey } from '../../src/transfer/tsig-record.ts';
import { ZoneAnswer } from '../../src/transfer/zone-answer.ts';
import type { AnswerOutcome } from '../../src/transfer/zone-question.ts';
import { composeZoneQuestion, type ZoneQuestion } from '../../src/transfer/zone-question.ts';
import { nameOf } from '../../src/wire/name.ts';
import * as TYPE from '../../src/wire/type.ts';
import { a, type MessageOptions, message, ns, soa, type TestRecord } from '../support/zone-messages.ts';

const ZONE = 'zone.test';
const NOW = 1800000000;
const LIMITS = { records: 1000, octets: 100000 };

interface Played {
  readonly outcome: AnswerOutcome;
  readonly text: string;
  readonly answer: ZoneAnswer;
  readonly sink: CopySink;
}

/** What comes of these messages as the answer to a question of `type`, with `serial` here. */
function play(
  type: ZoneQuestion['type'],
  serial: number | undefined,
  messages: readonly Uint8Array[],
  limits = LIMITS,
): Played {
  let text = '';
  const sink = new CopySink(nameOf(ZONE)!, new PublishedZones(), (bytes, length) => {
    text += textOf(bytes, 0, length);
  });
  const answer = new ZoneAnswer({ zone: nameOf(ZONE)!, type, id: 7, serial, chain: undefined }, limits, sink);
  let outcome: AnswerOutcome = { kind: 'more' };
  for (const each of messages) {
    outcome = answer.received(each, NOW);
    if (outcome.kind !== 'more') break;
  }
  if (outcome.kind === 'whole') sink.end();
  return { outcome, text, answer, sink };
}

function axfr(...messages: readonly Uint8Array[]): AnswerOutcome {
  return play(TYPE.AXFR, undefined, messages).outcome;
}

function ixfr(records: readonly TestRecord[], serial = 3): AnswerOutcome {
  return play(TYPE.IXFR, serial, [message(records)]).outcome;
}

function failed(why: string): AnswerOutcome {
  return { kind: 'failed', why };
}

const S = (serial: number): TestRecord => soa(ZONE, serial);
const NS = ns(ZONE, 'ns.zone.test');
const A = a('www.zone.test', 1);

test('a whole zone is taken however it is cut into messages, with questions or without', () => {
  const records = [S(5), NS, A, a('b.zone.test', 2), S(5)];
  const expected =
    '#5 auto axfr-get\nZzone.test:ns.zone.test.:hostmaster.zone.test.:5:3600:60:100000:300:300\n' +
    '&zone.test::ns.zone.test.:300\n+www.zone.test:10.0.0.1:300\n+b.zone.test:10.0.0.2:300\n';
  const options: readonly MessageOptions[] = [{}, { question: [ZONE, TYPE.AXFR] }, { flags: 0x8000 }];
  for (const option of options) {
    const one = play(TYPE.AXFR, undefined, [message(records, option)]);
    const many = play(
      TYPE.AXFR,
      undefined,
      records.map((record) => message([record], option)),
    );
    for (const { outcome, text } of [one, many]) {
      assert.deepEqual(outcome, { kind: 'whole', serial: 5 });
      assert.ok(text.startsWith(expected));
      assert.match(text.slice(expected.length), /^#end 5 \d+ [0-9a-f]{8}\n$/);
    }
  }
});

test('each way in which a whole zone can be wrong has its words', () => {
  const cases: readonly (readonly [messages: readonly Uint8Array[], why: string])[] = [
    [[message([A, S(5)])], 'no SOA first'],
    [[message([])], 'no SOA first'],
    [[message([soa('test', 5), NS, S(5)])], 'no SOA first'],
    [[message([S(5), NS, S(6)])], 'changed while it was sent'],
    [[message([S(5), A, S(5)])], 'no NS'],
    [[message([S(5), ns('sub.zone.test', 'x.test'), S(5)])], 'no NS'],
    [[message([S(5), NS, S(5), A])], 'malformed'],
    [[message([S(5)], { id: 8 })], 'malformed'],
    [[message([S(5)], { flags: 0 })], 'malformed'],
    [[message([S(5)], { flags: 0xa000 })], 'malformed'],
    [[message([S(5), NS], { class: 3 })], 'malformed'],
    [[message([S(5)], { tail: 1 })], 'malformed'],
    [[message([S(5)], { question: ['other.test', TYPE.AXFR] })], 'malformed'],
    [[message([S(5)], { question: [ZONE, TYPE.SOA] })], 'malformed'],
    [[message([S(5)], { authority: [NS] })], 'malformed'],
    [[message([S(5)], { additional: [A] })], 'malformed'],
    [[message([S(5), [ZONE, 2, ['ns.test', new Uint8Array(1)]]])], 'malformed'],
    [[message([S(5), ['x.zone.test', 15, [new Uint8Array(1)]]])], 'malformed'],
    [[message([S(5), ['x.zone.test', 33, [new Uint8Array(6)]]])], 'malformed'],
    [[message([[ZONE, 6, ['a.test', 'b.test', 5, 1, 2, 3]]])], 'malformed'],
    [[message([], { flags: 0x8005 })], 'refused'],
    [[message([], { flags: 0x8009 })], 'not authoritative'],
    [[message([], { flags: 0x800b })], 'rcode 11'],
    [[message([S(5), NS]), message([], { flags: 0x8002 })], 'server failure after 2 records'],
    [[new Uint8Array(5)], 'malformed'],
  ];
  for (const [messages, why] of cases) assert.deepEqual(axfr(...messages), failed(why), why);
  const many = Array.from({ length: 20 }, (_, i) => a('x.zone.test', i));
  const messages = [message([S(5), NS, ...many, S(5)])];
  assert.deepEqual(
    play(TYPE.AXFR, undefined, messages, { records: 22, octets: 1e6 }).outcome,
    failed('over MAXRECORDS'),
  );
  assert.deepEqual(play(TYPE.AXFR, undefined, messages, { records: 23, octets: 1e6 }).outcome.kind, 'whole');
  const large = Array.from({ length: 8 }, () => message([['t.zone.test', 16, [new Uint8Array(30000)]]]));
  const big = play(TYPE.AXFR, undefined, [message([S(5), NS]), ...large], { records: 1000, octets: 100000 });
  assert.deepEqual(big.outcome, failed('over MAXBYTES'));
});

test('an OPT record in a message of a transfer is no matter', () => {
  const opt: TestRecord = ['.', TYPE.OPT, []];
  assert.equal(axfr(message([S(5), NS, S(5)], { additional: [opt] })).kind, 'whole');
});

test('what no data line can say is left out and counted, and the zone is taken', () => {
  const odd: readonly TestRecord[] = [
    a('other.test', 1),
    soa('sub.zone.test', 9),
    ns('*.zone.test', 'ns.test'),
    ['x.zone.test', 0, []],
    ['x.zone.test', TYPE.TSIG, []],
    ['x.zone.test', TYPE.ANY, []],
    ['x.zone.test', 16, [new Uint8Array(32751)]],
  ];
  const { outcome, answer, text } = play(TYPE.AXFR, undefined, [message([S(5), NS, ...odd, S(5)])], {
    records: 99,
    octets: 1e6,
  });
  assert.equal(outcome.kind, 'whole');
  assert.deepEqual([answer.outside, answer.notForData], [2, 5]);
  assert.equal(text.split('\n').length, 5);
});

test('compressed names are made whole in types that may have them, and nowhere else', () => {
  const srv: TestRecord = ['_sip._tcp.zone.test', 33, [new Uint8Array(6), 'host.zone.test']];
  const svcb: TestRecord = ['s.zone.test', 64, [new Uint8Array(2), 'zone.test']];
  const { text } = play(TYPE.AXFR, undefined, [message([S(5), NS, srv, svcb, S(5)])]);
  assert.match(text, /^:_sip\._tcp\.zone\.test:33:(\\000){6}\\004host\\004zone\\004test\\000:300$/m);
  assert.match(text, /^:s\.zone\.test:64:\\000\\000\\300/m);
});

test('serials compare as numbers that go round', () => {
  const whole = (serial: number, theirs: number): string =>
    play(TYPE.AXFR, serial, [message([soa(ZONE, theirs), NS, soa(ZONE, theirs)])]).outcome.kind;
  assert.equal(whole(5, 5), 'same');
  assert.equal(whole(5, 6), 'whole');
  assert.equal(whole(5, 4), 'older');
  assert.equal(whole(4294967295, 0), 'whole');
  assert.equal(whole(0, 0), 'same');
  assert.equal(whole(0, 0x80000000), 'older');
  assert.equal(whole(0, 0x7fffffff), 'whole');
});

test('the answer to a question for the SOA must have it, with AA', () => {
  const ask = (...args: Parameters<typeof message>): AnswerOutcome => play(TYPE.SOA, 5, [message(...args)]).outcome;
  assert.deepEqual(ask([S(6)]), { kind: 'newer', serial: 6 });
  assert.deepEqual(ask([S(6)], { question: [ZONE, TYPE.SOA], authority: [NS], additional: [A] }), {
    kind: 'newer',
    serial: 6,
  });
  assert.deepEqual(ask([S(5)]), { kind: 'same' });
  assert.deepEqual(ask([S(4)]), { kind: 'older', serial: 4 });
  assert.deepEqual(ask([S(6)], { flags: 0x8000 }), failed('lame'));
  assert.deepEqual(ask([A]), failed('lame'));
  assert.deepEqual(ask([soa('test', 6)]), failed('lame'));
  assert.deepEqual(ask([S(6)], { flags: 0x8600 }), { kind: 'truncated' });
  assert.deepEqual(ask([], { flags: 0x8005 }), failed('refused'));
});

test('changes are taken step by step, and steps that cancel each other leave nothing', () => {
  const one = [S(4), S(3), a('x.zone.test', 1), S(4), a('x.zone.test', 2), S(4)];
  const { outcome, sink } = play(TYPE.IXFR, 3, [message(one)]);
  assert.deepEqual(outcome, { kind: 'changes', serial: 4, removed: 1, added: 1 });
  assert.deepEqual([...sink.changes.removed], ['+x.zone.test:10.0.0.1']);
  assert.deepEqual([...sink.changes.added.values()], ['+x.zone.test:10.0.0.2:300\n']);
  const two = [S(5), S(3), S(4), A, S(4), A, S(5), S(5)];
  const both = play(
    TYPE.IXFR,
    3,
    two.map((record) => message([record])),
  );
  assert.deepEqual(both.outcome, { kind: 'changes', serial: 5, removed: 1, added: 1 });
  assert.equal(both.sink.changes.removed.size + both.sink.changes.added.size, 0);
});

test('an IXFR may be answered by the whole zone, by the same serial, or by nothing of use', () => {
  assert.deepEqual(ixfr([S(4), NS, A, S(4)]), { kind: 'whole', serial: 4 });
  assert.deepEqual(ixfr([S(3)]), { kind: 'same' });
  assert.deepEqual(ixfr([S(2)]), { kind: 'older', serial: 2 });
  assert.deepEqual(ixfr([]), { kind: 'useless', isLasting: true });
  assert.deepEqual(play(TYPE.IXFR, 3, [message([], { authority: [S(4)] })]).outcome, {
    kind: 'useless',
    isLasting: true,
  });
  for (const [rcode, isLasting] of [
    [1, true],
    [4, true],
    [2, false],
    [5, false],
    [9, false],
  ] as const) {
    const { outcome } = play(TYPE.IXFR, 3, [message([], { flags: 0x8000 | rcode })]);
    assert.deepEqual(outcome, { kind: 'useless', isLasting });
  }
  const alone = play(TYPE.IXFR, 3, [message([S(4)])]);
  assert.equal(alone.outcome.kind, 'more');
  assert.deepEqual(alone.answer.ended(), { kind: 'useless', isLasting: false });
});

test('changes that make no sense are told from an answer that is cut off', () => {
  const bad = (...records: readonly TestRecord[]): string => {
    const outcome = ixfr(records);
    return outcome.kind === 'bad changes' ? outcome.why : outcome.kind;
  };
  assert.equal(bad(S(5), S(4), S(5), S(5)), 'ixfr: they start at 4');
  assert.equal(bad(S(5), S(3), S(4), S(5)), 'ixfr: a gap from 4 to 5');
  assert.equal(bad(S(5), S(3), S(2), S(2)), 'ixfr: 2 is not newer than 3');
  assert.equal(bad(S(5), S(3), S(5), S(5), A), 'ixfr: they go on after the last serial');
  assert.equal(bad(S(5), S(3), A, A, S(5)), 'ixfr: deletion of what is not there');
  assert.equal(bad(S(5), S(3), S(5), A, A, S(5)), 'ixfr: addition of what is there');
  assert.equal(bad(S(5), S(5), S(3), S(5)), 'ixfr: they start at 5');
  const cut = play(TYPE.IXFR, 3, [message([S(5), S(3), A])]);
  assert.equal(cut.outcome.kind, 'more');
  assert.deepEqual(cut.answer.ended(), failed('cut off after 3 records'));
});

test('changes of more records than can be held make way for the whole zone', () => {
  const stream: Uint8Array[] = [message([S(4), S(3)])];
  for (let i = 0; i < 101; i++) {
    stream.push(message(Array.from({ length: 1000 }, (_, k) => a(`h${k}.zone.test`, i))));
  }
  const { outcome } = play(TYPE.IXFR, 3, stream, { records: 1e6, octets: 1e6 });
  assert.deepEqual(outcome, { kind: 'bad changes', why: 'ixfr: too many' });
});

const KEY: TsigKey = { name: nameOf('k.test')!, algorithm: 'hmac-sha256', secret: new Uint8Array(32) };

/** Judges messages that a server with `signs` for each has signed or not. */
function playSigned(messages: readonly (readonly [Uint8Array, boolean])[], spoil?: (signed: Uint8Array[]) => void) {
  const chain = new TsigChain(KEY);
  const question: ZoneQuestion = { zone: nameOf(ZONE)!, type: TYPE.AXFR, id: 7, serial: undefined, chain };
  const request = composeZoneQuestion(question, NOW);
  const server = new TsigChain(KEY);
  assert.equal(server.verify(request, NOW), 'right');
  const stream = messages.map(([plain, isSigned]) => {
    if (!isSigned) {
      server.verify(plain, NOW);
      return plain;
    }
    const bytes = new Uint8Array(plain.length + 200);
    bytes.set(plain);
    return bytes.slice(0, server.sign(bytes, 0, plain.length, NOW));
  });
  spoil?.(stream);
  const sink = new CopySink(nameOf(ZONE)!, new PublishedZones(), () => {});
  const answer = new ZoneAnswer(question, LIMITS, sink);
  let outcome: AnswerOutcome = { kind: 'more' };
  for (const each of stream) {
    outcome = answer.received(each, NOW);
    if (outcome.kind !== 'more') break;
  }
  return outcome;
}

test('a signed question is answered by a stream that is signed first and last, and wrong nowhere', () => {
  const [first, middle, last] = [message([S(5), NS]), message([A]), message([S(5)])];
  assert.equal(
    playSigned([
      [first, true],
      [middle, true],
      [last, true],
    ]).kind,
    'whole',
  );
  assert.equal(
    playSigned([
      [first, true],
      [middle, false],
      [last, true],
    ]).kind,
    'whole',
  );
  assert.deepEqual(
    playSigned([
      [first, true],
      [middle, true],
      [last, false],
    ]),
    failed('unsigned'),
  );
  assert.deepEqual(
    playSigned([
      [first, false],
      [last, true],
    ]),
    failed('unsigned'),
  );
  assert.deepEqual(playSigned([[message([], { flags: 0x8009 }), false]]), failed('not authoritative'));
  const ninetyNine = Array.from({ length: 99 }, () => [middle, false] as const);
  assert.equal(playSigned([[first, true], ...ninetyNine, [last, true]]).kind, 'whole');
  assert.deepEqual(playSigned([[first, true], ...ninetyNine, [middle, false], [last, true]]), failed('unsigned'));
  const forged = playSigned(
    [
      [first, true],
      [middle, true],
      [last, true],
    ],
    (stream) => {
      stream[1]![stream[1]!.length - 30]! ^= 1;
    },
  );
  assert.deepEqual(forged, failed('bad signature'));
  const replayed = playSigned(
    [
      [first, true],
      [middle, true],
      [middle, true],
      [last, true],
    ],
    (stream) => {
      stream[2] = stream[1]!;
    },
  );
  assert.deepEqual(replayed, failed('bad signature'));
});

test('no octets make it throw, and none but a right stream is taken whole', () => {
  const stream = [message([S(4), S(3), A]), message([S(4), a('b.zone.test', 3)]), message([S(4)])];
  const whole = [message([S(5), NS, A]), message([S(5)])];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (changes, incremental) => {
        const damaged = (incremental ? stream : whole).map((each) => each.slice());
        for (const [i, at, octet] of changes) {
          const each = damaged[i % damaged.length]!;
          each[at % each.length] = octet;
        }
        play(incremental ? TYPE.IXFR : TYPE.AXFR, 3, damaged);
      },
    ),
    { numRuns: 2000 },
  );
});
