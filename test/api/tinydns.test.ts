// The library's tinydns beside the programs: the same data.cdb, the same answers.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { decode, encode } from '../../src/api/message.ts';
import { answering, compile, DataError } from '../../src/api/tinydns.ts';
import { repository, run, temporaryDirectory } from '../support/programs.ts';

const example = readFileSync(`${repository}/docs/example/data`);

test('compiled in memory, a data file is what tinydns-data makes of it, octet for octet', () => {
  const many = Array.from({ length: 20000 }, (_, i) => `+h${i}.example.org:10.0.${i >> 8}.${i & 255}\n`).join('');
  for (const data of [example, Buffer.from(''), Buffer.from(`${many}# no newline at the end`)]) {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/data`, data);
    assert.equal(run('tinydns-data', [], { cwd: directory }).code, 0);
    const serial = Math.floor(statSync(`${directory}/data`).mtimeMs / 1000);
    assert.ok(Buffer.from(compile(data, serial)).equals(readFileSync(`${directory}/data.cdb`)));
  }
});

test('a line that cannot be compiled is named', () => {
  assert.throws(
    () => compile('+a.test:1.2.3.4\n\nx\n', 1),
    (error: unknown) => {
      assert.ok(error instanceof DataError);
      assert.deepEqual([error.line, error.message], [3, 'unable to parse data line 3: unrecognized leading character']);
      return true;
    },
  );
  assert.throws(() => compile(`+${'a.'.repeat(150)}test:1.2.3.4\n`, 1), DataError);
});

test('answers depend on the client, the clock and chance as they are given', () => {
  const lines = ['.a.test:192.0.2.1:a', '%in:10', '%in:20010db8', '+w.a.test:192.0.2.2:::in', '+w.a.test:192.0.2.3'];
  lines.push('+t.a.test:192.0.2.4:0:4000000000000064', ...[1, 2, 3].map((i) => `+p.a.test:10.0.0.${i}`));
  const answer = answering(compile(lines.join('\n'), 7), { randomBelow: () => 0, unixSeconds: () => 20 });
  const addresses = (name: string, client?: string): unknown[] => {
    const response = answer(encode({ id: 9, questions: [{ name, type: 'A' }] }), client);
    return response ? decode(response)!.answers.map(({ data }) => data['address']) : [];
  };
  assert.deepEqual(addresses('w.a.test'), ['192.0.2.3']);
  assert.deepEqual(addresses('w.a.test', '10.1.2.3').sort(), ['192.0.2.2', '192.0.2.3']);
  assert.deepEqual(addresses('w.a.test', '::ffff:10.1.2.3').sort(), ['192.0.2.2', '192.0.2.3']);
  assert.deepEqual(addresses('t.a.test'), ['192.0.2.4']);
  assert.deepEqual(addresses('p.a.test'), addresses('p.a.test'), 'no chance is left');
  const elsewhere = answer(encode({ questions: [{ name: 'b.test', type: 'A' }] }));
  assert.equal(elsewhere, undefined);
  assert.throws(() => addresses('w.a.test', '10.1.2.999'), TypeError);
});
