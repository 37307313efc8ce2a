// A cdb made in memory, for data that never was a file. Counterpart: none.
import { CdbMaker } from './maker.ts';

/** The octets of the cdb of what `add` puts into the maker. Throws what `add` throws, and `CdbTooLarge`. */
export function cdbInMemory(add: (maker: CdbMaker) => void): Uint8Array {
  let file = new Uint8Array(4096);
  let size = 0;
  const maker = new CdbMaker((bytes, length, position) => {
    size = Math.max(size, position + length);
    if (size > file.length) {
      const larger = new Uint8Array(2 * size);
      larger.set(file);
      file = larger;
    }
    file.set(bytes.subarray(0, length), position);
  });
  add(maker);
  maker.finish();
  return file.slice(0, size);
}
