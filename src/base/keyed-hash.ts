// HalfSipHash-1-3 (Aumasson, Bernstein): 32 bits out of a 64-bit key drawn when the process starts, so that nobody
// outside can choose names that meet in one chain of a table. 32-bit arithmetic only. The original's cache used its cdb
// hash, whose collisions anybody can compute.
//
// It is fed in two steps, because a resolver looks up one name under several types: a `NameHash` takes the name, once;
// `mixed` takes a number more and finishes, as often as wanted.
import { LOWER, unpack32 } from './bytes.ts';
import { randomFill } from './random.ts';

let k0 = 0;
let k1 = 0;
let keyed = false;

// The state at work; nothing of it outlasts a call.
let v0 = 0;
let v1 = 0;
let v2 = 0;
let v3 = 0;

function round(): void {
  v0 = (v0 + v1) | 0;
  v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
  v0 = (v0 << 16) | (v0 >>> 16);
  v2 = (v2 + v3) | 0;
  v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
  v0 = (v0 + v3) | 0;
  v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
  v2 = (v2 + v1) | 0;
  v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
  v2 = (v2 << 16) | (v2 >>> 16);
}

function absorb(word: number): void {
  v3 ^= word;
  round();
  v0 ^= word;
}

/** The state before anything is taken in. */
function begin(): void {
  if (!keyed) drawKey();
  v0 = k0;
  v1 = k1;
  v2 = 0x6c796765 ^ k0;
  v3 = 0x74656462 ^ k1;
}

/** Draws the key. Called by itself at the first hash; programs that chroot call `openRandom` before. */
function drawKey(): void {
  const key = new Uint8Array(8);
  randomFill(key);
  setHashKey(key);
}

/** Sets the key, 8 octets: for tests, which need the same hashes every time. */
export function setHashKey(key: Uint8Array): void {
  const view = new DataView(key.buffer, key.byteOffset, 8);
  k0 = view.getInt32(0, true);
  k1 = view.getInt32(4, true);
  keyed = true;
}

/** The hash of one name, kept by whoever looks the name up. */
export class NameHash {
  // The state after `take`.
  private n0 = 0;
  private n1 = 0;
  private n2 = 0;
  private n3 = 0;

  /** Takes in `length` octets at `bytes[at]`, A-Z as a-z, in place of what was taken before. */
  take(bytes: Uint8Array, at: number, length: number): void {
    begin();
    this.absorbName(bytes, at, length);
  }

  /** Takes in an address and a port, and the name at `bytes[at]` when it has a `length`. */
  takeEndpoint(ip: Uint8Array, port: number, bytes: Uint8Array = ip, at = 0, length = 0): void {
    begin();
    for (let i = 0; i < ip.length; i += 4) absorb(unpack32(ip, i));
    absorb((ip.length << 16) | port);
    this.absorbName(bytes, at, length);
  }

  private absorbName(bytes: Uint8Array, at: number, length: number): void {
    const end = at + length;
    const whole = end - (length & 3);
    let pos = at;
    for (; pos < whole; pos += 4) {
      absorb(
        LOWER[bytes[pos]!]! |
          (LOWER[bytes[pos + 1]!]! << 8) |
          (LOWER[bytes[pos + 2]!]! << 16) |
          (LOWER[bytes[pos + 3]!]! << 24),
      );
    }
    let last = length << 24;
    for (let shift = 0; pos < end; pos++, shift += 8) last |= LOWER[bytes[pos]!]! << shift;
    absorb(last);
    this.n0 = v0;
    this.n1 = v1;
    this.n2 = v2;
    this.n3 = v3;
  }

  /** The hash, 32 bits unsigned, of the octets taken together with `extra` (32 bits). */
  mixed(extra: number): number {
    v0 = this.n0;
    v1 = this.n1;
    v2 = this.n2;
    v3 = this.n3;
    absorb(extra);
    v2 ^= 0xff;
    round();
    round();
    round();
    return (v1 ^ v3) >>> 0;
  }
}
