// Serial numbers of zones (RFC 1982): 32 bits, and the newer of two is the one less than half way round ahead.

/** True when `a` is newer than `b`. A difference of exactly half way round is not. */
export function isNewer(a: number, b: number): boolean {
  const ahead = (a - b) >>> 0;
  return ahead > 0 && ahead < 0x80000000;
}
