// Which copies of axfr-getd are published together: zones come and go, the copies of the published zones above them are
// rewritten to keep quiet about them or to speak again, and the program runs that makes them answers.
import { PublishedZones } from '../data/published.ts';
import type { KeptZone } from './kept-zone.ts';
import { Publication } from './publication.ts';
import { Turns } from './turns.ts';
import { rewriteCopy } from './zone-fetch.ts';
import { FileProblem, moveCopy, problemText, unlinkOldHeld, zonesIn } from './zone-files.ts';

export class ZonePublishing {
  readonly zones: PublishedZones = new PublishedZones();
  private readonly kept: ReadonlyMap<string, KeptZone>;
  private readonly say: (line: string) => void;
  private readonly publication: Publication | undefined;
  /** Published zones whose copies must be rewritten before the next publication. */
  private readonly stale = new Set<string>();
  /** Of the program, and of zones that come below others: it must not see one while those above still speak for it. */
  private readonly turns = new Turns();

  /** `run` runs the program; undefined when there is none. */
  constructor(
    kept: ReadonlyMap<string, KeptZone>,
    say: (line: string) => void,
    run: (() => Promise<number>) | undefined,
  ) {
    this.kept = kept;
    this.say = say;
    const { turns } = this;
    this.publication = run && new Publication({ turns, prepare: () => this.rewriteStale(), run, say });
  }

  /** Takes the zones whose copies are there. */
  load(): void {
    unlinkOldHeld();
    for (const zone of zonesIn('zones')) this.zones.add(zone);
  }

  /**
   * Runs the program at once. The process before may have been killed after a zone came or went and before the copies
   * above it said so: they are looked through.
   */
  begin(): void {
    for (const name of [...zonesIn('zones'), ...zonesIn('held'), ...this.kept.keys()]) this.staleAbove(name);
    this.publication?.begin();
  }

  /** Moves a copy to held/ and logs `line`. False when it cannot be moved: it stays, and the log says so. */
  hold(name: string, line: string): boolean {
    try {
      moveCopy(name, 'zones', 'held');
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      this.say(`fail - - ${error.message}`);
      return false;
    }
    this.say(line);
    this.withdrawn(name);
    return true;
  }

  /**
   * A zone is published, or has changed, by `action`. Published zones above it keep quiet about it from now on. Its
   * copy was written when `turnsBelow` was `turnsBelow`; undefined: long ago. Rejects as `action` does.
   */
  appear(name: string, turnsBelow: number | undefined, action: () => Promise<void>): Promise<void> {
    const { zones } = this;
    const whole = async (): Promise<void> => {
      await action();
      if (zones.add(name)) this.staleAbove(name);
      if (turnsBelow !== zones.turnsBelow(name)) this.stale.add(name);
      this.publication?.changed();
    };
    return zones.has(name) || zones.above(name).length === 0 ? whole() : this.turns.take(whole);
  }

  /** A zone is published no more. */
  withdrawn(name: string): void {
    this.zones.delete(name);
    this.stale.delete(name);
    this.staleAbove(name);
    this.publication?.changed();
  }

  private staleAbove(name: string): void {
    for (const parent of this.zones.above(name)) this.stale.add(parent);
  }

  /** Rewrites the copies above zones that have come or gone. False when one could not be written. */
  private async rewriteStale(): Promise<boolean> {
    const failed: string[] = [];
    for (const name of this.stale) {
      this.stale.delete(name);
      const zone = this.kept.get(name);
      if (zone?.place !== 'zones') continue;
      try {
        await zone.writing.take(() => rewriteCopy(zone, this.zones));
      } catch (error) {
        this.say(`fail ${name} - ${problemText(error)}`);
        failed.push(name);
      }
    }
    for (const name of failed) this.stale.add(name);
    return failed.length === 0;
  }
}
