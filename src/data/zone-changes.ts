// What a zone's differences (IXFR, RFC 1995) say of its copy, several steps put together: lines that go and come.
// A record is its line without the TTL: so deletions find what they delete, whatever TTL they carry.

/** Differences beyond this are worse than the whole zone: records, octets of their lines. */
const CHANGES_MAX = 100_000;
const CHANGES_OCTETS_MAX = 32_000_000;

/** Lines that are removed from a copy and added to it, several steps put together. */
export class ZoneChanges {
  /** What the copy must have, by the record. */
  readonly removed: Set<string> = new Set();
  /** Lines to add, by the record. */
  readonly added: Map<string, string> = new Map();
  private octets = 0;

  /** Takes a line out. False when it cannot be there: it was taken out before. */
  remove(line: string): boolean {
    const key = keyOf(line);
    this.octets += line.length;
    if (this.added.delete(key)) return true;
    if (this.removed.has(key)) return false;
    this.removed.add(key);
    return true;
  }

  /** Puts a line in. False when it is there: it was put in before. */
  add(line: string): boolean {
    const key = keyOf(line);
    this.octets += line.length;
    if (this.added.has(key)) return false;
    this.added.set(key, line);
    return true;
  }

  get isTooLarge(): boolean {
    return this.removed.size + this.added.size > CHANGES_MAX || this.octets > CHANGES_OCTETS_MAX;
  }
}

/** The record that a line stands for. */
function keyOf(line: string): string {
  return line.slice(0, line.lastIndexOf(':'));
}
