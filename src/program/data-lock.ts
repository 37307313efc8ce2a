// A data file that others' copies are compiled with (lines `Ipath`): who compiles it and who edits it wait for each
// other, because a publication of axfr-getd may come at any time. A data file without such lines is compiled by hand
// only, as ever, and nobody locks anything.
import { openSync, readSync } from 'node:fs';
import { orFatal } from '../base/errors.ts';
import { pathBytes } from '../base/files.ts';
import { lockFile } from '../base/libc.ts';

/** What a line begins with that stands for other files. */
export const INCLUDE = 73; // I
const NEWLINE = 10;

/**
 * True when a line of an open file begins with `I`. `failure` is said when it cannot be read, with the exit code
 * `exitCode`.
 */
export function hasIncludes(fd: number, failure: string, exitCode = 111): boolean {
  const chunk = Buffer.alloc(1 << 16);
  let before = NEWLINE;
  for (let position = 0; ; ) {
    const got = orFatal(failure, () => readSync(fd, chunk, 0, chunk.length, position), exitCode);
    if (got === 0) return false;
    const part = chunk.subarray(0, got);
    const first = part.indexOf(INCLUDE);
    if (first === 0 && before === NEWLINE) return true;
    if (first >= 0 && part.includes('\nI', Math.max(0, first - 1), 'latin1')) return true;
    before = chunk[got - 1]!;
    position += got;
  }
}

/**
 * Locks the directory (a path as `pathBytes` takes it) until the process ends, after whoever has it locked now. What
 * was opened before may have been replaced meanwhile.
 */
export function lockDirectory(path: string): void {
  orFatal('unable to lock directory', () => lockFile(openSync(pathBytes(path), 'r'), true));
}
