// Comments and pages of at most 120 columns: Biome holds code to that, and leaves these alone. `node dist/tools/wrap.js
// FILE...` moves the words that stand too far right to the next line. Only the paragraph with the long line changes.
import { readFileSync, writeFileSync } from 'node:fs';

export const COLUMNS = 120;

/** What begins a line that is a comment and nothing else: indent, mark, blank. */
const COMMENT = /^(\s*(?:\/\/|\*(?!\/)|#(?!!)) ?)(.*)$/;

/** A line that begins a paragraph of its own: an item of a list, a table, something indented, a tag. */
const APART = /^(?:[-*|@]|\d+\. |\s)/;

/** In a page: what stays as it is (code, tables, headings), and the indent and mark that a line of text begins with. */
const PAGE_APART = /^(?: {4}|\||#)/;
const PAGE_LINE = /^( *(?:(?:[-*]|\d+\.) +)?)(.*)$/;

/** The file's text with its overlong lines wrapped: comments, or in a page (.md) running text. */
export function wrap(file: string, text: string): string {
  return file.endsWith('.md') ? wrapPage(text) : wrapComments(text);
}

function wrapPage(page: string): string {
  const lines = page.split('\n');
  let isCode = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith('```')) isCode = !isCode;
    if (line.length <= COLUMNS || isCode || PAGE_APART.test(line)) continue;
    const [, mark = ''] = PAGE_LINE.exec(line) ?? [];
    const at = line.lastIndexOf(' ', COLUMNS);
    if (at < mark.length) continue;
    const indent = ' '.repeat(mark.length);
    lines[i] = line.slice(0, at);
    const rest = indent + line.slice(at + 1);
    const next = lines[i + 1] ?? '';
    const [, nextMark = '', nextText = ''] = PAGE_LINE.exec(next) ?? [];
    const continues = nextMark === indent && nextText !== '' && !/^(?:[|#]|```)/.test(nextText);
    if (continues) lines[i + 1] = `${rest} ${nextText}`;
    else lines.splice(i + 1, 0, rest);
  }
  return lines.join('\n');
}

function wrapComments(source: string): string {
  const lines = source.split('\n').flatMap(opened);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.length <= COLUMNS) continue;
    const [, mark = '', text = ''] = COMMENT.exec(line) ?? [];
    const room = COLUMNS - mark.length;
    const at = text.lastIndexOf(' ', room);
    if (mark === '' || at <= 0) continue;
    lines[i] = mark + text.slice(0, at);
    const rest = text.slice(at + 1);
    const hanging = /^(?:- |\d+\. )/.exec(text)?.[0].length ?? 0;
    const [, nextMark, next = ''] = COMMENT.exec(lines[i + 1] ?? '') ?? [];
    const continues = nextMark === mark && next !== '' && !APART.test(next);
    if (continues) lines[i + 1] = `${mark}${rest} ${next}`;
    else lines.splice(i + 1, 0, mark + ' '.repeat(hanging) + rest);
  }
  return lines.join('\n');
}

/** An overlong comment of one line, opened into three. */
function opened(line: string): string[] {
  const [, indent, text] = /^(\s*)\/\*\* (.*) \*\/$/.exec(line) ?? [];
  if (line.length <= COLUMNS || text === undefined) return [line];
  return [`${indent}/**`, `${indent} * ${text}`, `${indent} */`];
}

if (process.argv[1]?.endsWith('tools/wrap.js')) {
  for (const file of process.argv.slice(2)) {
    const text = readFileSync(file, 'utf8');
    const wrapped = wrap(file, text);
    if (wrapped !== text) writeFileSync(file, wrapped);
  }
}
