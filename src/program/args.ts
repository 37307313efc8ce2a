// Arguments and environment as the bytes that the kernel passed. Node decodes both as UTF-8 and loses what is not;
// djbdns takes any octets.
import { readFileSync } from 'node:fs';
import { textOf } from '../base/bytes.ts';

const LOST = '\ufffd';

/** The bytes of argument `index` (0 is the first after the program), which Node shows as `args[index]`. */
export function argBytes(args: readonly string[], index: number): Uint8Array {
  const text = args[index] ?? '';
  if (text.includes(LOST)) {
    const all = rawStrings('/proc/self/cmdline');
    const raw = all[all.length - args.length + index];
    if (raw) return raw;
  }
  return Buffer.from(text, 'utf8');
}

/** The bytes of an environment variable, or undefined when it is not set. */
export function envBytes(name: string): Uint8Array | undefined {
  const text = process.env[name];
  if (text === undefined) return undefined;
  if (text.includes(LOST)) {
    const raw = rawStrings('/proc/self/environ').find(
      (entry) => entry.toString('latin1', 0, name.length + 1) === `${name}=`,
    );
    if (raw) return raw.subarray(name.length + 1);
  }
  return Buffer.from(text, 'utf8');
}

/** An argument's bytes as Latin-1 text, for messages that repeat it: `complain` writes Latin-1. */
export function argText(args: readonly string[], index: number): string {
  return textOf(argBytes(args, index));
}

function rawStrings(file: string): Buffer[] {
  let all: Buffer;
  try {
    all = readFileSync(file);
  } catch {
    return [];
  }
  const strings: Buffer[] = [];
  for (let from = 0; from < all.length; ) {
    const nul = all.indexOf(0, from);
    const to = nul < 0 ? all.length : nul;
    strings.push(all.subarray(from, to));
    from = to + 1;
  }
  return strings;
}

/** What `scanAnyType` takes, for --help. */
export const TYPE_NOTES = 'A type is a number, a mnemonic of the IANA registry (a, mx, https, ...) or TYPEnnn.';
