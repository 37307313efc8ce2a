// Types as people and djbdns's programs write them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scanType } from '../../src/wire/type.ts';

test('types are digits or mnemonics, and nothing that every object has', () => {
  const wanted = { '': 0, '1': 1, '65537': 1, '4294967298': 2, aNy: 255, AXFR: 252, '1x': -1, '-1': -1, srv: -1 };
  for (const [text, type] of Object.entries(wanted)) assert.equal(scanType(text), type, text);
  for (const text of ['constructor', 'toString', '__proto__']) assert.equal(scanType(text), -1, text);
});
