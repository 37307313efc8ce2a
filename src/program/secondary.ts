// The zones of axfr-getd: when each is checked, what becomes of its copy, what is said about it in the log. What is
// asked of whom is transfer/zone-check's business, when is transfer/schedule's, asking is zone-fetch's.
import type { Address } from '../base/address.ts';
import { formatAddress } from '../base/address.ts';
import { errorCode } from '../base/oserror.ts';
import { randomBelow } from '../base/random.ts';
import type { Primary } from '../data/primaries.ts';
import { PublishedZones } from '../data/published.ts';
import { scanCopyHead } from '../data/zone-copy.ts';
import { judgeNotify, type NotifyContext } from '../transfer/notified.ts';
import { PrimaryHealth, type RefreshBounds, ZoneSchedule } from '../transfer/schedule.ts';
import { isNewer } from '../transfer/serial.ts';
import type { TsigKey } from '../transfer/tsig-record.ts';
import { type Ask, type Asked, ZoneCheck } from '../transfer/zone-check.ts';
import { formatName, nameOf, ROOT } from '../wire/name.ts';
import type { GetdConfig } from './getd-config.ts';
import { Publication } from './publication.ts';
import { addressText, type FetchContext, type Fetched, fetchZone, rewriteCopy } from './zone-fetch.ts';
import {
  FileProblem,
  fileOf,
  findCopy,
  isCopyThere,
  moveCopy,
  type Place,
  publishedFiles,
  touchCopy,
} from './zone-files.ts';

/** Milliseconds between two looks at what is due. */
const TICK = 1000;
/** Milliseconds between two checks of a zone, however many NOTIFYs come. */
const CHECK_INTERVAL = 1000;
/** Milliseconds for which IXFR is not tried again with a primary that has none. */
const DAY = 86_400_000;
const HOUR = 3_600_000;

export interface SecondaryOptions {
  readonly bounds: RefreshBounds;
  /** SOA questions a second to one address. */
  readonly rate: number;
  readonly fetch: Omit<FetchContext, 'published' | 'keys' | 'turn'>;
  readonly say: (line: string) => void;
  /** Runs the program; undefined when there is none. */
  readonly publish: (() => Promise<number>) | undefined;
}

/** A zone that is kept. */
interface Zone {
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
  /** Its copy is being replaced. */
  busy: Promise<void>;
}

export class Secondary {
  private readonly options: SecondaryOptions;
  private readonly zones = new Map<string, Zone>();
  private readonly published = new PublishedZones();
  private keys: ReadonlyMap<string, TsigKey> = new Map();
  private readonly health = new Map<string, PrimaryHealth>();
  /** By address: when the next datagram may go there. */
  private readonly turns = new Map<string, number>();
  /** Published zones whose copies must be rewritten before the next publication. */
  private readonly stale = new Set<string>();
  private readonly publication: Publication | undefined;
  private readonly context: FetchContext;

  constructor(options: SecondaryOptions) {
    this.options = options;
    const { say, publish } = options;
    this.publication =
      publish && new Publication({ prepare: () => this.rewriteStale(), run: publish, say: (line) => say(line) });
    const secondary = this;
    this.context = {
      ...options.fetch,
      published: this.published,
      get keys() {
        return secondary.keys;
      },
      turn: (primary) => this.turnOf(primary),
    };
  }

  /** Takes the configuration of the start, and what the files say; then for ever. */
  begin(config: GetdConfig): void {
    for (const zone of publishedFiles()) this.published.add(zone);
    this.configure(config);
    this.publication?.begin();
    setInterval(() => this.tick(), TICK);
    setInterval(() => this.stats(), HOUR);
  }

  /** Takes another configuration. Zones whose file is bad stay as they are. */
  configure({ keys, zones }: GetdConfig): void {
    this.keys = keys;
    const added: Zone[] = [];
    for (const [name, primaries] of zones) {
      const zone = this.zones.get(name);
      if (zone && primaries) zone.primaries = primaries;
      else if (!zone && primaries && fileOf(name) !== undefined) added.push(this.newZone(name, primaries));
    }
    for (const name of this.zones.keys()) if (!zones.has(name)) this.zones.delete(name);
    // Those that nobody has confirmed for longest are checked first.
    added.sort((a, b) => a.mtime - b.mtime);
    for (const zone of added) this.zones.set(zone.name, zone);
    for (const name of publishedFiles()) if (!zones.has(name)) this.hold(name);
  }

