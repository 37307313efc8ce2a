// One check of a zone of axfr-getd: its primaries are asked, the copy is confirmed, replaced or withdrawn, and the log
// says what came of it. What is asked of whom is transfer/zone-check's business, asking is zone-fetch's.
import { formatAddress } from '../base/address.ts';
import type { Primary } from '../data/primaries.ts';
import { scanCopyHead } from '../data/zone-copy.ts';
import { PrimaryHealth } from '../transfer/schedule.ts';
import type { TsigKey } from '../transfer/tsig-record.ts';
import { type Ask, type Asked, ZoneCheck } from '../transfer/zone-check.ts';
import { inTurn, type KeptZone } from './kept-zone.ts';
import { QuestionPace } from './question-pace.ts';
import { addressText, type FetchContext, type Fetched, fetchZone } from './zone-fetch.ts';
import { isCopyThere, moveCopy, problemText, touchCopy } from './zone-files.ts';
import type { ZonePublishing } from './zone-publishing.ts';

/** Milliseconds for which IXFR is not tried again with a primary that has none. */
const DAY = 86_400_000;

export interface CheckOptions {
  /** SOA questions a second to one address. */
  readonly rate: number;
  readonly fetch: Omit<FetchContext, 'published' | 'keys'>;
  readonly say: (line: string) => void;
}

/** What is known of an address that zones are copied from. */
interface KnownPrimary {
  readonly health: PrimaryHealth;
  readonly pace: QuestionPace;
}

export class ZoneChecker {
  keys: ReadonlyMap<string, TsigKey> = new Map();
  private readonly options: CheckOptions;
  private readonly zones: ReadonlyMap<string, KeptZone>;
  private readonly publishing: ZonePublishing;
  /** By address. */
  private readonly known = new Map<string, KnownPrimary>();

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
    while (check.ask) await this.askPrimary(zone, check, check.ask.primary);
    const now = performance.now();
    if (check.result === 'failed') this.failed(zone, began, now);
    else zone.schedule.confirmed(now);
  }

  /** Asks one primary all that there is to ask it, unless it is down. */
  private async askPrimary(zone: KeptZone, check: ZoneCheck, primary: Primary): Promise<void> {
    const known = this.knownOf(primary);
    if (!known.health.mayAsk(performance.now())) return check.skip();
    let hasTurn = check.ask?.over === 'udp';
    if (hasTurn) await known.pace.turn();
    const giveTurn = (): void => {
      if (hasTurn) known.pace.over();
      hasTurn = false;
    };
    if (known.health.mayAsk(performance.now())) {
      known.health.asking(performance.now());
      while (check.ask?.primary === primary) if (await this.ask(zone, check, check.ask, known)) giveTurn();
    } else check.skip();
    giveTurn();
  }

  /** Asks one question; true when something came. */
  private async ask(zone: KeptZone, check: ZoneCheck, ask: Ask, known: KnownPrimary): Promise<boolean> {
    let fetched: Fetched;
    try {
      fetched = await fetchZone(zone, ask, this.fetchContext());
    } catch (error) {
      this.say(zone, ask, problemText(error));
      check.skip();
      return true;
    }
    const outcome = await this.settle(zone, ask, fetched);
    this.noteHealth(known, ask, outcome);
    check.answered(outcome);
    return outcome.kind !== 'silent';
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
        if (ask.over === 'stream') this.say(zone, ask, outcome.why);
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
        await this.publishing.appear(zone.name, undefined, async () => {
          moveCopy(zone.name, 'held', 'zones');
          zone.place = 'zones';
        });
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
    const old = zone.serial ?? '-';
    try {
      await this.publishing.appear(zone.name, turnsBelow, async () => {
        await zone.writing.take(() => copy!.commit('zones'));
        zone.serial = head.serial;
        zone.place = 'zones';
        zone.mtime = Date.now();
        zone.schedule.has(head, performance.now());
      });
    } catch (error) {
      await copy?.discard();
      const why = problemText(error);
      this.say(zone, ask, why);
      return { kind: 'failed', why };
    }
    const how = outcome.kind === 'whole' ? `${records}` : `-${outcome.removed}+${outcome.added}`;
    const word = outcome.kind === 'whole' ? 'axfr' : 'ixfr';
    say(`${word} ${zone.name} ${old} ${head.serial} ${addressText(ask.primary)} ${how} ${octets} ${milliseconds}`);
    if (outside > 0) say(`skip ${zone.name} ${outside} outside`);
    if (notForData > 0) say(`skip ${zone.name} ${notForData} not for data`);
    return outcome;
  }

  private knownOf({ ip }: Primary): KnownPrimary {
    const address = formatAddress(ip);
    let known = this.known.get(address);
    if (!known) {
      known = { health: new PrimaryHealth(), pace: new QuestionPace(this.options.rate) };
      this.known.set(address, known);
    }
    return known;
  }

  /** What an outcome says of the primary. A zone that got no answer over UDP has TCP yet to try. */
  private noteHealth({ health, pace }: KnownPrimary, { over, primary }: Ask, outcome: Asked): void {
    const now = performance.now();
    if (outcome.kind !== 'silent') {
      pace.answered();
      if (health.answered()) for (const { schedule } of this.zones.values()) if (schedule.isLate) schedule.due = now;
    } else if (outcome.why === 'timed out' && over === 'stream' && health.timedOut(now)) {
      this.options.fetch.streams.giveUp(primary);
    }
  }

  private fetchContext(): FetchContext {
    return { ...this.options.fetch, published: this.publishing.zones, keys: this.keys };
  }

  /** So many zones wait for the zone's next primary that it had better not wait with them. */
  isCrowded({ primaries, turn, serial }: KeptZone): boolean {
    const primary = primaries[turn % primaries.length]!;
    return serial === undefined ? this.options.fetch.streams.isCrowded(primary) : this.knownOf(primary).pace.isCrowded;
  }

  /** The addresses of primaries that are down and may be tried now. */
  triable(now: number): Set<string> {
    const down = [...this.known].filter(([, { health }]) => health.isDown && health.mayAsk(now));
    return new Set(down.map(([address]) => address));
  }
}
