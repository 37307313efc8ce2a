// Where log lines come from: standard input, a file, or a directory of multilog, whose rotated files are read oldest
// first and `current` last. A source that is followed finds the lines that a rotation moved away, each line once.
import { closeSync, fstatSync, openSync, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Fatal, orFatal } from '../base/errors.ts';
import { readSome } from '../base/lines.ts';
import { errorCode, errorText } from '../base/oserror.ts';
import { unixOfTai } from '../base/tai.ts';

/** What all sources have in common. */
export interface Reading {
  /** Octets read so far. */
  octets: number;
  /** Called before each read, so that output appears with its input. */
  readonly beforeRead: () => void;
  /** Files that ended before this Unix second are passed over. */
  readonly since: number;
  /** Control characters become question marks: in foreign lines they could do anything to a terminal. */
  readonly isClean: boolean;
}

/** Portions of lines, Latin-1 without their newlines; undefined when there is nothing more now. */
type Lines = Generator<string[] | undefined, void, void>;

export interface Source {
  /** Octets that are there; 0 when nobody knows. */
  readonly size: number;
  readonly lines: Lines;
  /** The last line when it has no newline: nothing more will come. */
  finish(): string | undefined;
}

/** A rotated file's name: the label of its last line's moment, `.s` when complete, `.u` when a crash cut it. */
const ROTATED = /^@([0-9a-f]{8})([0-9a-f]{8})[0-9a-f]{8}\.[su]$/;

/** Octets after which a line without an end is taken for one, so that no text grows beyond what V8 can hold. */
const LINE_MAX = 1 << 28;

const chunk = Buffer.allocUnsafe(65536);

/** An open file that is read line by line as far as it goes, again and again. */
class Tail {
  readonly fd: number;
  readonly inode: number;
  private readonly path: string;
  private readonly reading: Reading;
  /** The beginning of the last line, as it came. */
  private begun: string[] = [];
  private begunLength = 0;
  private position = 0;

  constructor(path: string, fd: number, reading: Reading) {
    this.path = path;
    this.fd = fd;
    this.inode = fstatSync(fd).ino;
    this.reading = reading;
  }

  /** The lines that are complete. */
  *lines(): Generator<string[], void, void> {
    for (let text = this.read(); text !== ''; text = this.read()) {
      const newline = text.indexOf('\n');
      if (newline < 0 && this.begunLength < LINE_MAX) {
        this.begun.push(text);
        this.begunLength += text.length;
        continue;
      }
      const lines = (this.begun.join('') + text).split('\n');
      const rest = newline < 0 ? '' : lines.pop()!;
      this.begun = rest === '' ? [] : [rest];
      this.begunLength = rest.length;
      yield lines;
    }
  }

  private read(): string {
    const { reading } = this;
    reading.beforeRead();
    const length = orFatal(`unable to read ${this.path}`, () => readSome(this.fd, chunk));
    this.position += length;
    reading.octets += length;
    const text = chunk.toString('latin1', 0, length);
    return reading.isClean ? text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '?') : text;
  }

  finish(): string | undefined {
    const rest = this.begun.join('');
    this.begun = [];
    this.begunLength = 0;
    return rest === '' ? undefined : rest;
  }

  /** The rest of a file that will not grow any more. */
  *end(): Generator<string[], void, void> {
    yield* this.lines();
    const rest = this.finish();
    if (rest !== undefined) yield [rest];
    this.close();
  }

  close(): void {
    closeSync(this.fd);
  }

  /** True for a file that is this one, which was read to its end and does not grow: numbers alone come again. */
  isSame(file: Tail): boolean {
    return file.inode === this.inode && fstatSync(file.fd).size === this.position;
  }

  /** True when the file has become shorter than what was read of it. */
  isCut(): boolean {
    const stats = fstatSync(this.fd);
    return stats.isFile() && stats.size < this.position;
  }
}

/**
 * The source that an argument means: a file, a directory with `current` or rotated files in it, or a service directory
 * above one (`log/main`, `main`). Fatal: `unable to open PATH`; `no log in PATH` unless `mayBeEmpty`.
 */
export function openSource(path: string, reading: Reading, mayBeEmpty: boolean): Source {
  const found = statIfThere(path);
  if (!found) throw new Fatal(`unable to open ${path}: file does not exist`);
  if (!found.isDirectory()) return new LogFile(path, reading);
  const directory = logDirectory(path) ?? path;
  const source = new LogDirectory(directory, reading);
  if (!source.isEmpty()) return source;
  const services = list(directory).filter((name) => logDirectory(join(path, name)) !== undefined);
  if (services.length > 0)
    throw new Fatal(`no log in ${path}, but in ${services.map((name) => join(path, name)).join(', ')}`);
  if (!mayBeEmpty) throw new Fatal(`no log in ${path}`);
  return source;
}

/** The directory of multilog below a service directory, or that of a `log` service itself. */
function logDirectory(path: string): string | undefined {
  const below = ['log/main', 'main'].map((name) => join(path, name));
  return below.find((directory) => statIfThere(directory)?.isDirectory());
}

/** Standard input to its end. */
export function standardInput(reading: Reading): Source {
  const tail = new Tail('input', 0, reading);
  return { size: 0, lines: tail.lines(), finish: () => tail.finish() };
}

