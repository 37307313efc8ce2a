// The tool that wraps comments: what it changes, and what it leaves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapComments } from '../../tools/comments.ts';

const long = (words: number): string => Array.from({ length: words }, () => 'octet').join(' ');

test('words that stand too far right go to the next line of the paragraph', () => {
  assert.equal(wrapComments(`// ${long(21)}\n// end\nf();\n`), `// ${long(19)}\n// octet octet end\nf();\n`);
  assert.equal(wrapComments(`  /** ${long(21)} */\n`), `  /**\n   * ${long(19)}\n   * octet octet\n   */\n`);
});

test('a list, an empty line, and what is no comment stay apart', () => {
  assert.equal(wrapComments(` * - ${long(20)}\n * - b\n`), ` * - ${long(19)}\n *   octet\n * - b\n`);
  assert.equal(wrapComments(`// ${long(20)}\n//\n// b\n`), `// ${long(19)}\n// octet\n//\n// b\n`);
  const code = `f('${long(30)}');\n// ${'x'.repeat(200)}\n`;
  assert.equal(wrapComments(code), code);
});
