// Makes the man pages: `node dist/tools/man.js docs man VERSION` reads docs/programs and the pages beside it that have
// a section of the manual. marked takes the Markdown apart; this writes its pieces in the language of man(7). A piece
// that has no form here is an error.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexer, type Token, type Tokens } from 'marked';

/** Programs for every user are in section 1, those for the administrator in section 8. */
const USER_PROGRAMS = /^(dns(?!cache)|djbdns-ts$|random-ip$|tai64n|tcprules)/;

/** The manual section of a program. */
export function sectionOf(program: string): '1' | '8' {
  return USER_PROGRAMS.test(program) && !program.endsWith('-conf') ? '1' : '8';
}

/** A page whose title is not its name in the manual. */
const FORMATS = { name: 'tinydns-data', about: 'the formats of data files, data.cdb, rules and logs' };

export interface ManPage {
  /** Its file name: name, dot, section. */
  file: string;
  /** In the language of man(7). */
  text: string;
}

/** All pages that the Markdown below the folder `docs` makes. */
export function manPages(docs: string, version: string): ManPage[] {
  const programs = readdirSync(join(docs, 'programs')).filter((file) => file.endsWith('.md'));
  const names = programs.map((file) => file.slice(0, -3));
  const read = (file: string): string => withSections(readFileSync(join(docs, file), 'utf8'), names);
  return [
    ...programs.map((file) => manPage(read(join('programs', file)), sectionOf(file.slice(0, -3)), version)),
    manPage(read('formats.md'), '5', version, FORMATS),
    manPage(read('djbdns.md'), '7', version),
  ];
}

/** In a page's last part, "See also", the names of programs have the section of their page behind them. */
function withSections(markdown: string, names: readonly string[]): string {
  const at = markdown.indexOf('\n## See also\n');
  const also = markdown.slice(at).replace(/(?<![\w/.-])([a-z][a-z0-9-]*)(`?)(?![\w/.(-])/g, (all, name, quote) => {
    return names.includes(name) ? `${name}${quote}(${sectionOf(name)})` : all;
  });
  return at < 0 ? markdown : markdown.slice(0, at) + also;
}

/** One page. Its name and what it is about are given, or in the first line of `markdown`: `# NAME - what it does`. */
export function manPage(markdown: string, section: string, version: string, given?: typeof FORMATS): ManPage {
  const [title, ...blocks] = lexer(markdown);
  const text = title?.type === 'heading' && title['depth'] === 1 ? (title as Tokens.Heading).text : '';
  const [, ownName, ownAbout] = /^(\S+) [-\u2013\u2014] (.*)$/.exec(text) ?? [];
  const name = given?.name ?? ownName;
  const about = given?.about ?? ownAbout;
  if (!name || !about) throw new Error(`no title: ${markdown.slice(0, 60)}`);
  const head = `.TH ${name.toUpperCase()} ${section} "" "djbdns-ts ${version}" "djbdns"\n.SH NAME\n`;
  const body = blocks.map(block).join('');
  return { file: `${name}.${section}`, text: `${head}${roff(name)} \\- ${roff(about)}\n${body}` };
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

/** Writes the pages of the folder `docs` into the folder `to`, which it empties first. */
export function writePages(docs: string, to: string, version: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const { file, text } of manPages(docs, version)) writeFileSync(join(to, file), text);
}

const [docs, to, version] = process.argv.slice(2);
if (process.argv[1]?.endsWith('tools/man.js') && docs && to && version) writePages(docs, to, version);
