// What the compilers of data files have in common: data, data.tmp, data.cdb in the working directory, the messages,
// the progress line. Counterpart: the mains of tinydns-data.c, rbldns-data.c, pickdns-data.c.
import { closeSync, fstatSync, lstatSync, openSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { textOf } from '../base/bytes.ts';
import { Fatal, orFatal } from '../base/errors.ts';
import { pathBytes, Replacement } from '../base/files.ts';
import { LineReader } from '../base/lines.ts';
import { CdbMaker, CdbTooLarge } from '../cdb/maker.ts';
import { BadLine } from '../data/bad-line.ts';
import { trimmedEnd } from '../data/fields.ts';
import { hasIncludes, INCLUDE, lockDirectory } from './data-lock.ts';
import { complain, isTerminal } from './main.ts';
import { Progress } from './progress.ts';

/** A compiler of lines: `line` for every line that is not blank, then `end`. Both may throw `BadLine`. */
export interface LineCompiler {
  /** `text[from..to]` without the blanks at its end; valid during the call. */
  line(text: Uint8Array, from: number, to: number): void;
  /** Adds what could only be added when all lines were seen. */
  end?(): void;
  /**
   * The lines that follow are of a file last changed at `mtime` (Unix seconds). A compiler that has this takes lines
   * `Ipath`, which stand for the lines of other files.
   */
  startFile?(mtime: number): void;
}

type MakeCompiler = (maker: CdbMaker, stats: Stats) => LineCompiler;

/** The file `data`, open. */
interface Source {
  readonly fd: number;
  readonly stats: Stats;
}

/** Compiles `data` to `data.cdb` in the working directory; on any failure data.cdb stays as it is. */
export function compileData(make: MakeCompiler): void {
  process.umask(0o022);
  let source = openData();
  // A pipe cannot be read twice.
  if (!source.stats.isFile() || !hasIncludes(source.fd, 'unable to read line')) return compileSource(source, make);
  lockDirectory('.');
  do {
    // Data that were replaced while we waited or compiled are older than data.cdb: make would leave them there.
    closeSync(source.fd);
    source = openData();
    compileSource(source, make);
  } while (isReplaced(source.stats));
}

function openData(): Source {
  const fd = orFatal('unable to open data', () => openSync('data', 'r'));
  return { fd, stats: orFatal('unable to stat data', () => fstatSync(fd)) };
}

/** True when `data` is not what it was. */
function isReplaced({ ino, mtimeMs, size }: Stats): boolean {
  const now = statSync('data', { throwIfNoEntry: false });
  return now !== undefined && (now.ino !== ino || now.mtimeMs !== mtimeMs || now.size !== size);
}

function compileSource({ fd, stats }: Source, make: MakeCompiler): void {
  const file = new Replacement('data.cdb', 'data.tmp');
  const maker = new CdbMaker((bytes, length, position) => file.writeAt(bytes, length, position));
  const compiler = make(maker, stats);
  const progress = new Progress('bytes', stats.size);
  try {
    compileFile(
      compiler,
      { name: 'data', fd, mtime: mtimeOf(stats), mayInclude: compiler.startFile !== undefined },
      progress,
    );
    compiler.end?.();
    maker.finish();
  } catch (error) {
    if (error instanceof CdbTooLarge) throw new Fatal('unable to create data.tmp: out of memory');
    throw error;
  } finally {
    progress.end();
  }
  file.commit();
}

interface DataFile {
  /** As messages have it. */
  readonly name: string;
  readonly fd: number;
  readonly mtime: number;
  readonly mayInclude: boolean;
}

function compileFile(compiler: LineCompiler, file: DataFile, progress: Progress): void {
  const { name, fd, mayInclude } = file;
  const lines = new LineReader(fd, 'unable to read line');
  let number = 0;
  try {
    while (lines.next()) {
      number++;
      if ((number & 1023) === 0) progress.show(lines.consumed, `${number} lines`);
      const end = trimmedEnd(lines.bytes, lines.from, lines.to);
      if (end === lines.from) continue;
      if (mayInclude && lines.bytes[lines.from] === INCLUDE) {
        for (const path of included(textOf(lines.bytes, lines.from + 1, end))) include(compiler, path, progress);
        compiler.startFile?.(file.mtime);
      } else compiler.line(lines.bytes, lines.from, end);
    }
  } catch (error) {
    if (error instanceof BadLine) throw new Fatal(`unable to parse ${name} line ${number}: ${error.message}`);
    // The original's words alone reach scripts and logs: they do not say where.
    if (error instanceof Fatal && isTerminal(2)) {
      progress.end();
      complain(`${name} line ${number}:`);
    }
    throw error;
  }
}

/** The files that a line `Ipath` stands for: the file, or those of the directory in the order of their octets. */
function included(path: string): string[] {
  const failure = `unable to open ${path}`;
  return orFatal(failure, () => {
    if (!statSync(whereIs(path)).isDirectory()) return [path];
    const names = readdirSync(whereIs(path), 'latin1')
      .filter((name) => !name.startsWith('.'))
      .sort();
    return names
      .map((name) => `${path}/${name}`)
      .filter((file) => lstatSync(whereIs(file), { throwIfNoEntry: false })?.isFile());
  });
}

function include(compiler: LineCompiler, path: string, progress: Progress): void {
  const fd = orFatal(`unable to open ${path}`, () => openSync(whereIs(path), 'r'));
  const mtime = mtimeOf(orFatal(`unable to open ${path}`, () => fstatSync(fd)));
  compiler.startFile?.(mtime);
  compileFile(compiler, { name: path, fd, mtime, mayInclude: false }, progress);
  closeSync(fd);
}

/** A path of an `I` line: relative to where `data` lies, links followed. */
function whereIs(path: string): Buffer {
  if (path.startsWith('/')) return pathBytes(path);
  return pathBytes(`${dirname(realpathSync('data', 'latin1'))}/${path}`);
}

function mtimeOf({ mtimeMs }: Stats): number {
  return Math.floor(mtimeMs / 1000);
}
