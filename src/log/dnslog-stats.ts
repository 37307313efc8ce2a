// What a log comes to: rates over time, how queries ended, how long dnscache took, who asked for what. Everything is
// bounded: time slots are merged and rare names dropped when there are too many, so a log of any length fits.
import { bare, STATUSES } from './dnslog-format.ts';
import type { Event } from './dnslog-merge.ts';
import type { Entry } from './entry.ts';

/** Slots of time kept before two neighbours become one. */
const SLOTS_MAX = 8192;
/** Different names kept before those seen least are dropped. */
const KEYS_MAX = 65536;
/** Distributions have steps of 5 %. */
const STEP = Math.log(1.05);

/** Counts by key; exact until there are KEYS_MAX keys, then the rarest are forgotten. */
export class Tally {
  private readonly counts = new Map<string, number>();
  /** True when keys have been forgotten, so that low counts are too low. */
  approximate = false;
  total = 0;

  add(key: string): void {
    this.total++;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    for (let least = 1; this.counts.size > KEYS_MAX; least++) {
      this.approximate = true;
      for (const [seldom, count] of this.counts) if (count <= least) this.counts.delete(seldom);
    }
  }

  get(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  get size(): number {
    return this.counts.size;
  }

  /** The `n` keys with the highest counts, highest first. */
  top(n: number): [key: string, count: number][] {
    return [...this.counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, n);
  }
}

/** Queries per slot of time. */
export class Rates {
  /** Seconds that a slot covers, a power of two. */
  width = 1;
  private slots = new Map<number, number>();
  first = Infinity;
  last = -Infinity;

  add(unixSeconds: number): void {
    if (unixSeconds < this.first) this.first = unixSeconds;
    if (unixSeconds > this.last) this.last = unixSeconds;
    const slot = Math.floor(unixSeconds / this.width);
    this.slots.set(slot, (this.slots.get(slot) ?? 0) + 1);
    while (this.slots.size > SLOTS_MAX) this.widen();
  }

  private widen(): void {
    const wider = new Map<number, number>();
    for (const [slot, count] of this.slots) {
      const at = Math.floor(slot / 2);
      wider.set(at, (wider.get(at) ?? 0) + count);
    }
    this.slots = wider;
    this.width *= 2;
  }

  /** Queries per second in each of at most `columns` equal parts of the time, and the seconds that a part covers. */
  columns(columns: number): { perSecond: number[]; seconds: number } {
    if (this.slots.size === 0) return { perSecond: [], seconds: 1 };
    const [from, to] = [Math.floor(this.first / this.width), Math.floor(this.last / this.width)];
    const each = Math.ceil((to - from + 1) / columns);
    const perSecond = new Array<number>(Math.ceil((to - from + 1) / each)).fill(0);
    for (const [slot, count] of this.slots) {
      const column = Math.floor((slot - from) / each);
      perSecond[column] = perSecond[column]! + count / (each * this.width);
    }
    return { perSecond, seconds: each * this.width };
  }
}

/** Numbers from a thousandth on, kept to 5 %. */
export class Distribution {
  private readonly steps = new Map<number, number>();
  total = 0;
  sum = 0;
  max = 0;

  /** A clock that was set back makes times negative: they count as none. */
  add(number: number): void {
    const value = Math.max(number, 0);
    const step = Math.max(0, Math.round(Math.log(value * 1000) / STEP));
    this.steps.set(step, (this.steps.get(step) ?? 0) + 1);
    this.total++;
    this.sum += value;
    if (value > this.max) this.max = value;
  }

  /** What `share` (0 to 1) of all stayed below. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.total);
    for (const [step, count] of [...this.steps].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 0) return Math.min(Math.exp(step * STEP) / 1000, this.max);
    }
    return this.max;
  }

  /** How many fall between the bounds, each bound the end (excluded) of a class; the last class has none. */
  classes(bounds: readonly number[]): number[] {
    const counts = new Array<number>(bounds.length + 1).fill(0);
    for (const [step, count] of this.steps) {
      const value = Math.exp(step * STEP) / 1000;
      const at = bounds.findIndex((bound) => value < bound);
      const index = at < 0 ? bounds.length : at;
      counts[index] = counts[index]! + count;
    }
    return counts;
  }
}

/** Names of the endings of dnscache's queries. */
const ENDINGS = { cached: 'from cache', resolved: 'asked servers', failed: 'failed', dropped: 'dropped' } as const;

/** Everything that a report shows, gathered line by line. */
export class Statistics {
  readonly rates = new Rates();
  readonly outcomes = new Tally();
  /** Response codes, where the log has them. */
  readonly rcodes = new Tally();
  /** Milliseconds that dnscache took. */
  readonly latencies = new Distribution();
  /** Octets of responses, where the log has them. */
  readonly sizes = new Distribution();
  readonly types = new Tally();
  readonly names = new Tally();
  readonly clients = new Tally();
  /** Names that could not be resolved. */
  readonly failures = new Tally();
  /** Servers by the records and denials they sent. */
  readonly servers = new Tally();
  /** Lines by service. */
  readonly services = new Tally();
  lines = 0;
  /** Lines that are no server's. */
  others = 0;
  starts = 0;
  /** Responses with TC, of those in `rcodes`. */
  truncated = 0;
  /** The last of dnscache's `stats` lines. */
  cache: Entry['stats'];

  add({ service, entry, ended }: Event): void {
    this.lines++;
    this.services.add(service);
    switch (entry.event) {
      case 'packet':
        this.question(entry);
        this.outcomes.add(STATUSES[entry.status ?? '+']!);
        this.response(entry);
        break;
      case 'query':
        this.question(entry);
        break;
      case 'sent':
        this.sizes.add(entry.octets!);
        break;
      case 'servfail':
        this.failures.add(bare(entry.name));
        break;
      case 'rr':
      case 'nodata':
      case 'nxdomain':
        this.servers.add(entry.server!);
        break;
      case 'deny':
        this.outcomes.add('connection denied');
        break;
      case 'refused':
        this.outcomes.add('client refused');
        break;
      case 'starting':
        this.starts++;
        break;
      case 'stats':
        this.cache = entry.stats;
        break;
      case 'other':
        this.others++;
    }
    if (!ended) return;
    this.outcomes.add(ENDINGS[ended.ending]);
    if (ended.milliseconds !== undefined) this.latencies.add(ended.milliseconds);
  }

  private question({ time, type = 0, name, client, status }: Entry): void {
    if (time) this.rates.add(time.unixSeconds);
    if (client) this.clients.add(client.ip);
    if (status === '/') return; // nothing of it is known
    this.types.add(String(type));
    this.names.add(bare(name));
  }

  private response({ rcode, octets, truncated }: Entry): void {
    if (rcode === undefined) return;
    this.rcodes.add(rcode);
    this.sizes.add(octets!);
    if (truncated) this.truncated++;
  }
}
