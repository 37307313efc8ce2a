// Distinct numbers in an unpredictable order, without remembering which were given. Counterpart: random-ip.c.
import { randomFill, shuffle } from '../base/random.ts';

const ROUNDS = 8;

/**
 * A random permutation of the numbers below 2^`bits` (8, 16, 24 or 32): a function from number to number. Small ones
 * are shuffled tables, every permutation as likely; large ones a Feistel network whose round functions are tables of
 * random numbers (Luby and Rackoff), half a megabyte of them at most.
 */
export function randomPermutation(bits: number): (index: number) => number {
  return bits <= 16 ? shuffledTable(2 ** bits) : feistelNetwork(bits / 2);
}

function shuffledTable(size: number): (index: number) => number {
  const table = shuffle(Uint16Array.from({ length: size }, (_, i) => i));
  return (index) => table[index]!;
}

function feistelNetwork(half: number): (index: number) => number {
  const size = 2 ** half;
  const mask = size - 1;
  const rounds = new Uint16Array(ROUNDS * size);
  randomFill(new Uint8Array(rounds.buffer));
  return (index) => {
    let left = index >>> half;
    let right = index & mask;
    for (let base = 0; base < rounds.length; base += size) {
      const next = left ^ (rounds[base + right]! & mask);
      left = right;
      right = next;
    }
    return ((left << half) | right) >>> 0;
  };
}
