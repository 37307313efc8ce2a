// Filters of lines take time in proportion to a line's length. The bounds are many times what it takes, and a quarter
// of what it took when each portion of input copied all before it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../support/programs.ts';

const INPUT = Buffer.alloc(80_000_000, 'x');

for (const program of ['dnsfilter', 'dnslog', 'tai64nlocal']) {
  test(`${program} passes a line of 80 MB on without copying it again and again`, () => {
    const { code, stdout, stderr } = run(program, [], { input: INPUT, timeout: 20_000 });
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout.toString('latin1', 0, INPUT.length) === INPUT.toString('latin1'), true);
  });
}
