// tinydns-data's lines: the published sums, and the C program's octets, messages and exit codes on generated files.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { dataFile } from '../support/data-lines.ts';
import { compiledText, recordsOf } from '../support/lookup.ts';
import { command, find, needs, run, temporaryDirectory } from '../support/programs.ts';

const MTIME = 987654321;

const compile = (text: string, mtime = MTIME) => compiledText(text, (maker) => new TinydnsCompiler(maker, mtime));
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const FIFTEEN = `# comment
-skip:1.2.3.4
%in:10.1
%ex
Zexample.org:ns1.example.org.:host.example.org.:::::::
.example.com:1.2.3.4:a
&sub.example.com:1.2.3.5:b.other.net.:300:4000000038af1379:in
=Host.Example.com:1.2.3.6
+*.Example.com:1.2.3.7:60
@example.com:1.2.3.8::10
@example.com::mail.example.com:20:600
'example.com:v=spf1\\072 -all
^9.3.2.1.in-addr.arpa:host.example.com
Cwww.example.com:host.example.com:0:4000000038af1379
:example.com:28:\\040\\001\\015\\270\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001
`;

test('the files that djbdns 1.05 makes, by their SHA-256', () => {
  for (const [text, size, sha256] of [
    ['', 2048, 'ad292543e381bc50175b6b6452ccc06e579755910a528c8dc7d18019279e1f3f'],
    ['+a:1.2.3.4\n', 2094, 'f9ef631f2e35b23572c1852eb55f3a61b44d1d8117668e776a7d730c105791b0'],
    ['+a:1.2.3.4', 2094, 'f9ef631f2e35b23572c1852eb55f3a61b44d1d8117668e776a7d730c105791b0'],
    [FIFTEEN, 3270, '5c89b61bb085f68d41fdfae7ee8901c7a15146ad41077d328afe01cf6ecf2e79'],
  ] as const) {
    const db = compile(text);
    assert.deepEqual([db.length, sum(db)], [size, sha256], text.slice(0, 20));
  }
});

/** Key and value of every record, in hexadecimal, the TTL and timestamp of plain ones left out. */
function shortRecords(text: string, mtime?: number): string[] {
  return recordsOf(compile(text, mtime)).map(([key, value]) => {
    const hex = (latin1: string) => Buffer.from(latin1, 'latin1').toString('hex');
    return `${hex(key)} ${hex(value).replace(`00015180${'0'.repeat(16)}`, '~')}`;
  });
}

