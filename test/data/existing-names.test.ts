// Names that exist for the names below them: the records that tinydns-data writes, and looking them up.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ExistingNames } from '../../src/data/existing-names.ts';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { nameOf } from '../../src/wire/name.ts';
import { compiledText, recordsOf } from '../support/lookup.ts';

const compiled = (text: string, writesNames: boolean) =>
  compiledText(text, (maker) => new TinydnsCompiler(maker, 1700000000, writesNames));
const TEXT = '.test:192.0.2.1:a\n+a.b.c.test:192.0.2.5\n+*.test:192.0.2.6\n';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a file has the octets of before, or these', () => {
  assert.equal(sha256(compiled(TEXT, false)), '449b355a5e737d07e81edda01159921995840b56079dc187e0257e2b8266c0d2');
  assert.equal(sha256(compiled(TEXT, true)), '9967ac49d681056a40eb2f4baf1b506c0228964cc60417134a1fbc06cbb46ec2');
});

test('names are written between an owner and its zone, the longest first, each once, and none without a zone', () => {
  const text = `${TEXT}+z.b.c.test:192.0.2.7\n+x.y.other:192.0.2.8\n%v6:[2001:db8::]/32\n`;
  const keys = recordsOf(compiled(text, true)).map(([key]) => key);
  const wire = (name: string) => Buffer.from(nameOf(name)!).toString('latin1');
  const names = keys.filter((key) => key.startsWith('\0.'));
  assert.deepEqual(names, ['\0.', ...['ns.test', 'b.c.test', 'c.test'].map((name) => `\0.${wire(name)}`)]);
  assert.equal(keys.at(-1), '\0/');
});

test('what is written is found, and nothing else', () => {
  const db = compiled(TEXT, true);
  const names = new ExistingNames();
  const has = (name: string) => names.has(db, nameOf(name)!, 0, nameOf(name)!.length);
  assert.equal(names.areWritten(db), true);
  assert.equal(names.areWritten(compiled(TEXT, false)), false);
  for (const name of ['ns.test', 'b.c.test', 'c.test']) assert.equal(has(name), true);
  for (const name of ['test', 'a.b.c.test', 'x.c.test', '.']) assert.equal(has(name), false);
});