  private newZone(name: string, primaries: readonly Primary[]): Zone {
    const now = performance.now();
    const schedule = new ZoneSchedule(now, this.options.bounds, () => randomBelow(0x100000000) / 0x100000000);
    const wire = name === '.' ? ROOT : nameOf(name)!;
    const zone: Zone = {
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
      busy: Promise.resolve(),
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

  /** The copy of a zone that is not kept any more is withdrawn. */
  private hold(name: string): void {
    const copy = findCopy(name);
    if (copy?.place !== 'zones') return;
    this.guarded(() => {
      moveCopy(name, 'zones', 'held');
      this.options.say(`hold ${name} ${copy.head?.serial ?? '-'}`);
      this.withdrawn(name);
    });
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
    const verdict = judgeNotify(message, from, this.notifyContext, Math.floor(Date.now() / 1000));
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
    keyOf: (name) => this.keys.get(formatName(name)),
    sourcesOf: (zone) => this.zones.get(zone)?.primaries.map(({ ip }) => ip),
  };

  private tick(): void {
    const now = performance.now();
    for (const zone of this.zones.values()) {
      if (zone.notifiedBy || (zone.schedule.due <= now && !this.isCrowded(zone, now))) this.checkIfDue(zone, now);
    }
  }

  /** So many questions wait for the zone's next primary that it had better wait here, where a NOTIFY finds it free. */
  private isCrowded({ primaries, turn, serial }: Zone, now: number): boolean {
    const primary = primaries[turn % primaries.length]!;
    return serial !== undefined && (this.turns.get(formatAddress(primary.ip)) ?? 0) > now + TICK;
  }

  private checkIfDue(zone: Zone, now: number): void {
    if (zone.isChecking) return;
    // What NOTIFY told of may have come with the check that was under way.
    if (zone.serial !== undefined && zone.notifiedSerial !== undefined && !isNewer(zone.notifiedSerial, zone.serial)) {
      zone.notifiedBy = undefined;
      zone.notifiedSerial = undefined;
    }
    if (zone.schedule.due > now && !zone.notifiedBy) return;
    if (zone.notifiedBy && now - zone.lastCheck < CHECK_INTERVAL && zone.schedule.due > now) return;
    zone.isChecking = true;
    void this.check(zone).finally(() => {
      zone.isChecking = false;
      zone.lastCheck = performance.now();
    });
  }

  private async check(zone: Zone): Promise<void> {
    const began = performance.now();
    this.missed(zone);
    const { notifiedBy } = zone;
    zone.notifiedBy = undefined;
    const check = new ZoneCheck({
      primaries: this.inTurn(zone, notifiedBy),
      hasCopy: zone.serial !== undefined,
      isNotified: notifiedBy !== undefined,
      isIxfrUseless: (primary) => (zone.useless.get(addressText(primary)) ?? 0) > performance.now(),
    });
    while (check.ask) {
      const { ask } = check;
      const health = this.healthOf(ask.primary);
      const wasDown = health.isDown;
      if (!health.mayAsk(performance.now())) {
        check.skip();
        continue;
      }
      let fetched: Fetched;
      try {
        fetched = await fetchZone(zone, ask, this.context);
      } catch (error) {
        this.say(zone, ask, problemText(error));
        check.skip();
        continue;
      }
      const outcome = await this.settle(zone, ask, fetched);
      this.noteHealth(health, outcome);
      if (outcome.kind === 'silent' && wasDown) check.skip();
      else check.answered(outcome);
    }
    const now = performance.now();
    if (check.result === 'failed') this.failed(zone, began, now);
    else zone.schedule.confirmed(now);
  }

  /** A copy that somebody has removed is fetched whole. */
  private missed(zone: Zone): void {
    if (zone.place === undefined || isCopyThere(zone.place, zone.name)) return;
    if (zone.place === 'zones') this.withdrawn(zone.name);
    zone.place = undefined;
    zone.serial = undefined;
    zone.schedule.lost();
  }

  /** The primaries to ask: the one that sent NOTIFY first, else the next in turn. */
  private inTurn(zone: Zone, notifiedBy: Address | undefined): Primary[] {
    const asked = zone.primaries.filter(({ notifyOnly }) => !notifyOnly);
    const sender = notifiedBy && formatAddress(notifiedBy);
    const found = asked.findIndex(({ ip }) => formatAddress(ip) === sender);
    const first = found >= 0 ? found : zone.turn++ % asked.length;
    return [...asked.slice(first), ...asked.slice(0, first)];
  }

  private healthOf(primary: Primary): PrimaryHealth {
    const address = formatAddress(primary.ip);
    let health = this.health.get(address);
    if (!health) {
      health = new PrimaryHealth();
      this.health.set(address, health);
    }
    return health;
  }

  private noteHealth(health: PrimaryHealth, outcome: Asked): void {
    if (outcome.kind === 'silent' && outcome.why === 'timed out') return health.timedOut(performance.now());
    if (outcome.kind === 'silent' || !health.answered()) return;
    const now = performance.now();
    for (const zone of this.zones.values()) if (zone.schedule.isLate) zone.schedule.due = now;
  }

  /** Carries out what came of a question: files, log. Returns what the check is to go by. */
  private async settle(zone: Zone, ask: Ask, fetched: Fetched): Promise<Asked> {
    const { outcome } = fetched;
    const { say } = this.options;
    const address = addressText(ask.primary);
    switch (outcome.kind) {
      case 'same':
        return this.confirm(zone, ask, outcome);
      case 'older':
        say(`older ${zone.name} ${zone.serial} ${outcome.serial} ${address}`);
        return outcome;
      case 'whole':
      case 'changes':
        return this.take(zone, ask, fetched, outcome);
      case 'useless':
        if (outcome.isLasting) zone.useless.set(address, performance.now() + DAY);
        return outcome;
      case 'failed':
      case 'bad changes':
        this.say(zone, ask, outcome.why);
        return outcome;
      case 'silent':
        if (ask.over === 'stream' || this.healthOf(ask.primary).isDown) this.say(zone, ask, outcome.why);
        return outcome;
      default:
        return outcome;
    }
  }

  private say(zone: Zone, { primary }: Ask, why: string): void {
    this.options.say(`fail ${zone.name} ${addressText(primary)} ${why}`);
  }

  private async confirm(zone: Zone, ask: Ask, outcome: Asked): Promise<Asked> {
    try {
      const now = Date.now();
      touchCopy(zone.place ?? 'zones', zone.name, now);
      zone.mtime = now;
      if (zone.place === 'held') {
        moveCopy(zone.name, 'held', 'zones');
        zone.place = 'zones';
        this.appeared(zone.name);
      }
      this.options.say(`same ${zone.name} ${zone.serial} ${addressText(ask.primary)}`);
      return outcome;
    } catch (error) {
      const why = problemText(error);
      this.say(zone, ask, why);
      return { kind: 'failed', why };
    }
  }

  private async take(
    zone: Zone,
    ask: Ask,
    { copy, soaLines, outside, notForData, records, octets, milliseconds }: Fetched,
    outcome: Asked & { kind: 'whole' | 'changes' },
  ): Promise<Asked> {
    const { say } = this.options;
    const head = scanCopyHead(soaLines ?? '', zone.name)!;
    try {
      await this.exclusively(zone, () => copy!.commit('zones'));
    } catch (error) {
      await copy?.discard();
      const why = problemText(error);
      this.say(zone, ask, why);
      return { kind: 'failed', why };
    }
    const old = zone.serial ?? '-';
    zone.serial = head.serial;
    zone.place = 'zones';
    zone.mtime = Date.now();
    zone.schedule.has(head, performance.now());
    const how = outcome.kind === 'whole' ? `${records}` : `-${outcome.removed}+${outcome.added}`;
    const word = outcome.kind === 'whole' ? 'axfr' : 'ixfr';
    say(`${word} ${zone.name} ${old} ${head.serial} ${addressText(ask.primary)} ${how} ${octets} ${milliseconds}`);
    if (outside > 0) say(`skip ${zone.name} ${outside} outside`);
    if (notForData > 0) say(`skip ${zone.name} ${notForData} not for data`);
    this.appeared(zone.name);
    return outcome;
  }

  /** No primary was good. A copy that has been too old since before the check is withdrawn. */
  private failed(zone: Zone, began: number, now: number): void {
    zone.schedule.failed(now);
    if (zone.place !== 'zones' || !zone.schedule.isExpired(began)) return;
    this.guarded(() => {
      moveCopy(zone.name, 'zones', 'held');
      zone.place = 'held';
      this.options.say(`expire ${zone.name} ${zone.serial}`);
      this.withdrawn(zone.name);
    });
  }

  /** Files that cannot be moved stay where they are, and the log says so. */
  private guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      this.options.say(`fail - - ${error.message}`);
    }
  }

