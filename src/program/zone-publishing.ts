// Which copies of axfr-getd are published together: zones come and go, the copies of the published zones above them are
// rewritten to keep quiet about them or to speak again, and the program runs that makes them answers.
import { PublishedZones } from '../data/published.ts';
import { exclusively, type KeptZone } from './kept-zone.ts';
import { Publication } from './publication.ts';
import { rewriteCopy } from './zone-fetch.ts';
import { FileProblem, moveCopy, problemText, publishedFiles } from './zone-files.ts';

export class ZonePublishing {
  readonly zones: PublishedZones = new PublishedZones();
  private readonly kept: ReadonlyMap<string, KeptZone>;
  private readonly say: (line: string) => void;
  private readonly publication: Publication | undefined;
  /** Published zones whose copies must be rewritten before the next publication. */
  private readonly stale = new Set<string>();

  /** `run` runs the program; undefined when there is none. */
  constructor(
    kept: ReadonlyMap<string, KeptZone>,
    say: (line: string) => void,
    run: (() => Promise<number>) | undefined,
  ) {
    this.kept = kept;
    this.say = say;
    this.publication = run && new Publication({ prepare: () => this.rewriteStale(), run, say: (line) => say(line) });
  }

  /** Takes the zones whose copies are there. */
  load(): void {
    for (const zone of publishedFiles()) this.zones.add(zone);
  }

  /** Runs the program at once. */
  begin(): void {
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

  /** A zone is published, or has changed. Published zones above it keep quiet about it from now on. */
  appeared(name: string): void {
    if (this.zones.add(name)) for (const parent of this.zones.above(name)) this.stale.add(parent);
    this.publication?.changed();
  }

  /** A zone is published no more. */
  withdrawn(name: string): void {
    this.zones.delete(name);
    this.stale.delete(name);
    for (const parent of this.zones.above(name)) this.stale.add(parent);
    this.publication?.changed();
  }

  /** Rewrites the copies above zones that have come or gone. */
  private async rewriteStale(): Promise<void> {
    for (const name of [...this.stale]) {
      this.stale.delete(name);
      const zone = this.kept.get(name);
      if (zone?.place !== 'zones') continue;
      try {
        await exclusively(zone, async () => void (await rewriteCopy(zone, this.zones, zone.mtime)));
      } catch (error) {
        this.say(`fail ${name} - ${problemText(error)}`);
      }
    }
  }
}
