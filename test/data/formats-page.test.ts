// docs/formats.md: the worked examples of data lines are what the compiler makes of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { shapeOf, TYPED } from '../../src/wire/layout.ts';
import { formatName } from '../../src/wire/name.ts';
import { formatTyped } from '../../src/wire/rdata-text.ts';
import { Reader } from '../../src/wire/reader.ts';
import * as TYPE from '../../src/wire/type.ts';
import { typeName } from '../../src/wire/type.ts';
import { compiledText, recordsOf } from '../support/lookup.ts';
import { repository } from '../support/programs.ts';

const MTIME = 1700000000;

/** The records of a line as the page has them. */
function records(line: string): string[] {
  return recordsOf(compiledText(`${line}\n`, (maker) => new TinydnsCompiler(maker, MTIME))).map(([key, text]) => {
    const value = Buffer.from(text, 'latin1');
    const owner = Buffer.from(key, 'latin1');
    if (key.startsWith('\0') && key.length > 1) return `key ${owner.toString('hex')} has ${value.toString('hex')}`;
    const located = value[2] === 0x3e || value[2] === 0x2b;
    const at = located ? 5 : 3;
    const type = value.readUInt16BE(0);
    const time = value.toString('hex', at + 4, at + 12);
    const wild = value[2] === 0x2a || value[2] === 0x2b ? '*.' : '';
    const place = located ? ` in ${value.toString('latin1', 3, 5)}` : '';
    const when = /^0*$/.test(time) ? '' : ` from ${time}`;
    const head = `${wild}${formatName(owner)} ${value.readUInt32BE(at)} ${typeName(type)}`;
    return `${head} ${dataOf(type, value, at + 12)}${place}${when}`;
  });
}

/** Names without their final dot, as in the rest of the pages. */
function dataOf(type: number, value: Uint8Array, from: number): string {
  const reader = new Reader();
  reader.start(value);
  reader.pos = from;
  if (shapeOf(type).names === 0) return formatTyped(type, reader, value.length);
  const names: string[] = [];
  const name = new Uint8Array(255);
  if (type === TYPE.MX) names.push(String(reader.u16()));
  for (let i = type === TYPE.SOA ? 2 : 1; i > 0; i--) names.push(reader.name(name) > 0 ? formatName(name) : '');
  while (reader.pos < reader.end) names.push(String(reader.u32()));
  return names.join(' ');
}

test('every worked example of a data line makes the records that the page shows', () => {
  const page = readFileSync(`${repository}/docs/formats.md`, 'latin1');
  const section = /## Lines of tinydns-data\n([\s\S]*?)\n## /.exec(page)?.[1] ?? '';
  const examples = [...section.matchAll(/^ {4}(\S.*)\n((?: {8}.*\n)+)/gm)];
  assert.ok(examples.length >= 35, String(examples.length));
  for (const [, line, shown] of examples) {
    assert.deepEqual(
      shown!
        .trimEnd()
        .split('\n')
        .map((text) => text.trim()),
      records(line!),
      line,
    );
  }
  const letters = new Set(examples.map(([, line]) => line![0]));
  for (const letter of ".&=+@'^CZ:36S%") assert.ok(letters.has(letter), letter);
  for (const type of TYPED) {
    assert.ok(
      examples.some(([, line]) => line!.includes(`:${typeName(type)}:`)),
      typeName(type),
    );
  }
});
