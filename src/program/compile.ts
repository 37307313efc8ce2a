// What the compilers of data files have in common: data, data.tmp, data.cdb in the working directory, the messages,
// the progress line. Counterpart: the mains of tinydns-data.c, rbldns-data.c, pickdns-data.c.
import { fstatSync, openSync, type Stats } from 'node:fs';
import { Fatal, orFatal } from '../base/errors.ts';
import { Replacement } from '../base/files.ts';
import { LineReader } from '../base/lines.ts';
import { CdbMaker, CdbTooLarge } from '../cdb/maker.ts';
import { BadLine } from '../data/bad-line.ts';
import { trimmedEnd } from '../data/fields.ts';
import { Progress } from './progress.ts';

/** A compiler of lines: `line` for every line that is not blank, then `end`. Both may throw `BadLine`. */
export interface LineCompiler {
  /** `text[from..to]` without the blanks at its end; valid during the call. */
  line(text: Uint8Array, from: number, to: number): void;
  /** Adds what could only be added when all lines were seen. */
  end?(): void;
}

/** Compiles `data` to `data.cdb` in the working directory; on any failure data.cdb stays as it is. */
export function compileData(make: (maker: CdbMaker, stats: Stats) => LineCompiler): void {
  process.umask(0o022);
  const fd = orFatal('unable to open data', () => openSync('data', 'r'));
  const stats = orFatal('unable to stat data', () => fstatSync(fd));
  const file = new Replacement('data.cdb', 'data.tmp');
  const maker = new CdbMaker((bytes, length, position) => file.writeAt(bytes, length, position));
  const compiler = make(maker, stats);
  const lines = new LineReader(fd, 'unable to read line');
  const progress = new Progress('bytes', stats.size);
  let number = 0;
  try {
    while (lines.next()) {
      number++;
      if ((number & 1023) === 0) progress.show(lines.consumed, `${number} lines`);
      const end = trimmedEnd(lines.bytes, lines.from, lines.to);
      if (end > lines.from) compiler.line(lines.bytes, lines.from, end);
    }
    compiler.end?.();
    maker.finish();
  } catch (error) {
    if (error instanceof BadLine) throw new Fatal(`unable to parse data line ${number}: ${error.message}`);
    if (error instanceof CdbTooLarge) throw new Fatal('unable to create data.tmp: out of memory');
    throw error;
  } finally {
    progress.end();
  }
  file.commit();
}
