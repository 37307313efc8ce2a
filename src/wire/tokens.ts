// The words that the text of record data consists of: in typed data lines, and in zone files once their escapes are in
// octal. Escaped octets are data and never syntax, so a word keeps its escapes until somebody asks for its octets.
import { bytesOf } from '../base/bytes.ts';
import { unescapeText } from './escape.ts';

/** A word: its text without quote marks, escapes still in it (one UTF-16 unit for each octet). */
export interface Token {
  readonly text: string;
  /** Part of it was in quotes. */
  readonly isQuoted: boolean;
}

/** The words of `text`, which blanks outside quotes divide; undefined when a quote stays open. */
export function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    if (isBlank(text[at]!)) {
      at++;
      continue;
    }
    let word = '';
    let isQuoted = false;
    let isOpen = false;
    for (; at < text.length && (isOpen || !isBlank(text[at]!)); at++) {
      const character = text[at]!;
      if (character === '"') {
        isOpen = !isOpen;
        isQuoted = true;
      } else {
        word += character;
        if (character === '\\' && at + 1 < text.length) word += text[++at]!;
      }
    }
    if (isOpen) return undefined;
    tokens.push({ text: word, isQuoted });
  }
  return tokens;
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}

/** The octets that a word means. */
export function octetsOf(text: string): Uint8Array {
  const bytes = bytesOf(text);
  return bytes.slice(0, unescapeText(bytes, 0, bytes.length, bytes, 0));
}
