// dnstracesort by table: order, glue, duplicates, overstriking.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortTrace } from '../../src/stub/tracesort.ts';
import { run } from '../support/programs.ts';

const TRACE = `0:.:.:start:NS:.:.
0:.:.:start:A:.:127.4.0.1
1:www.test:.:127.4.0.1:tx
1:www.test:.:127.4.0.1:NS:test:ns1.test
1:www.test:.:127.4.0.1:A:ns1.test:127.4.0.2
1:www.test:.:127.4.0.1:see:test
1:www.test:test:127.4.0.2:answer:www.test 300 A 10.0.0.1
1:www.test:test:127.4.0.2:answer:www.test 300 A 10.0.0.1
1:www.test:test:127.4.0.3:ALERT:lame server; refers to .
16:www.test:test:127.4.0.2:NODATA
1:x.test:test:127.4.0.2:CNAME:y.test
`;

const SORTED = `
16 www._\bt_\be_\bs_\bt 127.4.0.2        NODATA
1 www._\bt_\be_\bs_\bt 127.4.0.3        A\bAL\bLE\bER\bRT\bT:\b: lame server; refers to .
1 www._\bt_\be_\bs_\bt 127.4.0.2        300 A 10.0.0.1
1 www.test 127.4.0.1        see test

1 x._\bt_\be_\bs_\bt 127.4.0.2        CNAME y.test

glue . start            A 127.4.0.1
glue . start            NS .

glue ns1.test 127.4.0.1        A 127.4.0.2

glue test 127.4.0.1        NS ns1.test
`;

test('lines are sorted by question, then result; glue comes last', () => {
  assert.equal(sortTrace(TRACE), SORTED);
  const lines = TRACE.trimEnd().split('\n');
  assert.equal(sortTrace(`${lines.reverse().join('\n')}\n`), SORTED);
});

test('no input gives no output, and octets pass through the program', () => {
  assert.equal(sortTrace(''), '');
  const { code, stdout } = run('dnstracesort', [], { input: Buffer.from('1:a\xff:.:x:NODATA\n', 'latin1') });
  assert.equal(code, 0);
  assert.equal(stdout.toString('latin1'), `\n1 a\xff ${'x'.padEnd(16)} NODATA\n`);
});
