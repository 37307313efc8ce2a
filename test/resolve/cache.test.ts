// The ring: what fits, what is forgotten, what time does, against a model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, textOf } from '../../src/base/bytes.ts';
import { Cache, KIND_ANSWER, KIND_REFERRAL } from '../../src/resolve/cache.ts';
import { Failures } from '../../src/resolve/failures.ts';

const NOW = 1_700_000_000;

function nameWith(label: string): Uint8Array {
  return bytesOf(`${String.fromCharCode(label.length)}${label}\0`);
}

function put(cache: Cache, name: string, data: string, ttl = 86400, now = NOW): void {
  cache.select(nameWith(name));
  const bytes = bytesOf(data);
  cache.put({ kind: KIND_ANSWER, type: 1, data: bytes, length: bytes.length, ttl }, now);
}

function get(cache: Cache, name: string, now = NOW): string | undefined {
  cache.select(nameWith(name));
  if (!cache.find(KIND_ANSWER, 1, now)) return undefined;
  return textOf(cache.bytes, cache.dataAt, cache.dataAt + cache.dataLength);
}

test('a cache of 200 octets has a ring of 192: six entries of 30 fit, a seventh forgets exactly the oldest', () => {
  const cache = new Cache(200);
  for (const name of 'abcdef') put(cache, name, '12345'); // 20 + 2 + 3 + 5
  assert.deepEqual(
    [...'abcdef'].map((name) => get(cache, name)),
    Array(6).fill('12345'),
  );
  put(cache, 'g', '12345');
  assert.equal(get(cache, 'a'), undefined);
  assert.deepEqual(
    [...'bcdefg'].map((name) => get(cache, name)),
    Array(6).fill('12345'),
  );
  assert.equal(cache.motion, 210);
});

test('an entry as large as the ring fits; a larger one empties the cache and is not stored', () => {
  const cache = new Cache(200);
  put(cache, 'a', 'x');
  put(cache, 'b', 'y'.repeat(192 - 25));
  assert.equal(get(cache, 'a'), undefined);
  assert.equal(get(cache, 'b'), 'y'.repeat(167));
  put(cache, 'c', 'z'.repeat(168));
  assert.equal(get(cache, 'b'), undefined);
  assert.equal(get(cache, 'c'), undefined);
});

test('the newest entry of a name counts, also when it has expired and an older one has not', () => {
  const cache = new Cache(1000);
  put(cache, 'a', 'old', 100);
  put(cache, 'a', 'new', 10);
  assert.equal(get(cache, 'a'), 'new');
  assert.equal(get(cache, 'a', NOW + 11), undefined);
});

test('a TTL of 1 is served for two readings of the clock, the last one as 0; a TTL of 0 is not stored', () => {
  const cache = new Cache(1000);
  put(cache, 'a', 'x', 1);
  assert.equal(get(cache, 'a'), 'x');
  assert.equal(cache.ttl, 1);
  assert.equal(get(cache, 'a', NOW + 1), 'x');
  assert.equal(cache.ttl, 0);
  assert.equal(get(cache, 'a', NOW + 2), undefined);
  put(cache, 'b', 'x', 0);
  assert.equal(get(cache, 'b'), undefined);
  put(cache, 'c', 'x', -5);
  assert.equal(get(cache, 'c'), undefined);
});

test('nothing is kept longer than a week', () => {
  const cache = new Cache(1000);
  put(cache, 'a', 'x', 700000);
  assert.equal(get(cache, 'a'), 'x');
  assert.equal(cache.ttl, 604800);
  assert.equal(get(cache, 'a', NOW + 604801), undefined);
});

test('types and kinds do not answer for each other, letters of both cases do', () => {
  const cache = new Cache(1000);
  cache.select(nameWith('ABC'));
  cache.put({ kind: KIND_REFERRAL, type: 1, data: bytesOf('glue'), length: 4, ttl: 60, depth: 3 }, NOW);
  assert.equal(get(cache, 'abc'), undefined);
  cache.select(nameWith('aBc'));
  assert.equal(cache.find(KIND_REFERRAL, 257, NOW), false);
  assert.equal(cache.find(KIND_REFERRAL, 1, NOW), true);
  assert.equal(cache.depth, 3);
});

test('sizes under 100 and over 1000000000 are taken as these', () => {
  const cache = new Cache(0); // 4 octets of heads, 96 of ring
  assert.equal(cache.bytes.length, 100);
  put(cache, 'a', 'x'.repeat(96 - 25));
  assert.equal(get(cache, 'a'), 'x'.repeat(71));
});

test('a cache of any size behaves as a ring of that size', () => {
  const operation = fc.record({
    name: fc.integer({ min: 0, max: 20 }),
    size: fc.integer({ min: 0, max: 120 }),
    ttl: fc.integer({ min: 0, max: 50 }),
    wait: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 3000 }), fc.array(operation, { maxLength: 200 }), (size, operations) => {
      const cache = new Cache(size);
      const model = new RingModel(size);
      let now = NOW;
      for (const [i, { name, size: length, ttl, wait }] of operations.entries()) {
        now += wait;
        const data = `${i}`.padEnd(length, '.');
        put(cache, `n${name}`, data, ttl, now);
        model.put(`n${name}`, data, ttl, now);
        for (let other = 0; other <= 20; other++) {
          assert.equal(get(cache, `n${other}`, now), model.get(`n${other}`, now));
        }
      }
    }),
    { numRuns: 60 },
  );
});

interface Entry {
  place: number;
  name: string;
  data: string;
  expiry: number;
}

/** The ring as a list of entries, sorted by their place in it. */
class RingModel {
  private readonly size: number;
  private readonly start: number;
  private readonly newest = new Map<string, Entry>();
  private entries: Entry[] = [];
  private writer: number;

  constructor(size: number) {
    this.size = size;
    let heads = 4;
    while (heads <= Math.floor(size / 32)) heads *= 2;
    this.start = heads;
    this.writer = heads;
  }

  put(name: string, data: string, ttl: number, now: number): void {
    if (ttl <= 0) return;
    const length = 24 + name.length + data.length;
    const ahead = () => this.entries.findIndex((entry) => entry.place >= this.writer);
    while (this.writer + length > (this.entries[ahead()]?.place ?? this.size)) {
      if (ahead() < 0) {
        if (this.writer === this.start) return;
        this.writer = this.start;
      }
      this.entries.splice(ahead(), 1);
    }
    const entry = { place: this.writer, name, data, expiry: now + ttl };
    this.newest.set(name, entry);
    this.entries.push(entry);
    this.entries.sort((a, b) => a.place - b.place);
    this.writer += length;
  }

  get(name: string, now: number): string | undefined {
    const entry = this.newest.get(name);
    return entry && this.entries.includes(entry) && entry.expiry >= now ? entry.data : undefined;
  }
}

test('a name stays selected whatever other tables are asked in between', () => {
  const cache = new Cache(10000);
  const failures = new Failures();
  failures.addQuestion(nameWith('failed'), 1, NOW);
  put(cache, 'a', 'data');
  cache.select(nameWith('a'));
  failures.hasQuestion(nameWith('b'), 1, NOW);
  assert.equal(cache.find(KIND_ANSWER, 1, NOW), true);
  cache.select(nameWith('c'));
  failures.hasQuestion(nameWith('b'), 1, NOW);
  cache.put({ kind: KIND_ANSWER, type: 1, data: bytesOf('more'), length: 4, ttl: 60 }, NOW);
  assert.equal(get(cache, 'c'), 'more');
});
