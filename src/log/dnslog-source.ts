// Where log lines come from: standard input, a file, or a directory of multilog, whose rotated files are read oldest
// first and `current` last. A source that is followed finds the lines that a rotation moved away, each line once.
import { closeSync, fstatSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { orFatal } from '../base/errors.ts';
import { readSome } from '../base/lines.ts';

/** Called with each line, Latin-1 without its newline. */
export type OnLine = (line: string) => void;

/** A rotated file's name: the label of its last line's moment, `.s` when complete, `.u` when a crash cut it. */
const ROTATED = /^@[0-9a-f]{24}\.[su]$/;

const chunk = Buffer.allocUnsafe(65536);

/** An open file that is read line by line as far as it goes, again and again. */
class Tail {
  readonly fd: number;
  readonly path: string;
  private rest = '';
  private position = 0;

  constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
  }

  /** Gives out the lines that are complete. `whenRead` comes after each portion, for output to appear with its input. */
  read(onLine: OnLine, whenRead: () => void): void {
    for (;;) {
      const length = orFatal(`unable to read ${this.path}`, () => readSome(this.fd, chunk));
      if (length === 0) return;
      this.position += length;
      const lines = (this.rest + chunk.toString('latin1', 0, length)).split('\n');
      this.rest = lines.pop() as string;
      for (const line of lines) onLine(line);
      whenRead();
    }
  }

  /** The last line when it has no newline: nothing more will come. */
  finish(onLine: OnLine): void {
    if (this.rest !== '') onLine(this.rest);
    this.rest = '';
  }

  /** True when the file has become shorter than what was read of it. */
  isCut(): boolean {
    return fstatSync(this.fd).size < this.position;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** A source of lines. `read` gives out all there is now; `finish` what is left when nothing more is wanted. */
export interface Source {
  read(onLine: OnLine, whenRead: () => void): void;
  finish(onLine: OnLine): void;
}

/**
 * The source that an argument means: a file, a directory with `current` or rotated files in it, or a service directory
 * above one (`log/main`, `main`). Fatal: `unable to open PATH`.
 */
export function openSource(path: string): Source {
  if (!orFatal(`unable to open ${path}`, () => statSync(path)).isDirectory()) return new LogFile(path);
  for (const below of ['log/main', 'main']) {
    const inner = join(path, below);
    if (statSync(inner, { throwIfNoEntry: false })?.isDirectory()) return new LogDirectory(inner);
  }
  return new LogDirectory(path);
}

/** Standard input to its end. */
export function standardInput(): Source {
  return new Tail('input', 0);
}

function open(path: string): Tail {
  return new Tail(
    path,
    orFatal(`unable to open ${path}`, () => openSync(path, 'r')),
  );
}

/** A file, found again under its name when it was replaced or begun anew. */
class LogFile implements Source {
  private readonly path: string;
  private tail: Tail;

  constructor(path: string) {
    this.path = path;
    this.tail = open(path);
  }

  read(onLine: OnLine, whenRead: () => void): void {
    this.tail.read(onLine, whenRead);
    const now = statSync(this.path, { throwIfNoEntry: false });
    if (!now || (now.ino === fstatSync(this.tail.fd).ino && !this.tail.isCut())) return;
    this.tail.read(onLine, whenRead);
    this.finish(onLine);
    this.tail.close();
    this.tail = open(this.path);
    this.tail.read(onLine, whenRead);
  }

  finish(onLine: OnLine): void {
    this.tail.finish(onLine);
  }
}

/** A directory of multilog. */
class LogDirectory implements Source {
  private readonly path: string;
  /** `current`, or what was `current` when it was opened. */
  private tail: Tail | undefined;
  /** Names of the rotated files that have been read. They do not come in order when the clock is set back. */
  private known: ReadonlySet<string> = new Set();

  constructor(path: string) {
    this.path = path;
  }

  read(onLine: OnLine, whenRead: () => void): void {
    this.tail?.read(onLine, whenRead);
    const current = join(this.path, 'current');
    const opened = this.tail && fstatSync(this.tail.fd).ino;
    if (this.tail && statSync(current, { throwIfNoEntry: false })?.ino === opened) return;
    // `current` is opened before the directory is listed: what is rotated between is found under its new name.
    const next = statSync(current, { throwIfNoEntry: false }) ? open(current) : undefined;
    const nextInode = next && fstatSync(next.fd).ino;
    this.finishTail(onLine, whenRead);
    const names = this.rotated();
    const known = new Set(names);
    let isLater = false;
    for (const name of names) {
      if (this.known.has(name)) continue;
      const inode = statSync(join(this.path, name), { throwIfNoEntry: false })?.ino;
      if (inode === undefined || inode === opened) continue;
      if (inode === nextInode) isLater = true;
      if (isLater)
        known.delete(name); // rotated just now: it is read as `next`, and the files after it the next time
      else this.readWhole(name, onLine, whenRead);
    }
    this.known = known;
    this.tail = next;
    next?.read(onLine, whenRead);
  }

  finish(onLine: OnLine): void {
    this.tail?.finish(onLine);
  }

  private rotated(): string[] {
    const names = orFatal(`unable to read ${this.path}`, () => readdirSync(this.path));
    return names.filter((name) => ROTATED.test(name)).sort();
  }

  private finishTail(onLine: OnLine, whenRead: () => void): void {
    this.tail?.read(onLine, whenRead);
    this.tail?.finish(onLine);
    this.tail?.close();
    this.tail = undefined;
  }

  private readWhole(name: string, onLine: OnLine, whenRead: () => void): void {
    const tail = open(join(this.path, name));
    tail.read(onLine, whenRead);
    tail.finish(onLine);
    tail.close();
  }
}
