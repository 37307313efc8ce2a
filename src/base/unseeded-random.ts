// The random numbers of a program that never seeds its generator: always the same ones. tinydns-get is one, so that the
// order in which it prints addresses is fixed, and people compare its output. Counterpart: dns_random.c, whose
// generator is Bernstein's SURF; unseeded, its key is all zero. Not for secrets: those come from random.ts.

const ROUNDS = 16;
const DELTA = 0x9e3779b9;
const ROTATIONS = [5, 7, 9, 13] as const;

/** An endless sequence of unsigned 32-bit numbers. Each key word, 32 of them, is 0. */
export class UnseededRandom {
  private readonly key = new Uint32Array(32);
  private readonly counter = new Uint32Array(4);
  private readonly block = new Uint32Array(8);
  private left = 0;

  next(): number {
    if (this.left === 0) this.refill();
    return this.block[--this.left]!;
  }

  private refill(): void {
    const { key, counter, block } = this;
    for (let i = 0; i < counter.length; i++) {
      counter[i]!++;
      if (counter[i] !== 0) break;
    }
    const state = new Uint32Array(12);
    for (let i = 0; i < 12; i++) state[i] = (counter[i] ?? 0) ^ key[12 + i]!;
    for (let i = 0; i < 8; i++) block[i] = key[24 + i]!;
    let last = state[11]!;
    let sum = 0;
    for (let pass = 0; pass < 2; pass++) {
      for (let round = 0; round < ROUNDS; round++) {
        sum = (sum + DELTA) >>> 0;
        for (let i = 0; i < 12; i++) {
          const turn = ROTATIONS[i & 3]!;
          const rotated = (last << turn) | (last >>> (32 - turn));
          last = (state[i]! + (((last ^ key[i]!) + sum) ^ rotated)) >>> 0;
          state[i] = last;
        }
      }
      for (let i = 0; i < 8; i++) block[i]! ^= state[i + 4]!;
    }
    this.left = 8;
  }
}
