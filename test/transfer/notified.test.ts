import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip4 } from '../../src/base/address.ts';
import { judgeNotify, type NotifyContext } from '../../src/transfer/notified.ts';
import { composeNotify, notifyRcode } from '../../src/transfer/notify.ts';
import { TsigChain } from '../../src/transfer/tsig.ts';
import type { TsigKey } from '../../src/transfer/tsig-record.ts';
import { nameOf } from '../../src/wire/name.ts';
import { message, soa } from '../support/zone-messages.ts';

const NOW = 1800000000;
const FRIEND = ip4(10, 0, 0, 1);
const STRANGER = ip4(10, 0, 0, 9);
const KEY: TsigKey = { name: nameOf('k.test')!, algorithm: 'hmac-sha256', secret: new Uint8Array(32) };

const context: NotifyContext = {
  keyOf: (name) => (name.length === KEY.name.length ? KEY : undefined),
  sourcesOf: (zone) => (zone === 'zone.test' ? [FRIEND] : undefined),
};

const NOTIFY = composeNotify(nameOf('Zone.test')!, 77);

/** The message with other flags, question type or class. */
function changed(at: number, ...octets: number[]): Uint8Array {
  const copy = NOTIFY.slice();
  copy.set(octets, at);
  return copy;
}

function signed(key: TsigKey, now = NOW): Uint8Array {
  const bytes = new Uint8Array(NOTIFY.length + 200);
  bytes.set(NOTIFY);
  return bytes.slice(0, new TsigChain(key).sign(bytes, 0, NOTIFY.length, now));
}

/** The response code and why it is refused, or what is to be done. */
function judge(octets: Uint8Array, source = FRIEND): string {
  const { answer, zone, serial, refused } = judgeNotify(octets, source, context, NOW);
  if (!answer) return 'silence';
  assert.equal(answer[0]! * 256 + answer[1]!, 77);
  assert.ok(answer[2]! & 0x80);
  return `${answer[3]! & 15} ${refused ?? `${zone} ${serial ?? '-'}`}`;
}

test('each row of the table of answers', () => {
  assert.equal(judge(NOTIFY), '0 zone.test -');
  assert.equal(notifyRcode(judgeNotify(NOTIFY, FRIEND, context, NOW).answer!, 77), 0);
  assert.equal(judge(changed(2, 0xa4)), 'silence');
  assert.equal(judge(changed(5, 0)), 'silence');
  assert.equal(judge(changed(5, 2)), 'silence');
  assert.equal(judge(NOTIFY.slice(0, 20)), 'silence');
  assert.equal(judge(changed(2, 0x00)), '5 not notify');
  assert.equal(judge(changed(2, 0x28)), '4 not notify');
  assert.equal(judge(changed(NOTIFY.length - 3, 1)), '1 not notify');
  assert.equal(judge(changed(NOTIFY.length - 1, 3)), '1 not notify');
  assert.equal(judge(composeNotify(nameOf('other.test')!, 77)), '9 not kept');
  assert.equal(judge(NOTIFY, STRANGER), '5 not listed');
});

test('the serial in it is told', () => {
  const withSoa = message([soa('zone.test', 9)], { id: 77, flags: 0x2400, question: ['zone.test', 6] });
  assert.equal(judge(withSoa), '0 zone.test 9');
});

test('a signature need not be there, but must be right; the answer to a right one is signed', () => {
  assert.equal(judge(signed(KEY)), '0 zone.test -');
  assert.equal(judge(signed({ ...KEY, secret: new Uint8Array([1]) })), '9 bad signature');
  assert.equal(judge(signed({ ...KEY, name: nameOf('unknown')! })), '9 bad key');
  assert.equal(judge(signed(KEY, NOW - 1000)), '9 bad time');
  const chain = new TsigChain(KEY);
  const bytes = new Uint8Array(NOTIFY.length + 200);
  bytes.set(NOTIFY);
  const request = bytes.slice(0, chain.sign(bytes, 0, NOTIFY.length, NOW));
  assert.equal(chain.verify(judgeNotify(request, FRIEND, context, NOW).answer!, NOW), 'right');
});
