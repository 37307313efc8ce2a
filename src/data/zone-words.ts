// The entries of a zone file: directives and records as words. RFC 1035 section 5.1: parentheses join lines, a
// semicolon begins a comment, quotes make blanks and both of them plain, `\DDD` is an octet in decimal. Escapes come
// out in octal, which is how the rest of the project reads them.
import type { Token } from '../wire/tokens.ts';

/** What is wrong, and in which line of which file. */
export class ZoneFileError extends Error {
  override name = 'ZoneFileError';
  constructor(file: string, line: number, reason: string) {
    super(`${file}:${line}: ${reason}`);
  }
}

export interface Entry {
  readonly words: readonly Token[];
  /** It begins with a blank: the owner is that of the entry before. */
  readonly isContinued: boolean;
  /** The line that it begins in, from 1. */
  readonly line: number;
}

/** Reads a file entry by entry. */
export class EntryReader {
  private readonly file: string;
  private readonly text: string;
  private at = 0;
  private line = 1;

  /** `text` has one UTF-16 unit for each octet of the file. */
  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** The next entry that has a word; undefined at the end of the file. Throws `ZoneFileError`. */
  next(): Entry | undefined {
    while (this.at < this.text.length) {
      const entry = this.entry();
      if (entry.words.length > 0) return entry;
    }
    return undefined;
  }

  private entry(): Entry {
    const { text, line } = this;
    const words: Token[] = [];
    const isContinued = isBlank(text[this.at]!);
    let depth = 0;
    for (;;) {
      const character = text[this.at];
      if (character === undefined || character === '\n') {
        if (depth > 0 && character === undefined) throw this.error('a parenthesis stays open', line);
        this.at++;
        this.line++;
        if (depth === 0) return { words, isContinued, line };
      } else if (character === ';') this.skipComment();
      else if (character === '(') {
        depth++;
        this.at++;
      } else if (character === ')') {
        if (--depth < 0) throw this.error('a parenthesis is closed that was not open');
        this.at++;
      } else if (isBlank(character)) this.at++;
      else words.push(this.word());
    }
  }

  private skipComment(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  private word(): Token {
    const { text } = this;
    if (text[this.at] === '"') return this.quoted();
    let word = '';
    // Quotes inside of a word are part of it, as in `alpn="h2"`.
    let isOpen = false;
    for (; this.at < text.length; ) {
      const character = text[this.at]!;
      if (character === '\n' || (!isOpen && isSeparator(character))) break;
      if (character === '"') {
        isOpen = !isOpen;
        this.at++;
      } else word += this.unit();
    }
    if (isOpen) throw this.error('a quote stays open');
    return { text: word, isQuoted: false };
  }

  private quoted(): Token {
    const { text } = this;
    let word = '';
    for (this.at++; text[this.at] !== '"'; ) {
      if (this.at >= text.length || text[this.at] === '\n') throw this.error('a quote stays open');
      word += this.unit();
    }
    this.at++;
    return { text: word, isQuoted: true };
  }

  /** A character, or an escape with its octet in octal. */
  private unit(): string {
    const { text } = this;
    const character = text[this.at++]!;
    if (character !== '\\') return character;
    const next = text[this.at];
    if (next === undefined || next === '\n') throw this.error('a backslash escapes nothing');
    if (!isDigit(next)) {
      this.at++;
      return `\\${next}`;
    }
    const digits = text.slice(this.at, this.at + 3);
    if (!/^[0-9]{3}$/.test(digits) || Number(digits) > 255) throw this.error(`bad escape \\${digits}`);
    this.at += 3;
    return `\\${Number(digits).toString(8).padStart(3, '0')}`;
  }

  private error(reason: string, line = this.line): ZoneFileError {
    return new ZoneFileError(this.file, line, reason);
  }
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r';
}

function isSeparator(character: string): boolean {
  return isBlank(character) || character === ';' || character === '(' || character === ')';
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}
