import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { scanIp6 } from '../../src/base/address.ts';
import { bytesOf, EMPTY, textOf } from '../../src/base/bytes.ts';
import { taiNow } from '../../src/base/tai.ts';
import { CdbFileCursor } from '../../src/cdb/file-cursor.ts';
import { cdbInMemory } from '../../src/cdb/in-memory.ts';
import { CdbCursor } from '../../src/cdb/reader.ts';
import type { CdbSearch, ReadAt } from '../../src/cdb/search.ts';
import { ClientLocations } from '../../src/data/location.ts';
import { findSoa } from '../../src/transfer/axfr.ts';
import { nameOf } from '../../src/wire/name.ts';
import { piecesOf } from '../support/pieces.ts';
import { run, temporaryDirectory } from '../support/programs.ts';

/** What a search finds: the values, and whether the file was corrupt. */
function found<File>(cursor: CdbSearch<File>, file: File, key: Uint8Array): (string | 'corrupt')[] {
  const values: string[] = [];
  cursor.start(file, key);
  for (let i = 0; i < 100 && cursor.next(); i++) {
    values.push(textOf(cursor.bytes, cursor.dataPos, cursor.dataPos + cursor.dataLength));
  }
  return cursor.failed ? [...values, 'corrupt'] : values;
}

const keys = fc.uint8Array({ max: 3, maxLength: 2 });
const pairs = fc.array(fc.tuple(keys, fc.uint8Array({ maxLength: 300 })), { maxLength: 40 });
const fileCursor = new CdbFileCursor(1000);
const cursor = new CdbCursor();

test('a file that is read where the search goes has the values that it has in memory, whatever pieces come', () => {
  fc.assert(
    fc.property(pairs, keys, fc.integer({ min: 1, max: 3000 }), (records, key, piece) => {
      const file = cdbInMemory((maker) => {
        for (const [name, value] of records) maker.add(name, value);
      });
      assert.deepEqual(found(fileCursor, piecesOf(file, piece), key), found(cursor, file, key));
    }),
  );
});

test('a file with turned and missing octets is corrupt where it is corrupt in memory', () => {
  const change = fc.tuple(fc.nat(8000), fc.nat(255));
  fc.assert(
    fc.property(pairs, keys, fc.array(change, { maxLength: 5 }), fc.nat(9000), (records, key, changes, length) => {
      const whole = cdbInMemory((maker) => {
        for (const [name, value] of records) maker.add(name, value);
      });
      for (const [at, octet] of changes) if (at < whole.length) whole[at] = octet;
      const file = whole.subarray(0, length);
      assert.deepEqual(found(new CdbFileCursor(1 << 16), piecesOf(file, 512), key), found(cursor, file, key));
    }),
    { numRuns: 500 },
  );
});

test('a value over the limit is taken for that of a corrupt file', () => {
  const file = cdbInMemory((maker) => {
    maker.add(bytesOf('a'), new Uint8Array(1000));
    maker.add(bytesOf('b'), new Uint8Array(1001));
  });
  assert.equal(found(fileCursor, piecesOf(file, 4096), bytesOf('a'))[0]!.length, 1000);
  assert.deepEqual(found(fileCursor, piecesOf(file, 4096), bytesOf('b')), ['corrupt']);
});

test('a data.cdb that is cut short between any two reads of a look-up ends the look-up and nothing else', () => {
  const directory = temporaryDirectory();
  const path = `${directory}/data.cdb`;
  const lines = Array.from({ length: 2000 }, (_, i) => `+a${i}.x.test:1.2.3.4\n`).join('');
  writeFileSync(`${directory}/data`, `%aa:[2001:db8::]/32\n%bb:10\n.x.test:127.0.0.1:a:::aa\n${lines}`);
  assert.equal(run('tinydns-data', [], { cwd: directory }).code, 0);
  const fd = openSync(path, 'r+');
  const good = new Uint8Array(1 << 20);
  const size = readSync(fd, good, 0, good.length, 0);
  const outcomes: string[] = [];
  for (let cutAt = 0; outcomes.at(-1) !== 'whole'; cutAt++) {
    writeFileSync(path, good.subarray(0, size));
    let reads = 0;
    const read: ReadAt = (into, at, length, position) => {
      if (reads++ === cutAt) truncateSync(path, 1000);
      return readSync(fd, into, at, length, position);
    };
    const location = new ClientLocations(fileCursor).find(read, scanIp6('2001:db8::1')!);
    const soa = location < 0 ? undefined : findSoa(fileCursor, read, nameOf('x.test') ?? EMPTY, location, taiNow());
    if (reads <= cutAt) outcomes.push('whole');
    else outcomes.push(location < 0 ? 'no location' : soa && 'problem' in soa ? soa.problem : 'found');
    if (outcomes.at(-1) === 'whole') assert.ok(soa && 'soa' in soa && location === 0x6161);
  }
  closeSync(fd);
  assert.deepEqual(new Set(outcomes), new Set(['no location', 'protocol error', 'whole']));
  assert.ok(outcomes.length < 20, `${outcomes.length} reads`);
});
