import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrimaryHealth, ZoneSchedule } from '../../src/transfer/schedule.ts';

const BOUNDS = { min: 60, max: 86400 };
const TIMES = { refresh: 3600, retry: 600, expire: 86400 };
const HOUR = 3600_000;

/** The intervals of a schedule without chance: the longest, or the shortest. */
function schedule(random = () => 0.999999999): ZoneSchedule {
  return new ZoneSchedule(0, BOUNDS, random);
}

function seconds(from: number, to: number): number {
  return Math.round((to - from) / 1000);
}

test('a confirmed zone is due after REFRESH, a failed one after RETRY, twice, four times, at most REFRESH', () => {
  const zone = schedule();
  assert.equal(zone.due, 0);
  zone.has(TIMES, 0);
  zone.confirmed(1000);
  assert.equal(seconds(1000, zone.due), 3600);
  const waits: number[] = [];
  for (let i = 0, now = zone.due; i < 5; i++) {
    zone.failed(now);
    waits.push(seconds(now, zone.due));
    now = zone.due;
  }
  assert.deepEqual(waits, [600, 1200, 2400, 3600, 3600]);
  zone.confirmed(0);
  zone.failed(0);
  assert.equal(seconds(0, zone.due), 600);
});

test('without a copy it is tried after 10 seconds, 20, up to an hour', () => {
  const zone = schedule();
  const waits: number[] = [];
  for (let i = 0; i < 11; i++) {
    zone.failed(0);
    waits.push(seconds(0, zone.due));
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
});

test('intervals are drawn from 75 to 100 % and bounded', () => {
  const least = schedule(() => 0);
  least.has({ refresh: 1000, retry: 5, expire: 1 }, 0);
  least.confirmed(0);
  assert.equal(seconds(0, least.due), 750);
  least.failed(0);
  assert.equal(seconds(0, least.due), 45); // RETRY is not less than the least REFRESH
  const bounded = schedule();
  bounded.has({ refresh: 1, retry: 500, expire: 1 }, 0);
  bounded.confirmed(0);
  assert.equal(seconds(0, bounded.due), 60);
  bounded.failed(0);
  assert.equal(seconds(0, bounded.due), 60); // RETRY is not more than REFRESH
  bounded.has({ refresh: 4294967295, retry: 4294967295, expire: 4294967295 }, 0);
  bounded.confirmed(0);
  assert.equal(seconds(0, bounded.due), 86400);
});

test('a zone expires by a check that began after EXPIRE and failed, which is REFRESH and RETRY at least', () => {
  const zone = schedule();
  zone.has(TIMES, 0);
  assert.ok(!zone.isExpired(24 * HOUR));
  assert.ok(zone.isExpired(24 * HOUR + 1));
  zone.has({ refresh: 3600, retry: 600, expire: 1 }, 0);
  assert.ok(!zone.isExpired(4200_000));
  assert.ok(zone.isExpired(4200_001));
  zone.lost();
  assert.ok(!zone.isExpired(1e15));
});

test('years of a primary that comes and goes: a zone is withdrawn when it must be and never before', () => {
  let state = 12345;
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
  const zone = new ZoneSchedule(0, BOUNDS, random);
  zone.has(TIMES, 0);
  let now = 0;
  let lastGood = 0;
  let checks = 0;
  let withdrawn = 0;
  for (const year = 365 * 24 * HOUR; now < 10 * year; ) {
    now = Math.max(now + 1, zone.due);
    checks++;
    // Up for some days, then down for up to two: sometimes longer than EXPIRE, sometimes not.
    const day = now / (24 * HOUR);
    const isUp = day % 10 < 8 + (Math.floor(day / 10) % 3) * 0.8;
    if (isUp) {
      zone.confirmed(now);
      lastGood = now;
      continue;
    }
    zone.failed(now);
    const isTooOld = now - lastGood > TIMES.expire * 1000;
    assert.equal(zone.isExpired(now), isTooOld);
    if (isTooOld) withdrawn++;
    assert.ok(zone.due - now <= TIMES.refresh * 1000);
  }
  assert.ok(withdrawn > 100);
  assert.ok(checks > 10 * 365 * 24 && checks < 10 * 365 * 24 * 2);
});

test('a primary that let three zones in a row time out is tried by one zone every ten seconds', () => {
  const health = new PrimaryHealth();
  for (let i = 0; i < 3; i++) {
    assert.ok(health.mayAsk(i));
    health.timedOut(i);
  }
  assert.ok(health.isDown);
  let asked = 0;
  for (let now = 3; now < 60_003; now += 10) {
    if (!health.mayAsk(now)) continue;
    health.asking(now);
    asked++;
  }
  assert.ok(asked >= 5 && asked <= 6, String(asked));
  assert.ok(health.answered());
  assert.ok(!health.isDown && health.mayAsk(60_004) && health.mayAsk(60_005));
  assert.ok(!health.answered());
});
