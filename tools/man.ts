// Makes the man pages out of docs/programs/*.md: `node dist/tools/man.js docs/programs man VERSION`. marked takes the
// Markdown apart; this writes its pieces in the language of man(7). A piece that has no form here is an error.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexer, type Token, type Tokens } from 'marked';

/** Programs for every user are in section 1, those for the administrator in section 8. */
const USER_PROGRAMS = /^(dns(?!cache)|random-ip$|tai64n|tcprules)/;

/** The manual section of a program. */
export function sectionOf(program: string): '1' | '8' {
  return USER_PROGRAMS.test(program) && !program.endsWith('-conf') ? '1' : '8';
}

/** The page in the language of man(7). The first line of `markdown` is `# NAME - what it does`. */
export function manPage(markdown: string, version: string): string {
  const [title, ...blocks] = lexer(markdown);
  const text = title?.type === 'heading' && title['depth'] === 1 ? (title as Tokens.Heading).text : '';
  const [, name, about] = /^(\S+) [-\u2013\u2014] (.*)$/.exec(text) ?? [];
  if (!name || !about) throw new Error(`no title: ${markdown.slice(0, 60)}`);
  const head = `.TH ${name.toUpperCase()} ${sectionOf(name)} "" "djbdns-ts ${version}" "djbdns"\n.SH NAME\n`;
  return `${head}${roff(name)} \\- ${roff(about)}\n${blocks.map(block).join('')}`;
}

function block(token: Token): string {
  switch (token.type) {
    case 'space':
      return '';
    case 'heading':
      return heading(token as Tokens.Heading);
    case 'paragraph':
      return `.PP\n${filled((token as Tokens.Paragraph).tokens)}`;
    case 'code':
      return `.PP\n.RS 4\n.nf\n${lines(roff((token as Tokens.Code).text))}.fi\n.RE\n`;
    case 'list':
      return list(token as Tokens.List);
    case 'table':
      return table(token as Tokens.Table);
    default:
      throw new Error(`no form in man(7): ${token.type}: ${token.raw.slice(0, 60)}`);
  }
}

function heading({ depth, tokens }: Tokens.Heading): string {
  return depth === 2 ? `.SH ${inlines(tokens).toUpperCase()}\n` : `.SS ${inlines(tokens)}\n`;
}

/** An item's first text stands beside its mark; what follows is set in below it. */
function list({ items, ordered, start }: Tokens.List): string {
  return items
    .map((item, i) => {
      const [first, ...rest] = item.tokens.filter(({ type }) => type !== 'space');
      if (first?.type !== 'text' && first?.type !== 'paragraph') throw new Error(`no text in item: ${item.raw}`);
      const mark = ordered ? `"${Number(start) + i}."` : '\\(bu';
      const below = rest.map((token) => `.RS 3\n${block(token)}.RE\n`).join('');
      return `.IP ${mark} 3\n${filled((first as Tokens.Text).tokens ?? [])}${below}`;
    })
    .join('');
}

/** A row becomes an entry: the first cell, and the others below it. */
function table({ rows }: Tokens.Table): string {
  return rows
    .map(([first, ...others]) => {
      const rest = others.map(({ tokens }) => inlines(tokens)).filter((text) => text !== '');
      return `.TP\n${filled(first?.tokens ?? [])}${lines(rest.join('; ') || '\\&')}`;
    })
    .join('');
}

function filled(tokens: readonly Token[]): string {
  return lines(inlines(tokens));
}

/** No line of running text may look like a request. */
function lines(text: string): string {
  return `${text.replace(/^(?=[.'])/gm, '\\&')}\n`;
}

function inlines(tokens: readonly Token[]): string {
  return tokens.map(inline).join('');
}

function inline(token: Token): string {
  switch (token.type) {
    case 'text':
    case 'escape':
      return roff((token as Tokens.Text).text);
    case 'codespan':
      return font('B', roff((token as Tokens.Codespan).text));
    case 'strong':
      return font('B', inlines((token as Tokens.Strong).tokens));
    case 'em':
      return font('I', inlines((token as Tokens.Em).tokens));
    case 'link':
      return inlines((token as Tokens.Link).tokens);
    default:
      throw new Error(`no form in man(7): ${token.type}: ${token.raw.slice(0, 60)}`);
  }
}

/** A font does not survive the end of an input line in every formatter. */
function font(name: string, text: string): string {
  return text.replace(/^.*$/gm, `\\f${name}$&\\fR`);
}

/** Text as it is to appear: what has a meaning to roff, or another look in a terminal than in the source, escaped. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replace(/[^\x00-\x7f]/gu, (char) => {
      const point = (char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
      return `\\[u${point}]`;
    });
}

/** Writes a page for every file of `from` into `to`, which it empties first. */
export function writePages(from: string, to: string, version: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from).filter((name) => name.endsWith('.md'))) {
    const program = file.slice(0, -3);
    const page = manPage(readFileSync(join(from, file), 'utf8'), version);
    writeFileSync(join(to, `${program}.${sectionOf(program)}`), page);
  }
}

const [from, to, version] = process.argv.slice(2);
if (process.argv[1]?.endsWith('tools/man.js') && from && to && version) writePages(from, to, version);
