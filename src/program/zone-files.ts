// The files of axfr-getd under $ROOT: zones/ZONE are the copies that are published, held/ZONE those that are not,
// tmp/ZONE what is being written. A copy is only ever replaced by rename, so after a kill at any moment each is old or
// new and whole. Names are text as in the logs; the root zone's file is `@`.
import {
  accessSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  promises,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { concat, textOf } from '../base/bytes.ts';
import { codeText, errorCode, errorText } from '../base/oserror.ts';
import type { CopyPatch } from '../data/copy-patch.ts';
import { type CopyHead, scanCopyHead } from '../data/zone-copy.ts';

/** A file that cannot be written or moved: what it says in the log. */
export class FileProblem extends Error {}

/** What to say of a file or a system call that failed. Anything else is a bug and is thrown again. */
export function problemText(error: unknown): string {
  return error instanceof FileProblem ? error.message : errorText(error);
}

export type Place = 'zones' | 'held';

/** A copy as it was found. */
export interface FoundCopy {
  readonly place: Place;
  /** Undefined when its first lines are not those of a copy. */
  readonly head: CopyHead | undefined;
  /** When it was last confirmed, in Unix milliseconds. */
  readonly mtime: number;
}

/** Octets in which the first two lines of a copy end. */
const HEAD_MAX = 4096;
/** Octets read of an old copy at a time: few enough that going through them takes a few milliseconds. */
const CHUNK = 1 << 18;
const NAME_MAX = 255;

/** The name of a zone's file; undefined when no file can have it. */
export function fileOf(zone: string): string | undefined {
  if (zone === '.') return '@';
  return zone.length <= NAME_MAX ? zone : undefined;
}

function pathOf(place: Place | 'tmp', zone: string): string {
  return `${place}/${fileOf(zone)}`;
}

/** Unlinks what a process that was killed has left. */
export function emptyTmp(): void {
  for (const name of readdirSync('tmp')) unlinkSync(`tmp/${name}`);
}

/** The copies in held/ of zones that are published: a process was killed before it could unlink them. */
export function unlinkOldHeld(): void {
  for (const name of readdirSync('held')) if (existsSync(`zones/${name}`)) unlinkSync(`held/${name}`);
}

/** The copy of a zone: in zones/, else in held/. */
export function findCopy(zone: string): FoundCopy | undefined {
  for (const place of ['zones', 'held'] as const) {
    let fd: number;
    try {
      fd = openSync(pathOf(place, zone), 'r');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') continue;
      throw error;
    }
    try {
      const { mtimeMs } = fstatSync(fd);
      const bytes = new Uint8Array(HEAD_MAX);
      const text = textOf(bytes, 0, readSync(fd, bytes, 0, HEAD_MAX, 0));
      return { place, head: scanCopyHead(text, zone), mtime: mtimeMs };
    } finally {
      closeSync(fd);
    }
  }
  return undefined;
}

/** The zones that have a copy in a place. */
export function zonesIn(place: Place): string[] {
  return readdirSync(place)
    .filter((name) => !name.startsWith('.'))
    .map((name) => (name === '@' ? '.' : name));
}

/** False when somebody has removed the copy of a zone. What cannot be looked at is there. */
export function isCopyThere(place: Place, zone: string): boolean {
  try {
    accessSync(pathOf(place, zone));
    return true;
  } catch (error) {
    return errorCode(error) !== 'ENOENT';
  }
}

/** A primary has confirmed the copy now. A copy that is no more is no matter: the next check fetches it whole. */
export function touchCopy(place: Place, zone: string, unixMilliseconds: number): void {
  try {
    utimesSync(pathOf(place, zone), unixMilliseconds / 1000, unixMilliseconds / 1000);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw problem(`unable to touch ${pathOf(place, zone)}`, error);
  }
}

/** Moves a copy; its mtime stays. */
export function moveCopy(zone: string, from: Place, to: Place): void {
  try {
    renameSync(pathOf(from, zone), pathOf(to, zone));
  } catch (error) {
    throw problem(`unable to move ${pathOf(from, zone)} to ${pathOf(to, zone)}`, error);
  }
}

function problem(what: string, error: unknown): FileProblem {
  return new FileProblem(`${what}: ${codeText(errorCode(error))}`);
}

/** A copy being written: `put` as it comes, `drain` to have it on its way, then `commit` or `discard`. */
export class NewCopy {
  private readonly zone: string;
  private readonly path: string;
  private file: promises.FileHandle | undefined;
  private waiting: Uint8Array[] = [];

  constructor(zone: string) {
    this.zone = zone;
    this.path = pathOf('tmp', zone);
  }

  /** Takes a copy of `bytes[0..length]`. */
  put(bytes: Uint8Array, length: number): void {
    if (length > 0) this.waiting.push(bytes.slice(0, length));
  }

  /** Writes what was put. */
  async drain(): Promise<void> {
    if (this.waiting.length === 0) return;
    const pieces = this.waiting;
    this.waiting = [];
    try {
      this.file ??= await promises.open(this.path, 'w', 0o644);
      await this.file.writeFile(pieces.length === 1 ? pieces[0]! : concat(pieces));
    } catch (error) {
      throw problem(`unable to write ${this.path}`, error);
    }
  }

  /** Makes it the copy: synced, closed, renamed. With `mtime` (Unix milliseconds) it keeps that one. */
  async commit(place: Place, mtime?: number): Promise<void> {
    await this.drain();
    const { file, path, zone } = this;
    try {
      await file?.sync();
      if (mtime !== undefined) await file?.utimes(mtime / 1000, mtime / 1000);
      this.file = undefined;
      await file?.close();
    } catch (error) {
      throw problem(`unable to write ${path}`, error);
    }
    const to = pathOf(place, zone);
    try {
      await promises.rename(path, to);
    } catch (error) {
      throw problem(`unable to move ${path} to ${to}`, error);
    }
    if (place === 'zones') await promises.unlink(pathOf('held', zone)).catch(() => {});
  }

  /** Lets go of it, and of the file. */
  async discard(): Promise<void> {
    this.waiting = [];
    const { file } = this;
    this.file = undefined;
    await file?.close().catch(() => {});
    await promises.unlink(this.path).catch(() => {});
  }
}

/** Reads a copy in pieces through `patch` into `copy`. */
export async function patchCopy(place: Place, zone: string, patch: CopyPatch, copy: NewCopy): Promise<void> {
  const path = pathOf(place, zone);
  let file: promises.FileHandle | undefined;
  try {
    file = await promises.open(path, 'r');
    // A thousand small zones may change at once: a large piece for each would keep the collector busy.
    const chunk = new Uint8Array(Math.min(CHUNK, (await file.stat()).size + 1));
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) break;
      const out = patch.push(chunk.subarray(0, bytesRead));
      copy.put(out, out.length);
      await copy.drain();
    }
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    throw problem(`unable to read ${path}`, error);
  } finally {
    await file?.close().catch(() => {}); // all of it has been read
  }
  const out = patch.end();
  copy.put(out, out.length);
}