/**
 * The services that paths name: `tinydns` of `/service/tinydns`, `/service/tinydns/log/main/current` and the like.
 * Paths that would name the same stay as they are.
 */
export function serviceNames(paths: readonly string[]): string[] {
  const names = paths.map((path) => basename(path.replace(/(\/(log|main|current)?)*$/, '')) || path);
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : paths[i]!));
}

/** What `action` does with a file; undefined when it is not there. */
function ifThere<T>(path: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Fatal(`unable to open ${path}: ${errorText(error)}`);
  }
}

function statIfThere(path: string): Stats | undefined {
  return ifThere(path, () => statSync(path));
}

function openIfThere(path: string, reading: Reading): Tail | undefined {
  return ifThere(path, () => new Tail(path, openSync(path, 'r'), reading));
}

function list(path: string): string[] {
  return orFatal(`unable to read ${path}`, () => readdirSync(path));
}

/** A file, found again under its name when it was replaced or begun anew. */
class LogFile implements Source {
  readonly size: number;
  readonly lines: Lines;
  private tail: Tail | undefined;

  constructor(path: string, reading: Reading) {
    this.tail = openIfThere(path, reading);
    this.size = this.tail ? fstatSync(this.tail.fd).size : 0;
    this.lines = this.follow(path, reading);
  }

  private *follow(path: string, reading: Reading): Lines {
    for (;;) {
      if (this.tail) yield* this.tail.lines();
      const now = statIfThere(path);
      if (now && (now.ino !== this.tail?.inode || this.tail.isCut())) {
        if (this.tail) yield* this.tail.end();
        this.tail = openIfThere(path, reading);
      } else yield undefined;
    }
  }

  finish(): string | undefined {
    return this.tail?.finish();
  }
}

/** Times that a directory is looked at again because it was rotated meanwhile. */
const LOOKS = 100;

/** A directory of multilog. */
class LogDirectory implements Source {
  readonly lines: Lines;
  private readonly path: string;
  private readonly current: string;
  private readonly reading: Reading;
  /** `current`, or what was `current` when it was opened. */
  private tail: Tail | undefined;
  /**
   * Names of the rotated files that need not be read any more. They do not come in order when the clock is set back.
   */
  private known: ReadonlySet<string> = new Set();
  /**
   * Files that were read and may have got a name since. multilog calls what it rotates `previous`, makes a new
   * `current`, and gives the other its label after that.
   */
  private nameless: readonly Tail[] = [];

  constructor(path: string, reading: Reading) {
    this.path = path;
    this.current = join(path, 'current');
    this.reading = reading;
    this.lines = this.follow();
  }

  isEmpty(): boolean {
    return statIfThere(this.current) === undefined && this.rotated().length === 0;
  }

  get size(): number {
    const files = this.rotated().filter((name) => !this.isTooOld(name));
    return [...files, 'current'].reduce((sum, name) => sum + (statIfThere(join(this.path, name))?.size ?? 0), 0);
  }

  private *follow(): Lines {
    for (;;) {
      if (this.tail) yield* this.tail.lines();
      const inode = statIfThere(this.current)?.ino;
      if (inode === this.tail?.inode) yield undefined;
      else yield* this.goOn();
    }
  }

  /** Reads what was rotated, and opens the new `current`. */
  private *goOn(): Lines {
    const before = this.tail;
    this.tail = undefined;
    if (before) yield* before.end();
    const { previous, next, names } = this.look();
    const isRead = (file: Tail): boolean => [before, ...this.nameless].some((each) => each?.isSame(file));
    for (const name of names) {
      if (this.known.has(name) || this.isTooOld(name)) continue;
      const file = openIfThere(join(this.path, name), this.reading);
      if (file && !isRead(file) && file.inode !== previous?.inode && file.inode !== next?.inode) yield* file.end();
      else file?.close();
    }
    if (previous && !isRead(previous)) yield* previous.end();
    else previous?.close();
    this.nameless = [before, previous].filter((file) => file !== undefined);
    this.known = new Set(names);
    this.tail = next;
  }

  /**
   * `current`, the file before it while it has no label yet, and the names of those before that. A directory is not
   * listed at one stroke: when another `current` has come meanwhile, a file may be missing of which a later one is
   * there, and it is looked at again.
   */
  private look(): { previous: Tail | undefined; next: Tail | undefined; names: string[] } {
    for (let looks = 1; ; looks++) {
      const next = openIfThere(this.current, this.reading);
      const previous = openIfThere(join(this.path, 'previous'), this.reading);
      const names = this.rotated();
      if (statIfThere(this.current)?.ino === next?.inode || looks === LOOKS) return { previous, next, names };
      previous?.close();
      next?.close();
    }
  }

  private rotated(): string[] {
    return list(this.path)
      .filter((name) => ROTATED.test(name))
      .sort();
  }

  private isTooOld(name: string): boolean {
    const [, hi, lo] = ROTATED.exec(name)!;
    return unixOfTai(parseInt(hi!, 16), parseInt(lo!, 16)) < this.reading.since;
  }

  finish(): string | undefined {
    return this.tail?.finish();
  }
}
