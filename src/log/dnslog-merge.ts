// Lines of several services in the order of their times, with all that one line tells about another.
import type { Moment } from '../base/tai.ts';
import { scanLine } from './dnslog-parse.ts';
import type { Source } from './dnslog-source.ts';
import { type Ended, Tracker } from './dnslog-track.ts';
import type { Entry } from './entry.ts';

/** A line taken apart, the service that wrote it, and the query that it ends. */
export interface Event {
  readonly service: string;
  readonly entry: Entry;
  readonly ended: Ended | undefined;
  /** The entry's own time, or that of the last line before it that had one. */
  readonly time: Moment;
}

/** A service by its name, and the lines that it writes. */
export interface ServiceLog {
  readonly service: string;
  readonly source: Source;
}

const LONG_AGO: Moment = { unixSeconds: -Infinity, nanoseconds: 0 };

type Events = Generator<Event | undefined, void, void>;

/**
 * The events of all logs, the earliest first. With `follow` that goes on for ever: undefined whenever no log has more
 * now, and what comes late stands where it comes. Else it ends there, with lines that have no newline.
 */
export function mergedEvents(logs: readonly ServiceLog[], follow: boolean): Events {
  const streams = logs.map((log) => eventsOf(log, follow));
  return streams.length === 1 ? streams[0]! : merged(streams, follow);
}

function* merged(streams: readonly Events[], follow: boolean): Events {
  const heads = new Array<Event | undefined>(streams.length).fill(undefined);
  for (;;) {
    let earliest = -1;
    for (const [i, stream] of streams.entries()) {
      const head = (heads[i] ??= stream.next().value ?? undefined);
      if (head && (earliest < 0 || isBefore(head.time, heads[earliest]!.time))) earliest = i;
    }
    if (earliest >= 0) {
      yield heads[earliest];
      heads[earliest] = undefined;
    } else if (follow) yield undefined;
    else return;
  }
}

function* eventsOf({ service, source }: ServiceLog, follow: boolean): Events {
  const tracker = new Tracker();
  let time = LONG_AGO;
  const eventOf = (line: string): Event => {
    const entry = scanLine(line);
    time = entry.time ?? time;
    return { service, entry, ended: tracker.next(entry), time };
  };
  for (;;) {
    const lines = source.lines.next().value;
    if (lines) for (const line of lines) yield eventOf(line);
    else if (follow) yield undefined;
    else break;
  }
  const rest = source.finish();
  if (rest !== undefined) yield eventOf(rest);
}

function isBefore(a: Moment, b: Moment): boolean {
  return a.unixSeconds === b.unixSeconds ? a.nanoseconds < b.nanoseconds : a.unixSeconds < b.unixSeconds;
}
