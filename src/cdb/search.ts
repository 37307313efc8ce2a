// What searches of a cdb have in common, whether the file is in memory or read where it is needed.

/** Reads up to `length` octets at `position` of the file into `into[at]`; returns how many, 0 at its end. May throw. */
export type ReadAt = (into: Uint8Array, at: number, length: number, position: number) => number;

/** A search in a file that is held as `File`: its octets, or a way to read them. */
export interface CdbSearch<File> {
  /** After `next()` returned true the value is `bytes[dataPos..dataPos + dataLength]`, good until the next call. */
  readonly bytes: Uint8Array;
  readonly dataPos: number;
  readonly dataLength: number;
  /** The file is corrupt where it was read. */
  readonly failed: boolean;
  /** Begins a search for `key[from..to]`, which is borrowed until the search is over. */
  start(file: File, key: Uint8Array, from?: number, to?: number): void;
  /** Advances to the next value; false at the end of the search, or with `failed` set. */
  next(): boolean;
}
