// Comments and pages keep to the columns that code keeps to, and the tool that wraps them changes no more than it must.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { wrap } from '../../tools/wrap.ts';
import { repository } from '../support/programs.ts';

const wrapComments = (source: string): string => wrap('a.ts', source);
const wrapPage = (page: string): string => wrap('a.md', page);

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

test('in a page text is wrapped, lists with their indent; code, tables and headings are not', () => {
  assert.equal(wrapPage(`${long(21)}\nend\n`), `${long(20)}\noctet end\n`);
  assert.equal(wrapPage(`- ${long(20)}\n- b\n`), `- ${long(19)}\n  octet\n- b\n`);
  assert.equal(wrapPage(`1. ${long(20)}\n   b\n`), `1. ${long(19)}\n   octet b\n`);
  const asItIs = `    ${long(30)}\n\`\`\`\n${long(30)}\n\`\`\`\n| ${long(30)} |\n# ${long(30)}\n`;
  assert.equal(wrapPage(asItIs), asItIs);
});

const FOLDERS = ['src', 'bin', 'test', 'bench', 'tools', 'scripts', 'soak', 'docs'];

test('no comment and no page is wider than code may be', () => {
  const files = FOLDERS.filter((folder) => existsSync(`${repository}/${folder}`)).flatMap((folder) =>
    readdirSync(`${repository}/${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  );
  files.push('README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md');
  const checked = files.filter((file) => /\.(ts|sh|md)$/.test(file));
  assert.ok(checked.length > 300);
  for (const file of checked) {
    const text = readFileSync(`${repository}/${file}`, 'utf8');
    assert.equal(wrap(file, text), text, `${file}: make format wraps it`);
  }
});
