// SipHash-2-4 (Aumasson, Bernstein): a 64-bit tag of a message under a key of 16 octets. Node's crypto does not have
// it. Each 64-bit word is kept as two 32-bit halves: a and b for v0 and v1, c and d for v2 and v3.

// The state; nothing of it outlasts a call. `H` is the high half.
let a = 0;
let aH = 0;
let b = 0;
let bH = 0;
let c = 0;
let cH = 0;
let d = 0;
let dH = 0;

/** v0 += v1, v1 rotated by `turn` and xored with it; v0 is not yet rotated. */
function mixLeft(turn: number): void {
  const low = (a >>> 0) + (b >>> 0);
  aH = (aH + bH + (low > 0xffffffff ? 1 : 0)) | 0;
  a = low | 0;
  const rest = 32 - turn;
  const turned = ((b << turn) | (bH >>> rest)) ^ a;
  bH = ((bH << turn) | (b >>> rest)) ^ aH;
  b = turned;
}

/** v2 += v3, v3 rotated by `turn` and xored with it. */
function mixRight(turn: number): void {
  const low = (c >>> 0) + (d >>> 0);
  cH = (cH + dH + (low > 0xffffffff ? 1 : 0)) | 0;
  c = low | 0;
  const rest = 32 - turn;
  const turned = ((d << turn) | (dH >>> rest)) ^ c;
  dH = ((dH << turn) | (d >>> rest)) ^ cH;
  d = turned;
}

function swapHalves(): void {
  const low = a;
  a = aH;
  aH = low;
}

/** One round: (v0, v1), (v2, v3), then (v0, v3), (v2, v1). */
function round(): void {
  mixLeft(13);
  swapHalves(); // a rotation by 32
  mixRight(16);
  exchange();
  mixLeft(21); // v0 with v3
  mixRight(17); // v2 with v1
  exchange();
  const low = c;
  c = cH;
  cH = low;
}

/** v1 and v3 change places. */
function exchange(): void {
  const low = b;
  const high = bH;
  b = d;
  bH = dH;
  d = low;
  dH = high;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

const last = new Uint8Array(8);

/** Writes the eight octets of the hash of `message[0..length]` under `key` (16 octets) at `out[at]`. */
export function putSipHash(out: Uint8Array, at: number, key: Uint8Array, message: Uint8Array, length: number): void {
  const k0 = word(key, 0);
  const k0H = word(key, 4);
  const k1 = word(key, 8);
  const k1H = word(key, 12);
  // "somepseudorandomlygeneratedbytes", as the design has it.
  a = 0x70736575 ^ k0;
  aH = 0x736f6d65 ^ k0H;
  b = 0x6e646f6d ^ k1;
  bH = 0x646f7261 ^ k1H;
  c = 0x6e657261 ^ k0;
  cH = 0x6c796765 ^ k0H;
  d = 0x79746573 ^ k1;
  dH = 0x74656462 ^ k1H;
  const whole = length & ~7;
  for (let i = 0; i < whole; i += 8) absorb(word(message, i), word(message, i + 4));
  last.fill(0);
  for (let i = whole; i < length; i++) last[i - whole] = message[i]!;
  last[7] = length;
  absorb(word(last, 0), word(last, 4));
  c ^= 0xff;
  for (let i = 0; i < 4; i++) round();
  putWord(out, at, a ^ b ^ c ^ d);
  putWord(out, at + 4, aH ^ bH ^ cH ^ dH);
}

function absorb(low: number, high: number): void {
  d ^= low;
  dH ^= high;
  round();
  round();
  a ^= low;
  aH ^= high;
}

function putWord(out: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) out[at + i] = value >>> (8 * i);
}
