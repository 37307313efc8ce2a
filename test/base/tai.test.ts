import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareTai,
  formatTai64n,
  formatTai64nNowAt,
  LABEL_SIZE,
  scanTai64n,
  taiOfUnix,
  unixOfTai,
} from '../../src/base/tai.ts';

test('labels are those of djbdns: 2^62 + 10 + Unix seconds, no leap seconds', () => {
  assert.equal(formatTai64n(0, 0), '@400000000000000a00000000');
  assert.equal(formatTai64n(935467455 - 10, 787492500), '@4000000037c219bf2ef02e94');
  assert.equal(formatTai64n(0xffffffff, 0), '@400000010000000900000000');
});

test('scanning undoes formatting', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), fc.nat({ max: 999999999 }), (unixSeconds, nanoseconds) => {
      assert.deepEqual(scanTai64n(`${formatTai64n(unixSeconds, nanoseconds)} x`), { unixSeconds, nanoseconds });
      const { hi, lo } = taiOfUnix(unixSeconds, { hi: 0, lo: 0 });
      assert.equal(unixOfTai(hi, lo), unixSeconds);
      const later = taiOfUnix(unixSeconds + 1, { hi: 0, lo: 0 });
      assert.ok(compareTai(hi, lo, later.hi, later.lo) < 0);
    }),
  );
});

test('what is no label of 24 lowercase digits is refused', () => {
  for (const text of ['', '@', '4000000037c219bf2ef02e94', '@4000000037C219bf2ef02e94', '@4000000037c219bf2ef02e9']) {
    assert.equal(scanTai64n(text), undefined);
  }
  assert.equal(scanTai64n('@4000000037c219bf2ef02e940'), undefined);
});

test('the label of now is now, written in place, and labels never go back', () => {
  const out = new Uint8Array(LABEL_SIZE + 4).fill(46);
  const before = Date.now();
  assert.equal(formatTai64nNowAt(out, 2), LABEL_SIZE + 2);
  const after = Date.now();
  const text = Buffer.from(out).toString('latin1');
  assert.match(text, /^\.\.@[0-9a-f]{24}\.\.$/);
  const label = scanTai64n(text.slice(2, 27));
  assert.ok(label);
  const milliseconds = label.unixSeconds * 1000 + label.nanoseconds / 1e6;
  assert.ok(milliseconds >= before - 3 && milliseconds <= after + 3, `${before} ${milliseconds} ${after}`);
  assert.equal(label.nanoseconds % 1000, 500);
  const labels = Array.from({ length: 1000 }, () => {
    formatTai64nNowAt(out, 0);
    return Buffer.from(out).toString('latin1', 0, LABEL_SIZE);
  });
  assert.deepEqual(labels, [...labels].sort());
});

test('labels do not jump when the process is held up between two looks at the clock', (t) => {
  let milliseconds = 1_000_000;
  let pauses = 0;
  const origin = Date.now() - milliseconds;
  t.mock.method(performance, 'now', () => milliseconds);
  t.mock.method(Date, 'now', () => {
    if (pauses-- > 0) milliseconds += 7;
    return origin + Math.floor(milliseconds);
  });
  const out = Buffer.alloc(LABEL_SIZE);
  const label = () => formatTai64nNowAt(out, 0) && out.toString('latin1');
  const labels = [label()];
  for (const held of [1, 0, 2, 0, 0]) {
    pauses = held;
    labels.push(label());
    milliseconds += 0.25;
  }
  assert.deepEqual(labels, [...labels].sort());
});
