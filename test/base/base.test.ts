// Numbers, addresses, lines, replaced and mapped files, randomness.

import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  bytesOf,
  formatDecimalAt,
  formatHex,
  formatHexAt,
  pack32,
  pack32le,
  textOf,
  unpack32,
  unpack32le,
} from '../../src/base/bytes.ts';
import { Replacement } from '../../src/base/files.ts';
import { LineReader } from '../../src/base/lines.ts';
import { MappedFile } from '../../src/base/mapped-file.ts';
import { codeText, errorText } from '../../src/base/oserror.ts';
import { Output } from '../../src/base/output.ts';
import { random16, random32, randomBelow, randomFill } from '../../src/base/random.ts';
import { Decimal, decimalOf, formatDecimal64, scanDecimal } from '../../src/base/text.ts';
import { UnseededRandom } from '../../src/base/unseeded-random.ts';
import { repository, run, temporaryDirectory } from '../support/programs.ts';

describe('decimal numbers', () => {
  const decimal = new Decimal();

  test('wrap at 2^64 and print again', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (number) => {
        const text = String(number);
        assert.equal(scanDecimal(bytesOf(`${text}x`), 0, text.length + 1, decimal), text.length);
        const want = number % 2n ** 64n;
        assert.equal((BigInt(decimal.hi) << 32n) + BigInt(decimal.lo), want);
        assert.equal(formatDecimal64(decimal.hi, decimal.lo), String(want));
      }),
      { examples: [[0n], [2n ** 32n - 1n], [2n ** 32n], [2n ** 64n - 1n], [2n ** 64n], [10n ** 18n]] },
    );
    for (const text of ['', 'x', '-1', '+1', ' 5', '\0'])
      assert.deepEqual([scanDecimal(bytesOf(text), 0, text.length, decimal), decimal.lo], [0, 0]);
    assert.equal(decimalOf(bytesOf('12x')), 12);
  });

  test('and packed ones come back', () => {
    const out = new Uint8Array(30);
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (number) => {
        assert.equal(pack32(out, 3, number), 7);
        assert.equal(unpack32(out, 3), number);
        assert.equal(pack32le(out, 3, number), 7);
        assert.equal(unpack32le(out, 3), number);
        assert.equal(textOf(out, 3, formatDecimalAt(out, 3, number)), String(number));
        assert.equal(textOf(out, 3, formatHexAt(out, 3, number, 8)), number.toString(16).padStart(8, '0'));
      }),
    );
    assert.equal(formatHex(bytesOf('\x00\xffA')), '00ff41');
    assert.equal(textOf(out, 0, formatDecimalAt(out, 0, Number.MAX_SAFE_INTEGER)), String(Number.MAX_SAFE_INTEGER));
  });
});

test('lines are those of the whole text, whatever the size of the buffer', () => {
  const path = `${temporaryDirectory()}/lines`;
  const text = fc.string({
    unit: fc.constantFrom('\n', 'a', 'bb', '\r', '\0', 'x'.repeat(40)),
    maxLength: 60,
    size: 'max',
  });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 64 }), (all, size) => {
      writeFileSync(path, all, 'latin1');
      const fd = openSync(path, 'r');
      const reader = new LineReader(fd, '', size);
      const found: string[] = [];
      while (reader.next()) found.push(textOf(reader.bytes, reader.from, reader.to) + (reader.terminated ? '\n' : ''));
      closeSync(fd);
      assert.deepEqual(found, all.match(/[^\n]*\n|[^\n]+$/g) ?? []);
      assert.equal(reader.consumed, all.length);
      assert.equal(reader.next(), false);
    }),
  );
});

test('output comes out in order, whatever is smaller or larger than the buffer', () => {
  const path = `${temporaryDirectory()}/output`;
  fc.assert(
    fc.property(fc.array(fc.nat(30).map((length) => 'o'.repeat(length) + length)), (parts) => {
      const fd = openSync(path, 'w');
      const output = new Output(fd, 16);
      for (const [i, part] of parts.entries()) {
        if (i % 2) output.putText(part);
        else output.put(bytesOf(`<${part}>`), 1, part.length + 1);
      }
      output.flush();
      output.flush();
      closeSync(fd);
      assert.equal(readFileSync(path, 'latin1'), parts.join(''));
    }),
  );
});

