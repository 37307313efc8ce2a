// Lines of a data file to a cdb in memory.
import { Fatal } from '../base/errors.ts';
import { cdbInMemory } from '../cdb/in-memory.ts';
import { BadLine } from './bad-line.ts';
import { trimmedEnd } from './fields.ts';
import { TinydnsCompiler } from './tinydns-text.ts';

const NEWLINE = 10;

/** A line that tinydns-data would refuse. `line` counts from 1. */
export class DataError extends Error {
  override name = 'DataError';
  readonly line: number;
  constructor(line: number, reason: string) {
    super(`unable to parse data line ${line}: ${reason}`);
    this.line = line;
  }
}

/**
 * The octets of the data.cdb of `text`. `serial` is that of zones that do not state theirs. Throws `DataError` for a
 * line that tinydns-data would refuse.
 */
export function compiled(text: Uint8Array, serial: number): Uint8Array {
  return cdbInMemory((maker) => {
    const compiler = new TinydnsCompiler(maker, serial);
    for (let from = 0, line = 1; from < text.length; line++) {
      const newline = text.indexOf(NEWLINE, from);
      const to = newline < 0 ? text.length : newline;
      const end = trimmedEnd(text, from, to);
      try {
        if (end > from) compiler.line(text, from, end);
      } catch (error) {
        if (error instanceof BadLine || error instanceof Fatal) throw new DataError(line, error.message);
        throw error;
      }
      from = to + 1;
    }
    compiler.end();
  });
}
