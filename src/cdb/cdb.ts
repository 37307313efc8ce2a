// The cdb format as a library, the package's `./cdb`: hash, search, scan, compiler.
export { CDB_HASH_START, cdbHash } from './hash.ts';
export { CdbMaker, CdbTooLarge } from './maker.ts';
export { CDB_HEADER_SIZE, CdbCursor, CdbScan } from './reader.ts';
