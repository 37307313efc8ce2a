// The authoritative lookup: time, location, many addresses, large replies, trimming, and data and questions that are
// anything at all.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, decode } from 'dns-packet';
import fc from 'fast-check';
import { Question } from '../../src/answer/responder.ts';
import { TinydnsResponder } from '../../src/answer/tinydns.ts';
import { copyIp4 } from '../../src/base/address.ts';
import { taiOfUnix } from '../../src/base/tai.ts';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { CLASS_IN } from '../../src/wire/constants.ts';
import * as FLAG from '../../src/wire/flag.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';
import { dataFile } from '../support/data-lines.ts';
import { compiledText } from '../support/lookup.ts';

const A = 1;
const NS = 2;
const MX = 15;
const TXT = 16;
const ANY = 255;

const compile = (text: string) => compiledText(text, (maker) => new TinydnsCompiler(maker, 1));
const writer = new Writer();
const room = new Uint8Array(65536);
const question = new Question();
const NOW = 1700000000;

// What is served now, and when.
let served: Uint8Array;
let clock = NOW;
const responderWith = (randomBelow: (n: number) => number) =>
  new TinydnsResponder({ current: () => served }, { randomBelow, unixSeconds: () => clock });
const first = responderWith(() => 0);

interface Asked {
  ip?: readonly number[];
  now?: number;
  responder?: TinydnsResponder;
}

/** The octets of the reply, or null for silence. */
function askBytes(db: Uint8Array, qname: Uint8Array, type: number, asked: Asked = {}): Buffer | null {
  const { ip = [127, 0, 0, 1], now = NOW, responder = first } = asked;
  served = db;
  clock = now;
  writer.start(room);
  writer.question(1, FLAG.QR | FLAG.AA, qname, 0, type, CLASS_IN);
  question.set({ name: qname, nameAt: 0, nameLength: qname.length, type }, copyIp4(Uint8Array.from(ip)));
  responder.begin();
  if (!responder.respond(question, writer) || writer.failed) return null;
  return Buffer.from(room.subarray(0, writer.length));
}

interface Reply {
  flags: number;
  answers: Answer[];
  authorities: Answer[];
  additionals: Answer[];
  size: number;
}

/** The reply, decoded by an independent decoder; null for silence. */
function ask(db: Uint8Array, name: string, type: number, asked?: Asked): Reply | null {
  const reply = askBytes(db, nameOf(name)!, type, asked);
  if (reply === null) return null;
  const { flags = 0, answers = [], authorities = [], additionals = [] } = decode(reply);
  return { flags, answers, authorities, additionals, size: reply.length };
}

const counts = (reply: Reply | null) =>
  reply && [reply.answers.length, reply.authorities.length, reply.additionals.length];

const label = (unixSeconds: number) => {
  const { hi, lo } = taiOfUnix(unixSeconds, { hi: 0, lo: 0 });
  return hi.toString(16).padStart(8, '0') + lo.toString(16).padStart(8, '0');
};

describe('a record with a time', () => {
  const dies = compile(`.z:1.2.3.4:a\n+a.z:1.2.3.4:0:${label(NOW)}`);
  const born = compile(`.z:1.2.3.4:a\n+a.z:1.2.3.4:77:${label(NOW)}`);
  for (const [db, after, ttl] of [
    [dies, -10000, 3600],
    [dies, -3601, 3600],
    [dies, -3600, 3600],
    [dies, -3599, 3599],
    [dies, -3, 3],
    [dies, -1, 2],
    [dies, 0, 2],
    [dies, 1, null],
    [born, -1, null],
    [born, 0, null],
    [born, 1, 77],
    [born, 1000000, 77],
  ] as const) {
    test(`that ${db === dies ? 'dies' : 'is born'} is seen ${after} seconds after with the TTL ${ttl}`, () => {
      const reply = ask(db, 'a.z', A, { now: NOW + after });
      assert.deepEqual(
        reply?.answers.map((answer) => 'ttl' in answer && answer.ttl),
        ttl === null ? [] : [ttl],
      );
      assert.equal(reply!.flags & 15, ttl === null ? 3 : 0);
    });
  }

  test('is looked at anew for every question, as glue too', () => {
    const db = compile(`.z:1.2.3.4:a\n@z::m.x::\n+m.x:1.2.3.5:0:${label(NOW)}`);
    const seen = (after: number) =>
      ask(db, 'z', MX, { now: NOW + after })!.additionals.map((answer) => 'ttl' in answer && answer.ttl);
    assert.deepEqual([seen(-5), seen(-4), seen(1), seen(-4)], [[5, 259200], [4, 259200], [259200], [4, 259200]]);
  });
});

