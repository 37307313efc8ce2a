import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, pack16, textOf } from '../../src/base/bytes.ts';
import { AxfrText } from '../../src/data/axfr-text.ts';
import { type TransferStep, ZoneTransfer } from '../../src/transfer/zone-transfer.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Writer } from '../../src/wire/writer.ts';

const ZONE = nameOf('zone.test')!;
const buffer = new Uint8Array(65535);

/** A framed message with an SOA of `serial` (none when negative) and `hosts` addresses. */
function message(serial: number, hosts = 0, flags = 0x8400): Uint8Array {
  const writer = new Writer();
  writer.start(buffer, 2);
  writer.header(0, flags, 0);
  if (serial >= 0) {
    const mark = writer.startRecord(1, ZONE, 0, 6, 300);
    writer.name(ZONE, 0);
    writer.name(ZONE, 0);
    writer.u32(serial);
    for (let i = 0; i < 4; i++) writer.u32(1);
    writer.endRecord(mark);
  }
  for (let i = 0; i < hosts; i++) {
    const mark = writer.startRecord(1, nameOf(`h${i}.zone.test`)!, 0, 1, 300);
    writer.u32(i);
    writer.endRecord(mark);
  }
  buffer[0] = writer.length >> 8;
  buffer[1] = writer.length;
  return buffer.slice(0, 2 + writer.length);
}

/** Feeds `stream` in pieces of the given lengths (used again and again); what came of it. */
function play(stream: Uint8Array, oldSerial: number, pieces: readonly number[]) {
  let lines = '';
  const text = new AxfrText((bytes, length) => {
    lines += textOf(bytes, 0, length);
  });
  const transfer = new ZoneTransfer(ZONE, oldSerial, text);
  const steps: TransferStep[] = [];
  let at = 0;
  for (let i = 0; ; i++) {
    let step = transfer.step();
    if (step === 'transfer') {
      steps.push(step);
      step = transfer.step();
    }
    if (step !== 'more' || at >= stream.length) {
      text.flush();
      return { lines, steps: step === 'more' ? steps : [...steps, step], records: text.records };
    }
    const length = pieces[i % pieces.length]!;
    transfer.push(stream.subarray(at, at + length));
    at += length;
  }
}

test('the queries have ID 0 and the case of the zone as it was given', () => {
  const transfer = new ZoneTransfer(nameOf('TeSt')!, 0, { record: () => true });
  assert.equal(
    Buffer.from(transfer.soaQuery()).toString('hex'),
    '0016000000000001000000000000045465537400 00060001'.replace(' ', ''),
  );
  assert.equal(Buffer.from(transfer.axfrQuery()).toString('hex').slice(-8), '00fc0001');
});

test('a stream gives the same lines however it is cut', () => {
  const stream = concat([message(7), message(7, 3), message(-1, 50), message(-1, 500), message(7)]);
  const whole = play(stream, 0, [stream.length]);
  assert.deepEqual(whole.steps, ['transfer', 'done']);
  assert.equal(whole.lines.split('\n').length - 1, 2 + 553);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }), (pieces) => {
      assert.equal(play(stream, 0, pieces).lines, whole.lines);
    }),
    { numRuns: 40 },
  );
  assert.equal(play(stream, 0, [1]).lines, whole.lines);
});

test('the same serial ends it, unless it is zero', () => {
  const stream = concat([message(7), message(7), message(7)]);
  assert.deepEqual(play(stream, 7, [999]).steps, ['unchanged']);
  for (const old of [0, 6, 8]) assert.deepEqual(play(stream, old, [999]).steps, ['transfer', 'done'], String(old));
  const zero = concat([message(0), message(0), message(0)]);
  assert.deepEqual(play(zero, 0, [999]).steps, ['transfer', 'done']);
});

test('a first reply that is not the SOA of the zone is malformed', () => {
  for (const first of [message(-1), message(-1, 1), new Uint8Array([0, 3, 1, 2, 3]), new Uint8Array([0, 0])]) {
    assert.deepEqual(play(first, 0, [999]).steps, ['malformed']);
  }
});

test('a refusal ends it at once; an error code beside records does not', () => {
  assert.deepEqual(play(concat([message(7), message(-1, 0, 0x8005)]), 0, [999]).steps, ['transfer', 'malformed']);
  assert.deepEqual(play(concat([message(7), message(7, 1, 0x8405), message(7)]), 0, [999]).steps, ['transfer', 'done']);
  assert.deepEqual(play(concat([message(7), message(-1, 0)]), 0, [999]).steps, ['transfer']);
});

/** A framed message with one record of four octets. */
function single(owner: string, type: number, qclass = 1): Uint8Array {
  const writer = new Writer();
  writer.start(buffer, 2);
  writer.header(0, 0x8400, 0);
  const mark = writer.startRecord(1, nameOf(owner)!, 0, type, 300);
  writer.put(new Uint8Array([1, 2, 3, 4]));
  writer.endRecord(mark);
  pack16(buffer, 0, writer.length);
  pack16(buffer, mark - 8, qclass);
  return buffer.slice(0, 2 + writer.length);
}

test('records outside the zone and of other classes are not taken', () => {
  const others = [single('other.test', 1), single('xzone.test', 1), single('test', 1), single('a.zone.test', 1, 3)];
  const { lines, records } = play(concat([message(7), message(7), ...others, message(7)]), 0, [999]);
  assert.equal(records, 1);
  assert.match(lines, /^#7 auto axfr-get\nZ.*\n$/);
});

test('of several SOAs the first is taken and the second ends the transfer, though it is of a name below', () => {
  const { steps, records } = play(concat([message(7), message(7), single('sub.zone.test', 6)]), 0, [999]);
  assert.deepEqual(steps, ['transfer', 'done']);
  assert.equal(records, 1);
});

test('no stream makes it throw', () => {
  const stream = concat([message(7), message(7, 3), message(7)]);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
      const damaged = stream.slice();
      for (const [at, octet] of changes) damaged[at] = octet;
      play(damaged, 0, [37]);
    }),
  );
});
