// The walk over a message's records, beside dns-packet, which shares no code with it, and over octets of any kind.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { formatName, NAME_MAX } from '../../src/wire/name.ts';
import { ADDITIONAL, ANSWER, AUTHORITY, RecordCursor } from '../../src/wire/record.ts';

const owner = new Uint8Array(NAME_MAX);

const address = (name: string, data: string, ttl = 60) => ({ name, type: 'A' as const, ttl, data });
const MESSAGE = Uint8Array.from(
  dnsPacket.encode({
    type: 'response',
    id: 0x1234,
    flags: dnsPacket.AUTHORITATIVE_ANSWER,
    questions: [
      { name: 'one.test', type: 'A' },
      { name: 'two.test', type: 'MX' },
    ],
    answers: [address('one.test', '192.0.2.1'), address('two.test', '192.0.2.2', 0xfffffffe)],
    additionals: [{ name: 'ns.test', type: 'TXT', ttl: 0, data: 'x' }],
  }),
);

/** The walk as lines of text, `section owner type class ttl length`; the last one says how it ended. */
function walk(cursor: RecordCursor): string[] {
  const lines: string[] = [];
  while (cursor.next(owner)) {
    const { section, type, ttl } = cursor;
    lines.push(`${section} ${formatName(owner)} ${type} ${cursor.class} ${ttl} ${cursor.dataEnd - cursor.dataAt}`);
  }
  lines.push(cursor.failed ? 'failed' : cursor.isAtEnd ? 'end' : 'rest');
  return lines;
}

const RECORDS = [
  `${ANSWER} one.test 1 1 60 4`,
  `${ANSWER} two.test 1 1 4294967294 4`,
  `${ADDITIONAL} ns.test 16 1 0 2`,
];

describe('a record cursor', () => {
  test('reads the header, the questions, and the records of the sections that have any', () => {
    const cursor = new RecordCursor();
    cursor.start(MESSAGE);
    assert.deepEqual([cursor.id, cursor.flags], [0x1234, 0x8400]);
    assert.deepEqual([cursor.count(ANSWER), cursor.count(AUTHORITY), cursor.count(ADDITIONAL)], [2, 0, 1]);
    assert.ok(cursor.nextQuestion(owner));
    assert.deepEqual([formatName(owner), cursor.type, cursor.class], ['one.test', 1, 1]);
    assert.ok(cursor.nextQuestion());
    assert.equal(cursor.type, 15);
    assert.ok(!cursor.nextQuestion() && !cursor.failed);
    assert.deepEqual(walk(cursor), [...RECORDS, 'end']);
  });

  test('skips questions that nobody read, and goes on behind data wherever the reader was left', () => {
    const cursor = new RecordCursor();
    cursor.start(MESSAGE);
    while (cursor.next()) {
      assert.equal(cursor.reader.pos, cursor.dataAt);
      cursor.reader.pos = 3;
    }
    assert.ok(cursor.isAtEnd);
  });

  test('walks a part of a larger buffer, pointers counting from its first octet', () => {
    const larger = new Uint8Array(MESSAGE.length + 20).fill(0xff);
    larger.set(MESSAGE, 7);
    const cursor = new RecordCursor();
    cursor.start(larger, 7, 7 + MESSAGE.length);
    assert.deepEqual(walk(cursor), [...RECORDS, 'end']);
    cursor.start(larger, 7, 8 + MESSAGE.length);
    assert.deepEqual(walk(cursor), [...RECORDS, 'rest']);
  });

  test('goes on past what the counts say when it is asked to', () => {
    const uncounted = MESSAGE.slice();
    uncounted.fill(0, 6, 12);
    const cursor = new RecordCursor();
    cursor.start(uncounted);
    assert.ok(cursor.skipQuestions());
    let records = 0;
    while (!cursor.isAtEnd) {
      assert.ok(cursor.nextUncounted(owner));
      records++;
    }
    assert.equal(records, 3);
  });

  test('refuses a message that is cut anywhere', () => {
    for (let length = 0; length < MESSAGE.length; length++) {
      const cursor = new RecordCursor();
      cursor.start(MESSAGE, 0, length);
      assert.equal(walk(cursor).at(-1), 'failed', String(length));
    }
  });

  test('lets the last data claim more than there is only where that was allowed', () => {
    const cut = MESSAGE.length - 1;
    const strict = new RecordCursor();
    strict.start(MESSAGE, 0, cut);
    assert.deepEqual(walk(strict), [...RECORDS.slice(0, 2), 'failed']);
    const lax = new RecordCursor(true);
    lax.start(MESSAGE, 0, cut);
    assert.deepEqual(walk(lax), [...RECORDS, 'rest']);
    // The same record with another one behind it: there is nothing to read that from.
    const more = MESSAGE.slice(0, cut);
    more[11] = 2;
    lax.start(more);
    assert.deepEqual(walk(lax), [...RECORDS, 'failed']);
  });

  test('ends, and stays inside the message, whatever the octets are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(3), (octets, counts) => {
        if (octets.length > 11) octets.fill(0, 4, 12);
        for (let section = 0; section < 4; section++) if (octets.length > 11) octets[5 + 2 * section] = counts;
        const cursor = new RecordCursor();
        cursor.start(octets);
        while (cursor.next(owner)) assert.ok(cursor.dataEnd <= octets.length);
        assert.ok(cursor.failed || cursor.section === ADDITIONAL);
      }),
    );
  });
});