test('a location is the first prefix from the longest that matches; others see what has none', () => {
  const db = compile(
    ['.z:1.2.3.4:a', '%in:10', '%ex', '%b:10.1', '%c:10.1.2.3', '+a.z:1.1.1.1:::in', '+a.z:2.2.2.2:::ex']
      .concat(['+a.z:3.3.3.3:::b', '+a.z:4.4.4.4:::c', '+a.z:9.9.9.9'])
      .join('\n'),
  );
  for (const [ip, want] of [
    [[10, 9, 9, 9], '1.1.1.1'],
    [[11, 0, 0, 0], '2.2.2.2'],
    [[10, 1, 0, 0], '3.3.3.3'],
    [[10, 1, 2, 3], '4.4.4.4'],
    [[10, 9, 9, 9], '1.1.1.1'],
  ] as const) {
    const found = ask(db, 'a.z', A, { ip })!.answers.map((answer) => 'data' in answer && answer.data);
    assert.deepEqual(found.sort(), [want, '9.9.9.9'].sort());
  }
});

test('of more than eight addresses a random eight are given, each as likely', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `+a.z:1.1.1.${i}:${i}\n`);
  const db = compile(`.z:1.2.3.4:a\n${lines.join('')}`);
  let state = 1;
  const responder = responderWith((n) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % n);
  const often = new Array<number>(20).fill(0);
  for (let i = 0; i < 2000; i++) {
    const { answers } = ask(db, 'a.z', A, { responder })!;
    const found = answers.map((answer) => Number(String('data' in answer && answer.data).split('.')[3]));
    assert.equal(new Set(found).size, 8);
    assert.ok(answers.every((answer) => 'ttl' in answer && answer.ttl === 19));
    for (const address of found) often[address]!++;
  }
  for (const [i, times] of often.entries()) assert.ok(times > 650 && times < 950, `address ${i}: ${times} of 2000`);
});

test('additional, then authority are dropped when a reply of ours passes 512 octets; answers never are', () => {
  const kinds: string[] = [];
  const largest = new Map<string, number>();
  for (let length = 300; length < 500; length++) {
    const db = compile(`.z:1.2.3.4:a\n.z:1.2.3.5:b\n:t.z:65280:${'x'.repeat(length)}`);
    const reply = ask(db, 't.z', 65280)!;
    const kind = counts(reply)!.join('+');
    if (kinds.at(-1) !== kind) kinds.push(kind);
    largest.set(kind, reply.size);
  }
  assert.deepEqual(kinds, ['1+2+2', '1+2+0', '1+0+0']);
  assert.deepEqual([...largest.values()], [512, 512, 12 + 5 + 4 + 2 + 10 + 499 + 0]);
});

test('a delegation is not trimmed, however large', () => {
  const lines = Array.from({ length: 60 }, (_, i) => `&c.z:1.2.3.${i}:n${i}.other\n`);
  const reply = ask(compile(`.z:1.2.3.4:a\n${lines.join('')}`), 'x.c.z', A)!;
  assert.ok(reply.size > 512);
  assert.deepEqual(counts(reply), [0, 60, 60]);
});

test('names beyond offset 16384 are not pointed to, and replies stop at 65535 octets', () => {
  for (const [many, fits] of [
    [1500, true],
    [4000, false],
  ] as const) {
    const lines = Array.from({ length: many }, (_, i) => `@m.z::x${i}.mail${i % 300}.test.\n`);
    const db = compile(`.z:1.2.3.4:a\n${lines.join('')}`);
    const reply = ask(db, 'm.z', MX);
    if (!fits) {
      assert.equal(reply, null);
      continue;
    }
    assert.ok(reply!.size > 2 * 16384);
    const exchanges = reply!.answers.map(
      (answer) => 'data' in answer && (answer.data as { exchange: string }).exchange,
    );
    assert.deepEqual(
      exchanges,
      Array.from({ length: many }, (_, i) => `x${i}.mail${i % 300}.test`),
    );
  }
});

test('a chain of 20,000 records under one key is gone through', () => {
  const lines = Array.from({ length: 20000 }, (_, i) => `+a.z:1.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`);
  const db = compile(`.z:1.2.3.4:a\n${lines.join('')}`);
  assert.deepEqual(counts(ask(db, 'a.z', A)), [8, 1, 1]);
  assert.deepEqual(counts(ask(db, 'a.z', TXT)), [0, 1, 0]);
});

