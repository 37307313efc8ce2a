// A zone that axfr-getd keeps: what is known of it and of its copy, and whom to ask for it.
import type { Address } from '../base/address.ts';
import { formatAddress } from '../base/address.ts';
import { randomBelow } from '../base/random.ts';
import type { Primary } from '../data/primaries.ts';
import { type RefreshBounds, ZoneSchedule } from '../transfer/schedule.ts';
import { nameOf, ROOT } from '../wire/name.ts';
import { Turns } from './turns.ts';
import { findCopy, type Place, touchCopy } from './zone-files.ts';

/** A zone that is kept. */
export interface KeptZone {
  readonly name: string;
  readonly wire: Uint8Array;
  primaries: readonly Primary[];
  readonly schedule: ZoneSchedule;
  serial: number | undefined;
  place: Place | undefined;
  /** Unix milliseconds of the copy's mtime. */
  mtime: number;
  /** The primary that the next due check begins with. */
  turn: number;
  isChecking: boolean;
  lastCheck: number;
  /** NOTIFY came from there and no check has begun since; and the serial in it, if any. */
  notifiedBy: Address | undefined;
  notifiedSerial: number | undefined;
  /** By primary: until when IXFR is no use with it. */
  readonly useless: Map<string, number>;
  /** Of those who replace its copy. */
  readonly writing: Turns;
}

/** A zone that is kept from now on, with the copy that is there. */
export function newZone(name: string, primaries: readonly Primary[], bounds: RefreshBounds): KeptZone {
  const now = performance.now();
  const schedule = new ZoneSchedule(now, bounds, () => randomBelow(0x100000000) / 0x100000000);
  const wire = name === '.' ? ROOT : nameOf(name)!;
  const zone: KeptZone = {
    name,
    wire,
    primaries,
    schedule,
    serial: undefined,
    place: undefined,
    mtime: 0,
    turn: 0,
    isChecking: false,
    lastCheck: Number.NEGATIVE_INFINITY,
    notifiedBy: undefined,
    notifiedSerial: undefined,
    useless: new Map(),
    writing: new Turns(),
  };
  const copy = findCopy(name);
  if (copy?.head) {
    const unixNow = Date.now();
    zone.place = copy.place;
    zone.serial = copy.head.serial;
    zone.mtime = Math.min(copy.mtime, unixNow);
    schedule.has(copy.head, now - (unixNow - zone.mtime));
    if (copy.mtime > unixNow) touchCopy(copy.place, name, unixNow);
  }
  return zone;
}

/** The primaries to ask: the one that sent NOTIFY first, else the next in turn. */
export function inTurn(zone: KeptZone, notifiedBy: Address | undefined): Primary[] {
  const asked = zone.primaries.filter(({ notifyOnly }) => !notifyOnly);
  const sender = notifiedBy && formatAddress(notifiedBy);
  const found = asked.findIndex(({ ip }) => formatAddress(ip) === sender);
  const first = found >= 0 ? found : zone.turn++ % asked.length;
  return [...asked.slice(first), ...asked.slice(0, first)];
}
