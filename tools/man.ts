// Makes the man pages out of docs/programs/*.md: `node dist/tools/man.js docs/programs man VERSION`. Understands what
// those pages consist of, which is little Markdown: headings, paragraphs, lists, indented code, tables, `code`,
// **bold**. Anything it does not know stays text.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Programs for every user are in section 1, those for the administrator in section 8. */
const USER_PROGRAMS = /^(dns(?!cache)|random-ip$|tai64n|tcprules)/;

/** The manual section of a program. */
export function sectionOf(program: string): '1' | '8' {
  return USER_PROGRAMS.test(program) && !program.endsWith('-conf') ? '1' : '8';
}

/** The page in the man(7) language. The first line of `markdown` is `# NAME - what it does`. */
export function manPage(markdown: string, version: string): string {
  const [, name, about] = /^# (\S+) [-\u2013\u2014] (.*)\n/.exec(markdown) ?? [];
  if (!name || !about) throw new Error(`no title: ${markdown.slice(0, 60)}`);
  const head = `.TH ${name.toUpperCase()} ${sectionOf(name)} "" "djbdns-ts ${version}" "djbdns"\n.SH NAME\n`;
  return `${head}${roff(name)} \\- ${inline(about)}\n${new Page(markdown.split('\n').slice(1)).text()}`;
}

const ITEM = /^( *)(?:[-*]|\d+\.) +/;

class Page {
  private readonly lines: readonly string[];
  private at = 0;
  private out = '';

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }

  text(): string {
    while (this.at < this.lines.length) this.block();
    return this.out;
  }

  private get line(): string {
    return this.lines[this.at] ?? '';
  }

  private block(): void {
    const { line } = this;
    if (line === '') this.at++;
    else if (/^##+ /.test(line)) this.heading();
    else if (line.startsWith('    ')) this.code(4);
    else if (ITEM.test(line)) this.list();
    else if (line.startsWith('|')) this.table();
    else this.paragraph();
  }

  private heading(): void {
    const [, marks = '', text = ''] = /^(##+) (.*)/.exec(this.line) ?? [];
    this.out += marks.length === 2 ? `.SH ${inline(text).toUpperCase()}\n` : `.SS ${inline(text)}\n`;
    this.at++;
  }

  private paragraph(): void {
    this.out += `.PP\n${this.running(() => /^(##+ |\||$)/.test(this.line) || ITEM.test(this.line))}`;
  }

  /** Lines up to one that `ends` the text, as one piece. */
  private running(ends: () => boolean): string {
    const words = [this.line.trim()];
    for (this.at++; this.at < this.lines.length && !ends(); this.at++) words.push(this.line.trim());
    return filled(words.join('\n'));
  }

  private code(indent: number): void {
    this.out += '.PP\n.RS 4\n.nf\n';
    while (this.at < this.lines.length && (this.line === '' || this.line.startsWith(' '.repeat(indent)))) {
      if (this.line === '' && !this.lines[this.at + 1]?.startsWith(' '.repeat(indent))) break;
      this.out += `${literal(this.line.slice(indent))}\n`;
      this.at++;
    }
    this.out += '.fi\n.RE\n';
  }

  private list(): void {
    const indent = ITEM.exec(this.line)?.[1]?.length ?? 0;
    for (let item = ITEM.exec(this.line); item && item[1]?.length === indent; item = ITEM.exec(this.line)) {
      const mark = /\d/.test(item[0]) ? `"${item[0].trim()}"` : '\\(bu';
      const inner = item[0].length;
      this.out += `.IP ${mark} 3\n`;
      const first = this.line.slice(inner);
      const words = [first];
      for (
        this.at++;
        /^ *\S/.test(this.line) && !ITEM.test(this.line) && this.line.startsWith(' '.repeat(indent + 1));
        this.at++
      ) {
        words.push(this.line.trim());
      }
      this.out += filled(words.join('\n'));
      this.rest(indent, inner);
    }
  }

  /** What belongs to an item after its first paragraph: deeper lists, code, and more paragraphs. */
  private rest(indent: number, inner: number): void {
    for (;;) {
      const blank = this.line === '' ? 1 : 0;
      const next = this.lines[this.at + blank] ?? '';
      const depth = /^ */.exec(next)?.[0].length ?? 0;
      if (next === '' || depth <= indent) {
        if (blank && ITEM.exec(next)?.[1]?.length === indent) this.at++;
        return;
      }
      this.at += blank;
      this.out += '.RS 3\n';
      if (depth >= inner + 4) this.code(inner + 4);
      else if (ITEM.test(next)) this.list();
      else this.paragraph();
      this.out += '.RE\n';
    }
  }

  /** A row becomes an entry: the first cell, and the others below it. */
  private table(): void {
    const rows: string[][] = [];
    for (; this.line.startsWith('|'); this.at++) rows.push(cells(this.line));
    const [, , ...body] = rows;
    for (const [first = '', ...others] of body) {
      this.out += `.TP\n${filled(first)}${filled(others.filter((cell) => cell !== '').join('; ') || '\\&')}`;
    }
  }
}

function cells(row: string): string[] {
  const inner = row.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** Running text; no line of it may look like a request. */
function filled(text: string): string {
  return `${inline(text)
    .split('\n')
    .map((line) => line.replace(/^(?=[.'])/, '\\&'))
    .join('\n')}\n`;
}

function literal(line: string): string {
  return roff(line).replace(/^(?=[.'])/, '\\&');
}

/** `code`, **bold**, *emphasis* and [links](to), which may run over line ends. */
function inline(text: string): string {
  let out = '';
  const mark = /(`+)([\s\S]+?)\1|\*\*([\s\S]+?)\*\*|(?<![\w*])\*([^\s*][^*]*?)\*(?!\w)|\[([^\]]+)\]\(([^)\s]+)\)/g;
  let from = 0;
  for (let match = mark.exec(text); match; match = mark.exec(text)) {
    const [all, , code, bold, emphasis, link] = match;
    out += roff(text.slice(from, match.index));
    from = match.index + all.length;
    if (code !== undefined) out += font('B', roff(code));
    else if (bold !== undefined) out += font('B', roff(bold));
    else if (emphasis !== undefined) out += font('I', roff(emphasis));
    else out += inline(link as string);
  }
  return out + roff(text.slice(from));
}

/** A font does not survive the end of an input line in every formatter. */
function font(name: string, text: string): string {
  return text
    .split('\n')
    .map((line) => `\\f${name}${line}\\fR`)
    .join('\n');
}

function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replace(
      /[^\x00-\x7f]/gu,
      (char) => `\\[u${(char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
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
