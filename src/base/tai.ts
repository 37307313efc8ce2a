// TAI64 time. Counterpart: libtai. A label counts seconds from 2^62; djb's programs add a constant 10 to Unix
// seconds and know no leap seconds. 64-bit seconds are kept as two unsigned 32-bit halves.
import { formatHexAt, textOf } from './bytes.ts';

/** High half of the TAI64 label of every moment from 1970 to 2106. */
const EPOCH_HI = 0x40000000;
const OFFSET = 10;

/** TAI64 seconds: `hi * 2^32 + lo`. */
export interface Tai {
  hi: number;
  lo: number;
}

/** The TAI64 seconds of `unixSeconds` (whole, from 1970 on) into `out`. */
export function taiOfUnix(unixSeconds: number, out: Tai): Tai {
  const seconds = unixSeconds + OFFSET;
  out.hi = EPOCH_HI + Math.floor(seconds / 0x100000000);
  out.lo = seconds >>> 0;
  return out;
}

/** The system's clock in whole Unix seconds. */
export function unixNow(): number {
  return Math.floor(Date.now() / 1000);
}

/** The system's clock in TAI64 seconds. */
export function taiNow(): Tai {
  return taiOfUnix(unixNow(), { hi: 0, lo: 0 });
}

/** Unix seconds of TAI64 seconds; exact from 1970 on, far outside that range only approximate. */
export function unixOfTai(hi: number, lo: number): number {
  return (hi - EPOCH_HI) * 0x100000000 + lo - OFFSET;
}

/** Negative, 0 or positive as the moment `aHi, aLo` is before, at or after `bHi, bLo`. */
export function compareTai(aHi: number, aLo: number, bHi: number, bLo: number): number {
  return aHi === bHi ? aLo - bLo : aHi - bHi;
}

/** What `performance.now()` is relative to, in Unix milliseconds; moved along when the system's clock is set. */
let origin = performance.timeOrigin;

/** Unix microseconds, following the system's clock even when it is set while the program runs. */
function unixMicros(): number {
  const ticks = performance.now();
  if (isOff(Date.now(), ticks)) findOrigin();
  return Math.floor((origin + ticks) * 1000);
}

/** The clock, which has whole milliseconds, does not say what the ticks say. */
function isOff(clock: number, ticks: number): boolean {
  const drift = clock - (origin + ticks);
  return drift > 1 || drift < -2;
}

/** Moves `origin` to where the clock says, unless only time has passed between reading the ticks and the clock. */
function findOrigin(): void {
  for (let tries = 0; tries < 100; tries++) {
    const ticks = performance.now();
    const clock = Date.now();
    if (performance.now() - ticks > 0.5) continue;
    if (isOff(clock, ticks)) origin = clock - ticks;
    return;
  }
}

/** Octets of a TAI64N label as text: `@` and 16 + 8 hexadecimal digits. */
export const LABEL_SIZE = 25;

/** Writes the label of a moment in Unix time at `out[at]`, 25 octets; returns the offset after it. */
export function putTai64n(out: Uint8Array, at: number, unixSeconds: number, nanoseconds: number): number {
  const shifted = unixSeconds + OFFSET;
  out[at++] = 64;
  at = formatHexAt(out, at, EPOCH_HI + Math.floor(shifted / 0x100000000), 8);
  at = formatHexAt(out, at, shifted >>> 0, 8);
  return formatHexAt(out, at, nanoseconds, 8);
}

/** The label of a moment in Unix time as text. For those who import `djbdns-ts/tai64`. */
export function formatTai64n(unixSeconds: number, nanoseconds: number): string {
  const label = new Uint8Array(LABEL_SIZE);
  putTai64n(label, 0, unixSeconds, nanoseconds);
  return textOf(label);
}

/**
 * Writes the label of this moment at `out[at]`; returns the offset after it. To the microsecond, with 500 ns added so
 * that labels never look exact, as in the original.
 */
export function formatTai64nNowAt(out: Uint8Array, at: number): number {
  const micros = unixMicros();
  const seconds = Math.floor(micros / 1e6);
  return putTai64n(out, at, seconds, (micros - seconds * 1e6) * 1000 + 500);
}

/** A moment in Unix time. */
export interface Moment {
  unixSeconds: number;
  nanoseconds: number;
}

/** Scans the label that `text` begins with; undefined when there is none, or more hexadecimal digits follow. */
export function scanTai64n(text: string): Moment | undefined {
  const match = /^@([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})(?![0-9a-f])/.exec(text);
  if (!match) return undefined;
  const [, hi, lo, nano] = match as unknown as [string, string, string, string];
  return { unixSeconds: unixOfTai(parseInt(hi, 16), parseInt(lo, 16)), nanoseconds: parseInt(nano, 16) };
}