describe('records of odd lines', () => {
  for (const [line, records] of [
    ['+\\052.x:1.2.3.4', ['017800 00012a~01020304']],
    ['+*.*.x:1.2.3.4', ['012a017800 00012a~01020304']],
    ['+a*.x:1.2.3.4', ['02612a017800 00013d~01020304']],
    ['+*:1.2.3.4', ['00 00012a~01020304']],
    ['+A.B:1.2.3', []],
    ['+A.B:300.1.2.3x', ['0161016200 00013d~2c010203']],
    [
      '=a:1.2.3.4:::l',
      ['016100 00013e6c00~01020304', '013401330132013107696e2d61646472046172706100 000c3e6c00~016100'],
    ],
    ["'t:", ['017400 00103d~']],
    ["'t:a\\040  ", ['017400 00103d~026120']],
    [':t:65537:\\1\\18\\777\\8\\', ['017400 00013d~010138ff38']],
    ['@m:::65537', ['016d00 000f3d~0001026d78016d00']],
    ['@m::a\\.b:1', ['016d00 000f3d~000103612e6200']],
    ['@m::a\\056b:1', ['016d00 000f3d~000103612e62026d78016d00']],
    ['@m::a\\:1', ['016d00 000f3d~000104612e6d78016d00']],
    ['%in:10.1', ['00250a01 696e']],
    ['%in:65.66', ['00254142 696e']],
    ['%:10..8.', ['00250a08 0000']],
    ['%l', ['0025 6c00']],
    ['^p:..Foo...Bar.', ['017000 000c3d~03466f6f0342617200']],
    ['Ca:b\r', ['016100 00053d~02620d00']],
  ] as const) {
    test(`${JSON.stringify(line)} makes ${records.length}`, () => assert.deepEqual(shortRecords(line), records));
  }

  test('a time is sixteen lowercase nibbles, everything else a zero', () => {
    for (const [field, nibbles] of [
      ['4000000038af1379', '4000000038af1379'],
      ['40', '4000000000000000'],
      ['AbCdEf12345678901', '0b0d0f1234567890'],
    ] as const) {
      assert.deepEqual(shortRecords(`+a:1.2.3.4:7:${field}`), [`016100 00013d00000007${nibbles}01020304`]);
    }
  });

  test('the SOA of a dot line is 2560 seconds unless the TTL is 0, before it is cut to 32 bits', () => {
    const ttls = (ttl: string) =>
      recordsOf(compile(`.z:1.2.3.4:a:${ttl}`)).map(([, value]) => Buffer.from(value, 'latin1').readUInt32BE(3));
    assert.deepEqual(ttls(''), [2560, 259200, 259200]);
    assert.deepEqual(ttls('0'), [0, 0, 0]);
    assert.deepEqual(ttls('5'), [2560, 5, 5]);
    assert.deepEqual(ttls('4294967296'), [2560, 0, 0]);
    assert.deepEqual(ttls('18446744073709551616'), [0, 0, 0]);
  });

  test('the serial is the time of the file, 1 where that is 0; a serial of 0 that is given stays', () => {
    const serial = (line: string, mtime: number) => {
      const value = Buffer.from(recordsOf(compile(line, mtime))[0]![1], 'latin1');
      return value.readUInt32BE(value.length - 20);
    };
    for (const [mtime, want] of [
      [MTIME, MTIME],
      [0, 1],
      [2 ** 32, 1],
      [-1, 4294967295],
    ] as const) {
      assert.equal(serial('.z::a', mtime), want);
      assert.equal(serial('Zz:a:b', mtime), want);
      assert.equal(serial('Zz:a:b:0', mtime), 0);
    }
  });

  test('TXT data is cut into runs of 127', () => {
    for (const [length, runs] of [
      [127, [127]],
      [128, [127, 1]],
      [255, [127, 127, 1]],
    ] as const) {
      const value = Buffer.from(recordsOf(compile(`'t:${'x'.repeat(length)}`))[0]![1], 'latin1').subarray(15);
      const found: number[] = [];
      for (let at = 0; at < value.length; at += value[at]! + 1) found.push(value[at]!);
      assert.deepEqual(found, runs);
    }
  });

  test('labels of 63 and names of 255 octets are taken, one more is refused', () => {
    const label = 'x'.repeat(63);
    const longest = `${label}.${label}.${label}.${'x'.repeat(61)}`;
    compile(`+${longest}:1.2.3.4`);
    for (const line of [`+${label}y:1.2.3.4`, `+${longest}y:1.2.3.4`, `Ca:${longest}y`, `.${longest}:1.2.3.4`]) {
      assert.throws(() => compile(line), /^Fatal: protocol error$/);
    }
  });

  test('lines of other letters and types that a generic line must not have are refused', () => {
    for (const [line, reason] of [
      [' +a:1.2.3.4', 'unrecognized leading character'],
      ['\r', 'unrecognized leading character'],
      ['~', 'unrecognized leading character'],
      [':a:252:', 'type AXFR prohibited'],
      [':a::', 'type 0 prohibited'],
      [':a:65536:', 'type 0 prohibited'],
      [':a:6:', 'type SOA prohibited'],
      [':a:2:', 'type NS prohibited'],
      [':a:5:', 'type CNAME prohibited'],
      [':a:12:', 'type PTR prohibited'],
      [':a:65551:', 'type MX prohibited'],
    ] as const) {
      assert.throws(() => compile(line), { message: reason });
    }
  });
});

/** What a compiler makes of `text`: exit code, message, the files left, and data.cdb. */
function outcome(program: string, text: string, mtime: number) {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/data`, text, 'latin1');
  utimesSync(`${cwd}/data`, mtime, mtime);
  const { code, stdout, stderr } = run(program, [], { cwd });
  const cdb = existsSync(`${cwd}/data.cdb`) ? readFileSync(`${cwd}/data.cdb`).toString('latin1') : null;
  const result = { code, stdout: stdout.toString(), stderr, left: readdirSync(cwd).sort(), cdb };
  rmSync(cwd, { recursive: true });
  return result;
}

const original = find('tinydns-data')!;

describe('beside the C program', { skip: needs('tinydns-data') }, () => {
  test('files of 1,000 lines of every kind compile to the same octets', () => {
    const seconds = fc.integer({ min: 0, max: 2 ** 31 });
    fc.assert(
      fc.property(dataFile({ lines: 1000 }), seconds, (text, mtime) => {
        const theirs = outcome(original, text, mtime);
        assert.equal(theirs.code, 0, theirs.stderr);
        assert.deepEqual(outcome(command('tinydns-data'), text, mtime), theirs);
      }),
      { numRuns: 12 },
    );
  });

  test('small files, most of them broken somewhere, end the same: octets, message, exit code, files left', () => {
    const codes = new Set<number | null>();
    fc.assert(
      fc.property(dataFile({ lines: 12, broken: true }), (text) => {
        const theirs = outcome(original, text, MTIME);
        codes.add(theirs.code);
        assert.deepEqual(outcome(command('tinydns-data'), text, MTIME), theirs);
      }),
      { numRuns: 60 },
    );
    assert.deepEqual([...codes].sort(), [0, 111]);
  });
});
