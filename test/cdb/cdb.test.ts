// The cdb format: the hash, compiling and searching against a plain list, corrupt files, the size limits, and Debian's
// own cdb program both ways.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, pack32le } from '../../src/base/bytes.ts';
import { MappedFile } from '../../src/base/mapped-file.ts';
import { CdbCursor, CdbMaker, CdbScan, CdbTooLarge, cdbHash } from '../../src/cdb/cdb.ts';
import { cdbInMemory } from '../../src/cdb/in-memory.ts';
import { recordsOf } from '../support/lookup.ts';
import { find, needs, run, temporaryDirectory } from '../support/programs.ts';

type Records = readonly (readonly [key: string, value: string])[];

/** The file of these records, Latin-1. */
function made(records: Records): Buffer {
  const file = cdbInMemory((maker) => {
    for (const [key, value] of records) maker.add(bytesOf(key), bytesOf(value));
  });
  return Buffer.from(file.buffer, 0, file.length);
}

const cursor = new CdbCursor();

/** All values under a key, Latin-1, in the order found. */
function values(db: Uint8Array, key: string): string[] {
  const found: string[] = [];
  cursor.start(db, bytesOf(key));
  while (cursor.next()) {
    found.push(Buffer.from(db.subarray(cursor.dataPos, cursor.dataPos + cursor.dataLength)).toString('latin1'));
  }
  return found;
}

test('the hash is that of the format', () => {
  for (const [key, hash] of [
    ['', 5381],
    ['\0', 177573],
    ['\x03foo\0', 131791904],
    ['\0%', 5859936],
  ] as const) {
    assert.equal(cdbHash(bytesOf(key)), hash);
    assert.equal(cdbHash(bytesOf(`xx${key}yy`), 2, 2 + key.length), hash);
  }
});

test('an empty database is 256 tables of nothing at 2048', () => {
  const db = made([]);
  assert.equal(db.length, 2048);
  assert.equal(
    createHash('sha256').update(db).digest('hex'),
    'ad292543e381bc50175b6b6452ccc06e579755910a528c8dc7d18019279e1f3f',
  );
});

const octets = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const key = fc.oneof(fc.constantFrom('', 'a', 'b', '\0', 'aa', '\0%'), octets(12));
const records = fc.array(fc.tuple(key, octets(20)), { maxLength: 60 });

test('what was added is found, all values of a key in order, and nothing else', () => {
  fc.assert(
    fc.property(records, fc.array(key, { maxLength: 10 }), (list, more) => {
      const db = made(list);
      for (const wanted of [...list.map(([name]) => name), ...more]) {
        const want = list.filter(([name]) => name === wanted).map(([, value]) => value);
        assert.deepEqual(values(db, wanted), want);
        assert.equal(cursor.failed, false);
      }
      assert.deepEqual(recordsOf(db), list);
    }),
  );
});

test('records larger than the buffers of the compiler come out whole', () => {
  const list = ([100, 262143, 262144, 700000, 3] as const).map((n, i) => [`k${i}`, String(i).repeat(n)] as const);
  const db = made([...list, ['x'.repeat(300000), 'long key']]);
  for (const [name, value] of list) assert.ok(values(db, name)[0] === value, name);
  assert.deepEqual(values(db, 'x'.repeat(300000)), ['long key']);
});

test('many values of one key keep their order around the end of the table', () => {
  const list = Array.from({ length: 5000 }, (_, i) => ['same', String(i)] as const);
  assert.deepEqual(
    values(made(list), 'same'),
    list.map(([, value]) => value),
  );
});

describe('corrupt files', () => {
  const list = [
    ['a', 'one'],
    ['a', 'two'],
    ['b', ''],
    ['', 'empty'],
    ['\0%', 'lo'],
  ] as const;
  const good = made(list);
  const look = (db: Uint8Array): void => {
    for (const name of ['a', 'b', '', '\0%', 'absent']) {
      let count = 0;
      cursor.start(db, bytesOf(name));
      while (cursor.next()) {
        count++;
        assert.ok(cursor.dataPos + cursor.dataLength <= db.length, 'a value outside the file');
      }
      assert.ok(count <= db.length / 8, 'more values than slots');
    }
    const scan = new CdbScan(db);
    while (scan.next()) assert.ok(scan.dataPos + scan.dataLength <= db.length);
  };

  test('of every length end the search, those without their tables in failure', () => {
    for (let length = 0; length < good.length; length++) {
      const db = good.subarray(0, length);
      look(db);
      cursor.start(db, bytesOf('\xff'.repeat(3)));
      if (length < 2048) assert.deepEqual([cursor.next(), cursor.failed], [false, true]);
    }
  });

  test('with any octet set to anything end the search', () => {
    for (let at = 0; at < good.length; at++) {
      for (const octet of [0, 1, 0x7f, 0x80, 0xff, good[at]! ^ 1]) {
        const db = Buffer.from(good);
        db[at] = octet;
        if (at < 2048 ? at % 37 === 0 || good.readUInt32LE(at - (at % 8) + 4) > 0 : true) look(db);
      }
    }
  });

  test('with a table or a record outside are failures, not absences', () => {
    const entry = (cdbHash(bytesOf('b')) & 255) * 8;
    const table = good.readUInt32LE(entry);
    const slot = [0, 8].find((i) => good.readUInt32LE(table + i + 4) !== 0)!;
    for (const [at, value] of [
      [entry, good.length],
      [entry, 0xfffffff8],
      [table + slot + 4, good.length - 4],
      [table + slot + 4, 0xffffffff],
      [good.readUInt32LE(table + slot + 4) + 4, 0xffffffff],
    ] as const) {
      const db = Buffer.from(good);
      db.writeUInt32LE(value, at);
      assert.deepEqual([values(db, 'b'), cursor.failed], [[], true], `${value} at ${at}`);
    }
  });

  test('with a table that has no free slot end after one round', () => {
    const db = made([['q', 'v']]);
    const table = db.readUInt32LE((cdbHash(bytesOf('q')) & 255) * 8);
    const used = db.readUInt32LE(table + 4) !== 0 ? table : table + 8;
    db.copy(db, used === table ? table + 8 : table, used, used + 8);
    assert.deepEqual([values(db, 'q'), cursor.failed], [['v', 'v'], false]);
  });
});

