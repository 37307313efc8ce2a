// Names that exist for no record of their own but for those of names below them (empty non-terminals, RFC 4592 section
// 2.2.2), written and looked up. A cdb has no order to find them by, so the compiler writes them down: the key NUL, `.`
// says that it did, NUL, `.` and a name that the name exists; values are empty. djbdns 1.05 looks none of these up.
import { bytesOf, textOf } from '../base/bytes.ts';
import type { CdbSink } from '../cdb/maker.ts';
import { CdbCursor } from '../cdb/reader.ts';
import { NAME_MAX } from '../wire/name.ts';

const START = [0, 0x2e] as const;
const EMPTY = new Uint8Array(0);

/** The owners of one file: `add` for each record, `end` after the last. It takes memory for all of them. */
export class ExistingNamesMaker {
  private readonly maker: CdbSink;
  private readonly owners = new Set<string>();
  private readonly zones = new Set<string>();

  constructor(maker: CdbSink) {
    this.maker = maker;
  }

  /** A record was added under the key `key[0..length]`. */
  add(key: Uint8Array, length: number, isSoa: boolean): void {
    const owner = textOf(key, 0, length);
    this.owners.add(owner);
    if (isSoa) this.zones.add(owner);
  }

  /** Adds the names between owners and their zones that own nothing themselves. */
  end(): void {
    this.maker.add(Uint8Array.from(START), EMPTY);
    const written = new Set<string>();
    for (const owner of this.owners) {
      for (const name of this.between(owner)) {
        if (this.owners.has(name) || written.has(name)) continue;
        written.add(name);
        this.maker.add(Uint8Array.from([...START, ...bytesOf(name)]), EMPTY);
      }
    }
  }

  /** The ancestors of `owner` below the closest that is a zone, the longest first; none when none is a zone. */
  private between(owner: string): string[] {
    const names: string[] = [];
    for (let name = parentOf(owner); name !== ''; name = parentOf(name)) {
      if (this.zones.has(name)) return names;
      names.push(name);
    }
    return [];
  }
}

/** The name without its first label; empty for the root. */
function parentOf(name: string): string {
  return name.slice(name.charCodeAt(0) + 1);
}

/** Looks the names up. */
export class ExistingNames {
  private readonly cursor = new CdbCursor();
  private readonly key = Uint8Array.from([...START, ...new Uint8Array(NAME_MAX)]);
  private db: Uint8Array | undefined = undefined;
  private written = false;

  /** True when the file says which names exist. */
  areWritten(db: Uint8Array): boolean {
    if (db === this.db) return this.written;
    this.db = db;
    this.cursor.start(db, this.key, 0, START.length);
    return (this.written = this.cursor.next());
  }

  /** True when the lowercase name `name[at..end]` exists for the names below it. */
  has(db: Uint8Array, name: Uint8Array, at: number, end: number): boolean {
    const { key, cursor } = this;
    for (let i = at; i < end; i++) key[START.length + i - at] = name[i]!;
    cursor.start(db, key, 0, START.length + end - at);
    return cursor.next();
  }
}
