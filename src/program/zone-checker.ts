// One check of a zone of axfr-getd: its primaries are asked, the copy is confirmed, replaced or withdrawn, and the log
// says what came of it. What is asked of whom is transfer/zone-check's business, asking is zone-fetch's.
import { formatAddress } from '../base/address.ts';
import type { Primary } from '../data/primaries.ts';
import { scanCopyHead } from '../data/zone-copy.ts';
import { PrimaryHealth } from '../transfer/schedule.ts';
import type { TsigKey } from '../transfer/tsig-record.ts';
import { type Ask, type Asked, ZoneCheck } from '../transfer/zone-check.ts';
import { exclusively, inTurn, type KeptZone } from './kept-zone.ts';
import { addressText, type FetchContext, type Fetched, fetchZone } from './zone-fetch.ts';
import { isCopyThere, moveCopy, problemText, touchCopy } from './zone-files.ts';
import type { ZonePublishing } from './zone-publishing.ts';

/** Milliseconds for which IXFR is not tried again with a primary that has none. */
const DAY = 86_400_000;

export interface CheckOptions {
  /** SOA questions a second to one address. */
  readonly rate: number;
  readonly fetch: Omit<FetchContext, 'published' | 'keys' | 'turn'>;
  readonly say: (line: string) => void;
}

export class ZoneChecker {
  keys: ReadonlyMap<string, TsigKey> = new Map();
  private readonly options: CheckOptions;
  private readonly zones: ReadonlyMap<string, KeptZone>;
  private readonly publishing: ZonePublishing;
  private readonly health = new Map<string, PrimaryHealth>();
  /** By address: when the next datagram may go there. */
  private readonly turns = new Map<string, number>();

  constructor(options: CheckOptions, zones: ReadonlyMap<string, KeptZone>, publishing: ZonePublishing) {
    this.options = options;
    this.zones = zones;
    this.publishing = publishing;
  }

  /** Asks until a primary is good, or all have failed. */
  async check(zone: KeptZone): Promise<void> {
    const began = performance.now();
    this.missed(zone);
    const { notifiedBy } = zone;
    zone.notifiedBy = undefined;
    const check = new ZoneCheck({
      primaries: inTurn(zone, notifiedBy),
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
        fetched = await fetchZone(zone, ask, this.fetchContext());
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
  private missed(zone: KeptZone): void {
    if (zone.place === undefined || isCopyThere(zone.place, zone.name)) return;
    if (zone.place === 'zones') this.publishing.withdrawn(zone.name);
    zone.place = undefined;
    zone.serial = undefined;
    zone.schedule.lost();
  }

  /** No primary was good. A copy that has been too old since before the check is withdrawn. */
  private failed(zone: KeptZone, began: number, now: number): void {
    zone.schedule.failed(now);
    if (zone.place !== 'zones' || !zone.schedule.isExpired(began)) return;
    if (this.publishing.hold(zone.name, `expire ${zone.name} ${zone.serial}`)) zone.place = 'held';
  }

  /** Carries out what came of a question: files, log. Returns what the check is to go by. */
  private async settle(zone: KeptZone, ask: Ask, fetched: Fetched): Promise<Asked> {
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

  private say(zone: KeptZone, { primary }: Ask, why: string): void {
    this.options.say(`fail ${zone.name} ${addressText(primary)} ${why}`);
  }

  private async confirm(zone: KeptZone, ask: Ask, outcome: Asked): Promise<Asked> {
    try {
      const now = Date.now();
      touchCopy(zone.place ?? 'zones', zone.name, now);
      zone.mtime = now;
      if (zone.place === 'held') {
        moveCopy(zone.name, 'held', 'zones');
        zone.place = 'zones';
        this.publishing.appeared(zone.name);
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
    zone: KeptZone,
    ask: Ask,
    { copy, soaLines, turnsBelow, outside, notForData, records, octets, milliseconds }: Fetched,
    outcome: Asked & { kind: 'whole' | 'changes' },
  ): Promise<Asked> {
    const { say } = this.options;
    const head = scanCopyHead(soaLines ?? '', zone.name)!;
    try {
      await exclusively(zone, () => copy!.commit('zones'));
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
    this.publishing.appeared(zone.name, turnsBelow);
    return outcome;
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

  private fetchContext(): FetchContext {
    const turn = (primary: Primary): Promise<void> => this.turnOf(primary);
    return { ...this.options.fetch, published: this.publishing.zones, keys: this.keys, turn };
  }

  /** When the next datagram may go to the address of the primary. */
  nextTurn({ ip }: Primary): number {
    return this.turns.get(formatAddress(ip)) ?? 0;
  }

  /** Waits until a question may go to the address of the primary. */
  private turnOf(primary: Primary): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.nextTurn(primary));
    this.turns.set(formatAddress(primary.ip), at + 1000 / this.options.rate);
    return at <= now ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, at - now));
  }
}
