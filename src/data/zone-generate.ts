// $GENERATE of zone files: a record for each number of a range. Ours is BIND's: `$` in a word is the number,
// `${OFFSET,WIDTH,BASE}` the number plus the offset, with leading zeros, in base d, o, x, X, n or N (the digits of
// hexadecimal with dots between, the last one first); `$$` is a dollar.
import type { Token } from '../wire/tokens.ts';

/** Records that one line may make. */
const RECORDS_MAX = 1_000_000;

/** The words of each record that the words behind `$GENERATE` make. `fail` takes what is wrong with them. */
export function* generated(words: readonly Token[], fail: (reason: string) => never): Generator<Token[]> {
  const [range, ...template] = words;
  const [, first, last, step = '1'] = /^([0-9]{1,10})-([0-9]{1,10})(?:\/([0-9]{1,10}))?$/.exec(range?.text ?? '') ?? [];
  if (first === undefined || Number(last) < Number(first) || Number(step) === 0) {
    return fail('$GENERATE takes a range, FIRST-LAST or FIRST-LAST/STEP');
  }
  if (template.length < 3) return fail('$GENERATE takes a range, a name, a type and data');
  if ((Number(last) - Number(first)) / Number(step) >= RECORDS_MAX) return fail('$GENERATE makes too many records');
  for (let n = Number(first); n <= Number(last); n += Number(step)) {
    yield template.map((word) => ({ ...word, text: substituted(word.text, n, fail) }));
  }
}

function substituted(text: string, number: number, fail: (reason: string) => never): string {
  return text.replace(/\\.|\$\$|\$(?:\{([^}]*)\})?/gs, (match, modifier: string | undefined) => {
    if (match.startsWith('\\')) return match === '\\$' ? '$' : match;
    if (match === '$$') return '$';
    if (modifier === undefined) return String(number);
    const [, offset, width = '0', base = 'd'] =
      /^(-?[0-9]{1,9})(?:,([0-9]{1,2})(?:,([doxXnN]))?)?$/.exec(modifier) ?? [];
    if (offset === undefined || number + Number(offset) < 0) return fail(`bad modifier \${${modifier}}`);
    return formatted(number + Number(offset), Number(width), base);
  });
}

const RADIX: Readonly<Record<string, number>> = { d: 10, o: 8, x: 16, X: 16 };

function formatted(number: number, width: number, base: string): string {
  const radix = RADIX[base];
  if (radix !== undefined) {
    const digits = number.toString(radix).padStart(width, '0');
    return base === 'X' ? digits.toUpperCase() : digits;
  }
  // The width of nibbles counts their dots.
  const digits = number.toString(16).padStart(Math.ceil(width / 2), '0');
  const nibbles = [...(base === 'N' ? digits.toUpperCase() : digits)].reverse().join('.');
  return nibbles;
}
