// Messages out of a stream, however it is cut.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../src/base/bytes.ts';
import { framed, MessageStream } from '../../src/wire/framing.ts';

/** All messages that `stream` gives for the pieces, copied. */
function messagesOf(pieces: readonly Uint8Array[], stream = new MessageStream()): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (const piece of pieces) {
    stream.push(piece);
    for (let message = stream.next(); message; message = stream.next()) messages.push(message.slice());
  }
  return messages;
}

test('the messages are the same wherever the stream is cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 })), (all, sizes) => {
      const bytes = concat(all.map(framed));
      const pieces: Uint8Array[] = [];
      let from = 0;
      for (const size of sizes) {
        pieces.push(bytes.subarray(from, from + size));
        from += size;
      }
      pieces.push(bytes.subarray(from));
      assert.deepEqual(messagesOf(pieces), all);
    }),
  );
});

test('an empty message is a message, and the length of the next one is known before it is there', () => {
  const stream = new MessageStream();
  assert.equal(stream.announced(), -1);
  stream.push(Uint8Array.of(0, 0, 1));
  assert.deepEqual(stream.next(), new Uint8Array(0));
  assert.equal(stream.announced(), -1);
  stream.push(Uint8Array.of(2));
  assert.equal(stream.announced(), 258);
  assert.equal(stream.next(), undefined);
});

test('a message of 64 KiB in pieces of one octet is copied a few times, not thousands of times', () => {
  let copied = 0;
  const counting = (length: number): void => void (copied += length);
  const { set, copyWithin } = Uint8Array.prototype;
  Uint8Array.prototype.set = function (from, at) {
    counting(from.length);
    set.call(this, from, at);
  };
  Uint8Array.prototype.copyWithin = function (target, start, end) {
    counting((end ?? this.length) - start);
    return copyWithin.call(this, target, start, end);
  };
  try {
    const bytes = framed(new Uint8Array(65535).fill(7));
    copied = 0;
    const stream = new MessageStream();
    let message: Uint8Array | undefined;
    for (let i = 0; i < bytes.length; i++) {
      stream.push(bytes.subarray(i, i + 1));
      message = stream.next() ?? message;
    }
    assert.equal(message?.length, 65535);
    assert.ok(copied < 4 * bytes.length, `${copied} octets copied`);
  } finally {
    Object.assign(Uint8Array.prototype, { set, copyWithin });
  }
});
