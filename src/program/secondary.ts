// The zones of axfr-getd: which are kept, when each is checked, what NOTIFY says of them. What happens in a check is
// zone-checker's business, when one is due is transfer/schedule's, what is published is zone-publishing's.

import type { Address } from '../base/address.ts';
import { formatAddress } from '../base/address.ts';
import { unixNow } from '../base/tai.ts';
import { judgeNotify, type NotifyContext } from '../transfer/notified.ts';
import type { RefreshBounds } from '../transfer/schedule.ts';
import { isNewer } from '../transfer/serial.ts';
import { formatName } from '../wire/name.ts';
import type { GetdConfig } from './getd-config.ts';
import { type KeptZone, newZone } from './kept-zone.ts';
import { type CheckOptions, ZoneChecker } from './zone-checker.ts';
import { fileOf, findCopy, isCopyThere, zonesIn } from './zone-files.ts';
import { ZonePublishing } from './zone-publishing.ts';

/** Milliseconds between two looks at what is due. */
const TICK = 1000;
/** Milliseconds between two checks of a zone, however many NOTIFYs come. */
const CHECK_INTERVAL = 1000;
/** Milliseconds until a copy that could not be moved to held/ is moved. */
const HOLD_AGAIN = 60_000;
const HOUR = 3_600_000;

export interface SecondaryOptions extends CheckOptions {
  readonly bounds: RefreshBounds;
  /** Runs the program; undefined when there is none. */
  readonly publish: (() => Promise<number>) | undefined;
}

export class Secondary {
  private readonly options: SecondaryOptions;
  private readonly zones = new Map<string, KeptZone>();
  private readonly publishing: ZonePublishing;
  private readonly checker: ZoneChecker;

  constructor(options: SecondaryOptions) {
    this.options = options;
    this.publishing = new ZonePublishing(this.zones, options.say, options.publish);
    this.checker = new ZoneChecker(options, this.zones, this.publishing);
  }

  /** Takes the configuration of the start, and what the files say; then for ever. */
  begin(config: GetdConfig): void {
    this.publishing.load();
    this.configure(config);
    this.publishing.begin();
    setInterval(() => this.tick(), TICK);
    setInterval(() => this.stats(), HOUR);
  }

  /** Takes another configuration. Zones whose file is bad stay as they are. */
  configure({ keys, zones }: GetdConfig): void {
    this.checker.keys = keys;
    const added: KeptZone[] = [];
    for (const [name, primaries] of zones) {
      const zone = this.zones.get(name);
      if (zone && primaries) zone.primaries = primaries;
      else if (!zone && primaries && fileOf(name) !== undefined)
        added.push(newZone(name, primaries, this.options.bounds));
    }
    for (const name of this.zones.keys()) if (!zones.has(name)) this.zones.delete(name);
    // Those that nobody has confirmed for longest are checked first.
    added.sort((a, b) => a.mtime - b.mtime);
    for (const zone of added) this.zones.set(zone.name, zone);
    for (const name of zonesIn('zones')) {
      if (!zones.has(name)) this.hold(name, `hold ${name} ${findCopy(name)?.head?.serial ?? '-'}`);
    }
  }

  /** The copy of a zone that is not kept any more is withdrawn; when that cannot be done now, later. */
  private hold(name: string, line: string): void {
    if (this.zones.has(name) || !isCopyThere('zones', name) || this.publishing.hold(name, line)) return;
    setTimeout(() => this.hold(name, line), HOLD_AGAIN);
  }

  /** Every zone is checked now. */
  checkAll(): void {
    const now = performance.now();
    for (const zone of this.zones.values()) zone.schedule.due = now;
    this.stats();
  }

  stats(): void {
    const now = performance.now();
    let [current, late, expired, waiting] = [0, 0, 0, 0];
    for (const { place, schedule, isChecking } of this.zones.values()) {
      if (place === 'held') expired++;
      else if (place === 'zones' && !schedule.isLate) current++;
      else late++;
      if (isChecking || schedule.due <= now) waiting++;
    }
    const { open } = this.options.fetch.streams;
    this.options.say(`stats ${this.zones.size} ${current} ${late} ${expired} ${waiting} ${open}`);
  }

  /** A message came that should be a NOTIFY; returns the answer. */
  notified(message: Uint8Array, from: Address): Uint8Array | undefined {
    const verdict = judgeNotify(message, from, this.notifyContext, unixNow());
    const { zone: name, serial, refused } = verdict;
    const ip = formatAddress(from);
    if (refused !== undefined) this.options.say(`refuse ${ip} ${verdict.name} ${refused}`);
    const zone = name === undefined ? undefined : this.zones.get(name);
    if (!zone) return verdict.answer;
    this.options.say(`notify ${ip} ${zone.name} ${serial ?? '-'}`);
    const isOld = serial !== undefined && zone.serial !== undefined && !isNewer(serial, zone.serial);
    if (isOld) return verdict.answer;
    zone.notifiedBy = from;
    zone.notifiedSerial = serial;
    this.checkIfDue(zone, performance.now());
    return verdict.answer;
  }

  private readonly notifyContext: NotifyContext = {
    keyOf: (name) => this.checker.keys.get(formatName(name)),
    sourcesOf: (zone) => this.zones.get(zone)?.primaries.map(({ ip }) => ip),
  };

  private tick(): void {
    const now = performance.now();
    const triable = this.checker.triable(now);
    for (const zone of this.zones.values()) {
      // Of the zones that wait for a primary that is down, one tries it.
      if (triable.size > 0 && zone.schedule.isLate && !zone.isChecking) {
        if (zone.primaries.some(({ ip }) => triable.delete(formatAddress(ip)))) zone.schedule.due = now;
      }
      if (zone.notifiedBy || (zone.schedule.due <= now && !this.checker.isCrowded(zone))) this.checkIfDue(zone, now);
    }
  }

  private checkIfDue(zone: KeptZone, now: number): void {
    if (zone.isChecking) return;
    // What NOTIFY told of may have come with the check that was under way.
    if (zone.serial !== undefined && zone.notifiedSerial !== undefined && !isNewer(zone.notifiedSerial, zone.serial)) {
      zone.notifiedBy = undefined;
      zone.notifiedSerial = undefined;
    }
    if (zone.schedule.due > now && !zone.notifiedBy) return;
    if (zone.notifiedBy && now - zone.lastCheck < CHECK_INTERVAL && zone.schedule.due > now) return;
    zone.isChecking = true;
    void this.checker.check(zone).finally(() => {
      zone.isChecking = false;
      zone.lastCheck = performance.now();
    });
  }
}
