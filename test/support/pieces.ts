// A file in memory that is read like one on a disk.
import type { ReadAt } from '../../src/cdb/search.ts';

/** Reads `file`, at most `piece` octets at a time. */
export function piecesOf(file: Uint8Array, piece = file.length): ReadAt {
  return (into, at, length, position) => {
    const bytes = file.subarray(position, position + Math.min(length, piece));
    into.set(bytes, at);
    return bytes.length;
  };
}
