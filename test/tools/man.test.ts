// The man pages: what each piece of Markdown becomes, and that every page renders without a warning.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { manPage, manPages, sectionOf, writePages } from '../../tools/man.ts';
import { find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';

function body(markdown: string): string {
  return manPage(`# x - y\n${markdown}`, '1', '0').text.split('\n').slice(3).join('\n');
}

const PIECES: readonly (readonly [markdown: string, roff: string])[] = [
  ['\nplain\ntext\n', '.PP\nplain\ntext\n'],
  ['\n`a-b` and **bold** and *it*\n', '.PP\n\\fBa\\-b\\fR and \\fBbold\\fR and \\fIit\\fR\n'],
  ['\n.dot and back\\slash\n', '.PP\n\\&.dot and back\\eslash\n'],
  ["\n'quoted'\n", '.PP\n\\(aqquoted\\(aq\n'],
  ['\n`a **b** c`\n', '.PP\n\\fBa **b** c\\fR\n'],
  ['\n2 * 3 * 4\n', '.PP\n2 * 3 * 4\n'],
  ['\n## Exit codes\n\n### Sub\n', '.SH EXIT CODES\n.SS Sub\n'],
  ['\n    code `x`\n\n    .more\n\ntext\n', '.PP\n.RS 4\n.nf\ncode \\(gax\\(ga\n\n\\&.more\n.fi\n.RE\n.PP\ntext\n'],
  ['\n- one\n  more\n- two\n', '.IP \\(bu 3\none\nmore\n.IP \\(bu 3\ntwo\n'],
  ['\n1. one\n\n2. two\n', '.IP "1." 3\none\n.IP "2." 3\ntwo\n'],
  ['\n- one\n  - deep\n- two\n', '.IP \\(bu 3\none\n.RS 3\n.IP \\(bu 3\ndeep\n.RE\n.IP \\(bu 3\ntwo\n'],
  ['\n- one\n\n      code\n', '.IP \\(bu 3\none\n.RS 3\n.PP\n.RS 4\n.nf\ncode\n.fi\n.RE\n.RE\n'],
  ['\n| a | b | c |\n| --- | --- | --- |\n| `x` | y | z |\n', '.TP\n\\fBx\\fR\ny; z\n'],
  ['\nsee [the page](page.md)\n', '.PP\nsee the page\n'],
  ['\n\u00b5s\n', '.PP\n\\[u00B5]s\n'],
];

test('each piece of Markdown becomes its request', () => {
  for (const [markdown, roff] of PIECES) assert.equal(body(markdown), roff, markdown);
});

test('a page without a title is refused', () => {
  assert.throws(() => manPage('## Synopsis\n', '1', '0'), /no title/);
});

const pages = readdirSync(`${repository}/docs/programs`).filter((name) => name.endsWith('.md'));

/** The parts of a page in their order; a page leaves out those that would be empty. */
const PARTS = ['Synopsis', 'Description', 'Environment', 'Files', 'Messages', 'Exit codes', 'Examples', 'See also'];

for (const page of pages) {
  const program = page.replace(/\.md$/, '');
  const source = readFileSync(`${repository}/docs/programs/${page}`, 'utf8');

  test(`the page of ${program} has the parts that a page has, in order`, () => {
    assert.ok(source.startsWith(`# ${program} - `));
    const parts = [...source.matchAll(/^## (.*)$/gm)].map((match) => match[1] as string);
    assert.deepEqual(
      parts,
      PARTS.filter((part) => parts.includes(part)),
    );
    for (const part of ['Synopsis', 'Description', 'Exit codes']) assert.ok(parts.includes(part), part);
  });
}

const made = temporaryDirectory();
writePages(`${repository}/docs`, made, '0.0.0');

test('programs that a page refers to are named with their section, as man wants them', () => {
  const also = /\.SH SEE ALSO\n([\s\S]*)/.exec(readFileSync(`${made}/tinydns.8`, 'utf8'))?.[1] ?? '';
  assert.match(also, /tinydns\\-data(?:\\fR)?\(8\)/);
  assert.doesNotMatch(also, /tinydns\\-data(?:\\fR)?[,.\n]/);
});

for (const file of readdirSync(made)) {
  test(`the man page ${file} renders without a warning`, { skip: needs('groff') }, () => {
    const groff = run(find('groff') as string, ['-man', '-ww', '-Tutf8', '-rCHECKSTYLE=3', `${made}/${file}`]);
    assert.deepEqual([groff.code, groff.stderr], [0, '']);
    assert.match(groff.stdout.toString(), new RegExp(file.slice(0, file.lastIndexOf('.'))));
  });
}

test('every program has a page, and every page is in the package', () => {
  const { bin, man } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as {
    bin: Record<string, string>;
    man: string[];
  };
  const programs = Object.keys(bin).sort();
  assert.deepEqual(pages.map((page) => page.replace(/\.md$/, '')).sort(), programs);
  const files = manPages(`${repository}/docs`, '0.0.0').map(({ file }) => `man/${file}`);
  assert.deepEqual([...man].sort(), files.sort());
  for (const program of programs) assert.ok(files.includes(`man/${program}.${sectionOf(program)}`), program);
});
