// When the primary of a zone is asked whether the zone has changed, and when a copy is too old to be served (RFC 1035
// section 3.3.13, RFC 1034 section 4.3.5). The clock is handed in: milliseconds that only go forward. So years of
// timers are tests of milliseconds, and setting the system's clock moves nothing.

/** Of an SOA, in seconds. */
export interface SoaTimes {
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
}

/** Bounds of REFRESH, in seconds. RETRY is kept between `min` and REFRESH. */
export interface RefreshBounds {
  readonly min: number;
  readonly max: number;
}

/** While there is no copy: the first wait after a failure and the longest, in seconds. */
const FIRST_WAIT = 10;
const LONGEST_FIRST_WAIT = 3600;

/** The timers of one zone. */
export class ZoneSchedule {
  /** When the next check is due. */
  due: number;
  /** When a primary last said that the copy is current; undefined while there is no copy. */
  private confirmedAt: number | undefined;
  private failures = 0;
  private times: SoaTimes | undefined;
  private readonly bounds: RefreshBounds;
  private readonly random: () => number;

  /** Due at once. `random` gives numbers from 0 to below 1. */
  constructor(now: number, bounds: RefreshBounds, random: () => number) {
    this.due = now;
    this.bounds = bounds;
    this.random = random;
  }

  /** There is a copy that was confirmed at `at`: one found at the start, or one just taken. It is not due for that. */
  has(times: SoaTimes, at: number): void {
    const { min, max } = this.bounds;
    const refresh = Math.min(max, Math.max(min, times.refresh));
    const retry = Math.min(refresh, Math.max(min, times.retry));
    this.times = { refresh, retry, expire: Math.max(times.expire, refresh + retry) };
    this.confirmedAt = at;
  }

  /** The copy is gone: the next check fetches the zone whole. */
  lost(): void {
    this.times = undefined;
    this.confirmedAt = undefined;
  }

  /** A primary has confirmed the copy, or given a new one that `has` was told of. */
  confirmed(now: number): void {
    this.confirmedAt = now;
    this.failures = 0;
    this.due = this.after(now, this.times?.refresh ?? FIRST_WAIT);
  }

  /** No primary was good. */
  failed(now: number): void {
    const first = this.times?.retry ?? FIRST_WAIT;
    const longest = this.times?.refresh ?? LONGEST_FIRST_WAIT;
    this.due = this.after(now, Math.min(longest, first * 2 ** Math.min(this.failures, 30)));
    this.failures++;
  }

  /** Milliseconds since a primary last confirmed the copy. */
  age(now: number): number {
    return this.confirmedAt === undefined ? 0 : now - this.confirmedAt;
  }

  /**
   * True when a copy is too old to be served because a check that began at `began` has failed. A clock alone withdraws
   * nothing: a process that was stopped for long asks first.
   */
  isExpired(began: number): boolean {
    return this.times !== undefined && this.age(began) > this.times.expire * 1000;
  }

  /** True when the last check failed. */
  get isLate(): boolean {
    return this.failures > 0;
  }

  /** A moment between 75 and 100 % of an interval from now, so that zones do not march in step. */
  private after(now: number, seconds: number): number {
    return now + seconds * 1000 * (0.75 + 0.25 * this.random());
  }
}

/** Zones in a row that must have timed out before a primary counts as down, and how often a primary is tried then. */
const DOWN_AFTER = 3;
const PROBE_INTERVAL = 10_000;

/** Whether a primary answers at all. While it does not, one zone in turn tries it and the others fail at once. */
export class PrimaryHealth {
  private timeouts = 0;
  private nextProbe = 0;

  get isDown(): boolean {
    return this.timeouts >= DOWN_AFTER;
  }

  /** Whether a zone may ask now. */
  mayAsk(now: number): boolean {
    return !this.isDown || now >= this.nextProbe;
  }

  /** A zone asks: while the primary is down it is the only one for a while. */
  asking(now: number): void {
    if (this.isDown) this.nextProbe = now + PROBE_INTERVAL;
  }

  /** A zone got no answer. True when it was the one after which the primary counts as down. */
  timedOut(now: number): boolean {
    this.timeouts++;
    if (this.timeouts === DOWN_AFTER) this.nextProbe = now + PROBE_INTERVAL;
    return this.timeouts === DOWN_AFTER;
  }

  /** Something came from it. True when it was down. */
  answered(): boolean {
    const wasDown = this.isDown;
    this.timeouts = 0;
    return wasDown;
  }
}