describe('a replaced file', () => {
  test('is the old one until it is committed', () => {
    const folder = temporaryDirectory();
    const [path, temporary] = [`${folder}/data`, `${folder}/data.tmp`];
    writeFileSync(path, 'old');
    const file = new Replacement(path, temporary);
    file.write(bytesOf('??new'), 2);
    file.writeAt(bytesOf('N.'), 1, 0);
    assert.equal(readFileSync(path, 'latin1'), 'old');
    file.chmod(0o600);
    file.commit();
    assert.equal(readFileSync(path, 'latin1'), 'New');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.throws(() => statSync(temporary), { code: 'ENOENT' });
  });

  test("that fails leaves the old one, with djb's words and the exit code asked for", () => {
    const folder = temporaryDirectory();
    writeFileSync(`${folder}/data`, 'old');
    mkdirSync(`${folder}/folder`);
    writeFileSync(`${folder}/folder/file`, '');
    assert.throws(() => new Replacement(`${folder}/data`, `${folder}/folder`, { write: 'no', exitCode: 100 }), {
      message: 'no: is a directory',
      exitCode: 100,
    });
    const file = new Replacement(`${folder}/folder`, `${folder}/tmp`, { exitCode: 100 });
    assert.throws(() => file.commit(), {
      message: `unable to move ${folder}/tmp to ${folder}/folder: is a directory`,
      exitCode: 111,
    });
    assert.equal(readFileSync(`${folder}/data`, 'latin1'), 'old');
  });

  test('on a full disk is told so by tinydns-data, and data.cdb stays', () => {
    const cwd = temporaryDirectory();
    writeFileSync(`${cwd}/data`, '+a:1.2.3.4\n');
    run('tinydns-data', [], { cwd });
    const before = readFileSync(`${cwd}/data.cdb`);
    run('/bin/ln', ['-s', '/dev/full', `${cwd}/data.tmp`]);
    const { code, stderr } = run('tinydns-data', [], { cwd });
    assert.deepEqual([code, stderr], [111, 'tinydns-data: fatal: unable to create data.tmp: out of disk space\n']);
    assert.deepEqual(readFileSync(`${cwd}/data.cdb`), before);
  });
});

/** What a mapped file goes through in its life; run with libc and without. */
function mappedLife(folder: string): string {
  const path = `${folder}/file`;
  const file = new MappedFile(path);
  const seen: string[] = [];
  const look = () => {
    const bytes = file.current();
    seen.push(bytes ? `[${textOf(bytes)}]` : errorText(file.error));
  };
  const put = (text: string) => {
    writeFileSync(`${folder}/new`, text);
    renameSync(`${folder}/new`, path);
    look();
  };
  look();
  put('one');
  look();
  put('two');
  truncateSync(path, 0);
  look();
  put('three');
  rmSync(path);
  look();
  mkdirSync(path);
  look();
  rmSync(path, { recursive: true });
  put('four');
  file.close();
  look();
  file.close();
  return seen.join(' ');
}

describe('a mapped file', () => {
  const want = 'file does not exist [one] [one] [two] [] [three] file does not exist is a directory [four] [four]';

  test('is what stands under its name now', () => assert.equal(mappedLife(temporaryDirectory()), want));

  test('is the same without libc', () => {
    if (process.env['DJBDNS_PLAIN'] !== undefined) return;
    const env = { DJBDNS_PLAIN: '1' };
    const test = `${repository}/dist/test/base/base.test.js`;
    const args = ['--test-name-pattern', 'is what stands under its name now', test];
    const { code, stdout } = run(process.execPath, args, { env });
    assert.equal(code, 0, stdout.toString());
    assert.match(stdout.toString(), /^# pass 1$/m);
  });
});

test('the generator of tinydns-get gives the sequence of the original', () => {
  const random = new UnseededRandom();
  const numbers = Array.from({ length: 16 }, () => random.next());
  assert.deepEqual(
    numbers,
    [
      1511154414, 1184159932, 3408901110, 1895188848, 1694574877, 792757113, 2131482364, 1618163922, 1971934692,
      3951371642, 248712376, 807609783, 3958368966, 3949748401, 3390698905, 2288880666,
    ],
  );
});

test('random numbers stay in their range, reach all of it, and lean nowhere', () => {
  for (const n of [1, 2, 3, 7, 10, 16]) {
    const often = new Array<number>(n).fill(0);
    for (let i = 0; i < 4000 * n; i++) often[randomBelow(n)]!++;
    assert.equal(often.length, n);
    for (const times of often) assert.ok(times > 3500 && times < 4500, `${n}: ${often}`); // 8 standard deviations
  }
  let bits = 0;
  let large = 0;
  for (let i = 0; i < 4000; i++) {
    bits |= random16();
    const number = random32();
    assert.ok(Number.isInteger(number) && number >= 0 && number <= 0xffffffff);
    if (randomBelow(0xc0000000) >= 0x80000000) large++;
  }
  assert.equal(bits, 0xffff);
  assert.ok(large > 1100 && large < 1570, `${large} of 4000 in the last third`); // a bare remainder would give 1000
  const octets = new Uint8Array(5000);
  randomFill(octets);
  assert.equal(new Set(octets).size, 256);
});

test("system errors have djb's words, and what is none is thrown on", () => {
  assert.equal(codeText('ENOENT'), 'file does not exist');
  assert.equal(codeText('EADDRINUSE'), 'address already used');
  assert.equal(codeText('EXYZ'), 'unknown error');
  assert.throws(() => errorText(new TypeError('bug')), TypeError);
  assert.throws(() => errorText(Object.assign(new Error('bug'), { code: 'ERR_INVALID_ARG_TYPE' })), /bug/);
});