  /** A zone is published, or has changed. Published zones above it keep quiet about it from now on. */
  private appeared(name: string): void {
    if (this.published.add(name)) for (const parent of this.published.above(name)) this.stale.add(parent);
    this.publication?.changed();
  }

  private withdrawn(name: string): void {
    this.published.delete(name);
    this.stale.delete(name);
    for (const parent of this.published.above(name)) this.stale.add(parent);
    this.publication?.changed();
  }

  /** Rewrites the copies above zones that have come or gone. */
  private async rewriteStale(): Promise<void> {
    for (const name of [...this.stale]) {
      this.stale.delete(name);
      const zone = this.zones.get(name);
      if (zone?.place !== 'zones') continue;
      try {
        await this.exclusively(zone, async () => void (await rewriteCopy(zone, this.published, zone.mtime)));
      } catch (error) {
        this.options.say(`fail ${name} - ${problemText(error)}`);
      }
    }
  }

  /** Runs `action` when nobody else replaces the zone's copy. */
  private exclusively(zone: Zone, action: () => Promise<void>): Promise<void> {
    const done = zone.busy.then(action);
    zone.busy = done.catch(() => {});
    return done;
  }

  /** Waits until a question may go to the address of the primary. */
  private turnOf({ ip }: Primary): Promise<void> {
    const address = formatAddress(ip);
    const now = performance.now();
    const at = Math.max(now, this.turns.get(address) ?? 0);
    this.turns.set(address, at + 1000 / this.options.rate);
    return at <= now ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, at - now));
  }
}

/** What to say of a file or a system call that failed. Anything else is a bug and is thrown again. */
function problemText(error: unknown): string {
  if (error instanceof FileProblem) return error.message;
  if (errorCode(error) === '') throw error;
  return errorCode(error);
}
