// The zones that are published together, and which of them speaks for a name. Where a child zone is published beside
// its parent, the parent's copy must keep quiet about what is at or below the child: both are compiled into one
// data.cdb.

/** Zones by their names as `formatName` writes them. */
export class PublishedZones {
  private readonly zones = new Set<string>();
  /** How many published zones are below a name. */
  private readonly below = new Map<string, number>();
  /** How often a zone below a name has come or gone. */
  private readonly turns = new Map<string, number>();

  get size(): number {
    return this.zones.size;
  }

  has(zone: string): boolean {
    return this.zones.has(zone);
  }

  /** True when a published zone is below this one. */
  hasBelow(zone: string): boolean {
    return this.below.has(zone);
  }

  /** How often a zone below this one has come or gone: a copy written when it was as often needs no rewriting. */
  turnsBelow(zone: string): number {
    return this.turns.get(zone) ?? 0;
  }

  /** Adds a zone; false when it was there. */
  add(zone: string): boolean {
    if (this.zones.has(zone)) return false;
    this.zones.add(zone);
    for (const parent of namesAbove(zone)) {
      this.below.set(parent, (this.below.get(parent) ?? 0) + 1);
      this.turns.set(parent, this.turnsBelow(parent) + 1);
    }
    return true;
  }

  /** Takes a zone out; false when it was not there. */
  delete(zone: string): boolean {
    if (!this.zones.delete(zone)) return false;
    for (const parent of namesAbove(zone)) {
      this.turns.set(parent, this.turnsBelow(parent) + 1);
      const count = this.below.get(parent)! - 1;
      if (count === 0) this.below.delete(parent);
      else this.below.set(parent, count);
    }
    return true;
  }

  /** The published zones above a name, which keep quiet about it when it is published. */
  above(zone: string): string[] {
    return namesAbove(zone).filter((name) => this.zones.has(name));
  }

  /** True when a published zone below `zone` speaks for the name, which is `zone` or below it. */
  hides(zone: string, name: string): boolean {
    if (!this.below.has(zone)) return false;
    for (let at = name; at !== zone && at !== '.'; at = parentOf(at)) if (this.zones.has(at)) return true;
    return false;
  }
}

/** The names above one, the root last. */
function namesAbove(name: string): string[] {
  const names: string[] = [];
  while (name !== '.') {
    name = parentOf(name);
    names.push(name);
  }
  return names;
}

/** The name without its first label; dots stand between labels only, others are escaped. */
function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '.' : name.slice(dot + 1);
}