describe('the limits of the format', () => {
  const LIMIT = 0xffffffff;
  const nothing = new Uint8Array(0);

  /** A compiler with one record that has come to `position` in its file, without the time that gigabytes take. */
  const at = (position: number): CdbMaker => {
    const maker = new CdbMaker(() => {});
    maker.add(nothing, nothing);
    (maker as unknown as { written: number }).written = position - 8;
    return maker;
  };

  test('a file up to 4 GB less one octet is made, more is refused when it is added', () => {
    const tables = 2 * 16;
    const maker = at(LIMIT - tables - 8);
    maker.add(nothing, nothing);
    maker.finish();
    assert.equal(maker.records, 2);
    assert.throws(() => at(LIMIT - 7).add(nothing, nothing), CdbTooLarge);
    assert.throws(() => at(LIMIT - 1000).add(nothing, new Uint8Array(1000)), { code: 'ENOMEM' });
  });

  test('tables that do not fit any more are refused at the end', () => {
    const maker = at(LIMIT - 2 * 16 - 7);
    maker.add(nothing, nothing);
    assert.throws(() => maker.finish(), { code: 'ENOMEM' });
  });

  test('records are found just below 4 GB, in a mapped file', () => {
    const path = `${temporaryDirectory()}/large.cdb`;
    const fd = openSync(path, 'w');
    const size = 0xfffffff0; // a file of holes but for a header entry, a table and a record
    const hash = cdbHash(bytesOf('k'));
    const record = size - 10;
    const numbers = (...list: number[]): Uint8Array => {
      const bytes = new Uint8Array(4 * list.length);
      for (const [i, number] of list.entries()) pack32le(bytes, 4 * i, number);
      return bytes;
    };
    ftruncateSync(fd, size);
    writeSync(fd, numbers(size - 100, 2), 0, 8, (hash & 255) * 8);
    writeSync(fd, numbers(hash, record), 0, 8, size - 100 + 8 * ((hash >>> 8) % 2));
    writeSync(fd, Buffer.concat([numbers(1, 1), bytesOf('kv')]), 0, 10, record);
    closeSync(fd);
    const file = new MappedFile(path);
    const db = file.current();
    assert.ok(db, String(file.error));
    assert.equal(db.length, size);
    assert.deepEqual([values(db, 'k'), cursor.failed], [['v'], false]);
    file.close();
  });
});

describe("Debian's cdb", { skip: needs('cdb') }, () => {
  const cdb = find('cdb')!;
  const list: Records = Array.from({ length: 2000 }, (_, i) => [
    `key ${i % 700}\0\n`,
    i % 5 === 0 ? '' : `value ${i}->\n`.repeat(i % 4),
  ]);
  const text = `${list.map(([name, value]) => `+${name.length},${value.length}:${name}->${value}\n`).join('')}\n`;

  test('dumps what we made, and finds it', () => {
    const cwd = temporaryDirectory();
    writeFileSync(`${cwd}/ours.cdb`, made(list));
    assert.equal(run(cdb, ['-d', 'ours.cdb'], { cwd }).stdout.toString('latin1'), text);
    const plain = made([
      ['k', 'first'],
      ['k', 'second'],
    ]);
    writeFileSync(`${cwd}/plain.cdb`, plain);
    assert.equal(run(cdb, ['-q', 'plain.cdb', 'k'], { cwd }).stdout.toString(), 'firstsecond');
    assert.equal(run(cdb, ['-q', '-n', '2', 'plain.cdb', 'k'], { cwd }).stdout.toString(), 'second');
    assert.notEqual(run(cdb, ['-q', 'plain.cdb', 'none'], { cwd }).code, 0);
  });

  test('makes what we read', () => {
    const cwd = temporaryDirectory();
    const { code, stderr } = run(cdb, ['-c', 'theirs.cdb'], { cwd, input: Buffer.from(text, 'latin1') });
    assert.deepEqual([code, stderr], [0, '']);
    const db = readFileSync(`${cwd}/theirs.cdb`);
    assert.deepEqual(recordsOf(db), list);
    for (const name of ['key 3\0\n', 'key 699\0\n', 'none']) {
      const want = list.filter(([known]) => known === name).map(([, value]) => value);
      assert.deepEqual(values(db, name), want);
    }
  });
});