test('a value over 32767 octets silences its name and nothing else', () => {
  const text = (length: number) => compile(`.z:1.2.3.4:a\n:t.z:99:${'x'.repeat(length)}\n+a.z:1.2.3.4`);
  const head = 15;
  assert.equal(ask(text(32767 - head), 't.z', 99)!.answers.length, 1);
  assert.equal(ask(text(32768 - head), 't.z', 99), null);
  assert.equal(ask(text(32768 - head), 'x.t.z', A), null);
  assert.equal(ask(text(32768 - head), 'a.z', A)!.answers.length, 1);
});

test('records of names whose data is no name decline the question', () => {
  // A type that the compiler refuses, put in its place in the file.
  const good = compile('.z:1.2.3.4:a\n:x.z:65280:\\3ab');
  const at = Buffer.from(good).indexOf(Buffer.from([0xff, 0x00, 0x3d]));
  for (const type of [NS, 5, 6, 12, MX]) {
    const bad = Buffer.from(good);
    bad.writeUInt16BE(type, at);
    assert.equal(ask(bad, 'x.z', ANY), null);
  }
});

const questionName = fc.oneof(
  fc.constantFrom('a', 'www', 'test', 'a.test', 'www.example', 'x.a.b', 'ns.a', '', 'Mail.test', 'b.b.b', '*.a', 'zz'),
  fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 6 }).map((labels) => labels.join('.')),
);
const questions = fc.array(
  fc.tuple(
    questionName,
    fc.constantFrom(A, NS, 5, 6, 12, MX, TXT, 28, ANY, 0),
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
  ),
  { minLength: 20, maxLength: 20 },
);

/** Goes through a reply octet by octet: names, counts and lengths must fit exactly. Returns the number of answers. */
function walk(reply: Uint8Array): number {
  const reader = new Reader();
  const name = new Uint8Array(255);
  reader.start(reply);
  reader.skip(4);
  const [questions, answers, authorities, additionals] = [reader.u16(), reader.u16(), reader.u16(), reader.u16()];
  assert.equal(questions, 1);
  reader.name(name);
  reader.skip(4);
  for (let i = 0; i < answers + authorities + additionals; i++) {
    reader.name(name);
    const type = reader.u16();
    assert.equal(reader.u16(), CLASS_IN);
    reader.skip(4);
    const end = reader.u16() + reader.pos;
    if (type === NS || type === 5 || type === 12) reader.name(name);
    else if (type === MX) {
      reader.skip(2);
      reader.name(name);
    } else if (type === 6) {
      reader.name(name);
      reader.name(name);
      reader.skip(20);
    } else reader.skip(end - reader.pos);
    assert.equal(reader.pos, end);
  }
  assert.deepEqual([reader.failed, reader.pos], [false, reply.length]);
  return answers;
}

test('any data and any question: silence, or a reply whose counts, lengths and names fit', () => {
  let answers = 0;
  fc.assert(
    fc.property(dataFile({ lines: 60 }), questions, (text, list) => {
      const db = compile(`.:1.2.3.4:a\n.test:1.2.3.4:a\n.a:1.2.3.4:b\n${text}`);
      for (const [name, type, ip] of list) {
        const qname = nameOf(name);
        const reply = qname && askBytes(db, qname, type, { ip: [...ip] });
        if (reply) answers += walk(reply);
      }
    }),
    { numRuns: 60 },
  );
  assert.ok(answers > 100, `${answers} answers`);
});

test('a corrupt data.cdb makes no exception, no stall and no reply past its limits', () => {
  const good = compile(
    [
      '.test:1.2.3.4:a',
      '%in:10',
      '+*.w.test:1.2.3.4',
      '@test:1.2.3.5:m',
      '&c.test:1.2.3.6:b',
      "'t.test:text",
      'Cc.test:d',
    ]
      .concat(['Zz.test:a.b:c.d', '^p.test:q.test', '+a.test:1.2.3.4:0:4000000038af1379:in', '@a.test::x.test.'])
      .join('\n'),
  );
  const names = ['test', 'x.w.test', 'x.c.test', 't.test', 'z.test', 'p.test', 'a.test', 'none.test'].map(
    (name) => nameOf(name)!,
  );
  const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
  // Most of the octets are the header's; the records deserve as many changes as that.
  const inRecords = fc.tuple(fc.integer({ min: 2048, max: good.length - 1 }), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(
      fc.array(fc.oneof(change, inRecords), { minLength: 1, maxLength: 8 }),
      fc.oneof(fc.constant(good.length), fc.nat(good.length)),
      (changes, length) => {
        const db = good.slice(0, length);
        for (const [at, octet] of changes) if (at < length) db[at] = octet;
        for (const name of names) {
          for (const type of [A, MX, ANY]) {
            const reply = askBytes(db, name, type, { ip: [10, 0, 0, 1] });
            if (reply !== null) walk(reply);
          }
        }
      },
    ),
    { numRuns: 3000 },
  );
});
