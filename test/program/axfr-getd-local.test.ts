// tinydns-edit, make and the publications of axfr-getd at once; `make soak-publications` for longer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localAndFetched } from '../support/local-and-fetched.ts';
import { needs } from '../support/programs.ts';

test('every data.cdb has all that was made and fetched, and local serials move by local edits only', {
  skip: needs('make'),
}, async () => {
  const counts = await localAndFetched(5, { primary: '127.63.0.1', getd: '127.63.0.2' });
  assert.ok(counts.edits > 0 && counts.publications > 1 && counts.files > 2, JSON.stringify(counts));
});
