// dnscache's queries followed from line to line: how long each took, and where its answer came from. Its log names a
// query by a number in `query`, `sent` and `drop` only, so the lines between tell about the work, not about whom for.
import type { Entry } from './entry.ts';

/** How a query ended: from the cache, after asking servers, as a failure told to the client, or not at all. */
export type Ending = 'cached' | 'resolved' | 'failed' | 'dropped';

/** What is known about a query when its `sent` or `drop` line comes. */
export interface Ended {
  query: Entry | undefined;
  ending: Ending;
  /** From `query` to here; absent when one of the lines has no time. */
  milliseconds?: number;
}

/** Queries remembered at most; a log that was cut leaves some that never end. */
const PENDING_MAX = 10000;

/** One for each log: numbers of queries are of one server's life. */
export class Tracker {
  private readonly pending = new Map<number, Entry>();
  /** Number of the query line that was followed by nothing but lines about the cache; -1 when there is none. */
  private fresh = -1;
  /** The line before was a failure. */
  private failing = false;

  /** Takes the next line; returns how a query ended when it is about that. */
  next(entry: Entry): Ended | undefined {
    const { event, number = -1 } = entry;
    const { failing } = this;
    this.failing = event === 'servfail' || event === 'cached failure';
    if (event.startsWith('cached')) return undefined;
    const wasFresh = this.fresh === number;
    if (!this.failing) this.fresh = -1;
    if (event === 'starting') this.pending.clear();
    if (event === 'query') {
      this.fresh = number;
      this.remember(number, entry);
    }
    if (event !== 'sent' && event !== 'drop') return undefined;
    const query = this.pending.get(number);
    this.pending.delete(number);
    const answered: Ending = failing ? 'failed' : wasFresh ? 'cached' : 'resolved';
    const ended: Ended = { query, ending: event === 'drop' ? 'dropped' : answered };
    if (query?.time && entry.time) {
      const seconds = entry.time.unixSeconds - query.time.unixSeconds;
      ended.milliseconds = seconds * 1000 + (entry.time.nanoseconds - query.time.nanoseconds) / 1e6;
    }
    return ended;
  }

  private remember(number: number, entry: Entry): void {
    if (this.pending.size >= PENDING_MAX) {
      for (const oldest of this.pending.keys()) {
        this.pending.delete(oldest);
        break;
      }
    }
    this.pending.set(number, entry);
  }
}
