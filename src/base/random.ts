// Randomness: the operating system's, drawn in blocks. Counterpart: dns_random.c, whose generator was seeded from
// clock and process ids; here there is nothing to seed and nothing to predict.
import { openSync, readSync } from 'node:fs';

type Fill = (into: Uint8Array) => void;
let fill: Fill | undefined;
const block = new Uint8Array(1024);
let used = block.length;

/**
 * Loads the generator (node:crypto, 2 ms) and draws once. Programs that chroot call it before. Others leave it to the
 * first draw, which reads /dev/urandom (0.1 ms) and needs node:crypto only where there is none.
 */
export function openRandom(): void {
  const crypto = process.getBuiltinModule('node:crypto');
  fill = (into) => void crypto.randomFillSync(into);
  refill();
}

function openDevice(): void {
  try {
    const fd = openSync('/dev/urandom', 'r');
    fill = (into) => {
      for (let at = 0; at < into.length; ) at += readSync(fd, into, at, into.length - at, null);
    };
  } catch {
    openRandom();
  }
}

function refill(): void {
  if (!fill) openDevice();
  if (!fill) return;
  fill(block);
  used = 0;
}

/** 16 unpredictable bits. */
export function random16(): number {
  if (used + 2 > block.length) refill();
  used += 2;
  return (block[used - 2]! << 8) | block[used - 1]!;
}

/** 32 unpredictable bits, unsigned. */
export function random32(): number {
  return random16() * 0x10000 + random16();
}

/** A number from 0 to `n` - 1, each as likely (n from 1 to 2^32). */
export function randomBelow(n: number): number {
  if (n <= 1) return 0;
  const limit = 0x100000000 - (0x100000000 % n);
  let draw = random32();
  while (draw >= limit) draw = random32(); // without this the low numbers would come more often
  return draw % n;
}

/** `bytes` filled with unpredictable octets. */
export function randomFill(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    if (used >= block.length) refill();
    bytes[i] = block[used++]!;
  }
}

/** Puts the list into a random order, in place, each order as likely (Fisher and Yates); returns it. */
export function shuffle<L extends { length: number; [index: number]: unknown }>(list: L): L {
  for (let i = list.length; i > 1; i--) {
    const other = randomBelow(i);
    const last = list[i - 1];
    list[i - 1] = list[other];
    list[other] = last;
  }
  return list;
}
