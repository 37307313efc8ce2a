// What a responder remembers must never show: a reply from a responder that has answered before is, octet for octet,
// the reply of one that has not. Names are made of few labels, so that questions, servers and hosts share suffixes all
// the time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Question } from '../../src/answer/responder.ts';
import { TinydnsResponder } from '../../src/answer/tinydns.ts';
import { ip4 } from '../../src/base/address.ts';
import { unixOfTai } from '../../src/base/tai.ts';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import * as FLAG from '../../src/wire/flag.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Writer } from '../../src/wire/writer.ts';
import { compiledText } from '../support/lookup.ts';

/** Two moments: some records begin or end between them. */
const MOMENTS = [0x60000000, 0x60000002].map((lo) => unixOfTai(0x40000000, lo));
let moment = 0;

/** A responder that has answered nothing yet. */
function fresh(db: Uint8Array): TinydnsResponder {
  return new TinydnsResponder({ current: () => db }, { randomBelow: () => 0, unixSeconds: () => MOMENTS[moment]! });
}

const label = fc.constantFrom('a', 'b', 'ns', 'x', 'NS', 'test', 'www', '*');
const name = fc.array(label, { minLength: 0, maxLength: 5 }).map((labels) => [...labels, 'zone'].join('.'));
const server = fc.oneof(name, fc.constantFrom('', 'a', 'b', 'ns.other', 'zone', 'a.ns.zone', 'b.ns.zone.'));
const timestamp = fc.constantFrom('', '', '', '400000005fffffff', '4000000060000001');
const location = fc.constantFrom('', '', '', 'in', 'ex');
const ip = fc.constantFrom('10.0.0.1', '10.0.0.2', '');

const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('.', '&'), name, ip, server, timestamp, location)
    .map(([letter, owner, address, x, time, lo]) => `${letter}${owner}:${address}:${x}:300:${time}:${lo}`),
  fc.tuple(name, ip, timestamp, location).map(([owner, address, time, lo]) => `+${owner}:${address}:60:${time}:${lo}`),
  fc.tuple(name, server).map(([owner, x]) => `@${owner}:10.0.0.3:${x}:10`),
  fc.tuple(name, name).map(([owner, target]) => `C${owner}:${target}`),
  name.map((owner) => `'${owner}:text`),
);

function ask(responder: TinydnsResponder, text: string, type: number, client: number, at: number): string {
  moment = at;
  const qname = nameOf(text)!;
  const question = new Question();
  question.set({ name: qname, nameAt: 0, nameLength: qname.length, type }, ip4(127, 0, 0, client));
  const room = new Uint8Array(65536);
  const reply = new Writer();
  reply.start(room);
  reply.question(7, FLAG.QR | FLAG.AA, qname, 0, type, 1);
  responder.begin();
  const answered = responder.respond(question, reply);
  return answered && !reply.failed ? Buffer.from(room.subarray(0, reply.length)).toString('hex') : 'none';
}

test('a reply does not depend on what was asked before', () => {
  const questions = fc.array(
    fc.tuple(name, fc.constantFrom(1, 1, 1, 2, 15, 16, 255), fc.constantFrom(1, 2, 3), fc.nat(1)),
    {
      minLength: 20,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 3, maxLength: 25 }), questions, (lines, asked) => {
      const text = ['.zone:10.0.0.9:a', '%in:127.0.0.1', '%ex:127.0.0.2', ...lines].join('\n');
      const db = compiledText(text, (maker) => new TinydnsCompiler(maker, 1000000));
      const warm = fresh(db);
      for (const [qname, type, client, moment] of asked) {
        const want = ask(fresh(db), qname, type, client, moment);
        assert.equal(ask(warm, qname, type, client, moment), want, `${qname} ${type} from ${client}`);
      }
    }),
    { numRuns: 600 },
  );
});

/** Forty labels; each may be pointed to. */
const MANY = Array.from({ length: 40 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('.');

/** Data and questions (name, type, client, moment) that once gave, or could have given, a wrong reply. */
const CASES: readonly [title: string, lines: string[], asked: [string, number, number, number][]][] = [
  [
    'the address of a server that begins between two questions',
    ['&t.zone::a.u.zone', '+a.u.zone:10.0.0.5:60:4000000060000001'],
    [
      ['x.t.zone', 1, 3, 0],
      ['x.t.zone', 1, 3, 1],
    ],
  ],
  [
    'a mail exchanger that is the zone itself, whose address belongs into the reply',
    ['+zone:10.0.0.7', '@h.zone::zone.:10', '+h.zone:10.0.0.8'],
    [
      ['h.zone', 1, 3, 0],
      ['h.zone', 15, 3, 0],
      ['h.zone', 1, 3, 0],
    ],
  ],
  [
    'a host below the name of a server',
    ['+x.ns.zone:10.0.0.5', '+x.zone:10.0.0.6'],
    [
      ['x.zone', 1, 3, 0],
      ['x.ns.zone', 1, 3, 0],
      ['a.ns.zone', 1, 3, 0],
    ],
  ],
  [
    'a question of so many labels that the writer cannot point to all of the servers',
    [`&t.zone::${MANY}.x.`, `&t.zone::b.x.`],
    [
      ['x.t.zone', 1, 3, 0],
      [`${'q.'.repeat(59)}t.zone`, 1, 3, 0],
    ],
  ],
];

for (const [title, lines, asked] of CASES) {
  test(`a reply does not depend on what was asked before: ${title}`, () => {
    const db = compiledText(['.zone:10.0.0.9:a', ...lines].join('\n'), (maker) => new TinydnsCompiler(maker, 1000000));
    const warm = fresh(db);
    for (const question of asked) {
      assert.equal(ask(warm, ...question), ask(fresh(db), ...question), question.join(' '));
    }
  });
}
