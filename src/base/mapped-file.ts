// A file that others replace while we serve from it: data.cdb, tcp.cdb. The original opens, maps and unmaps it for
// every query; here it is loaded once and loaded again when one stat shows another file under the name.
//
// Small files are read, large ones mapped. Of a mapped file that is cut short (`cp` over it, an editor) the pages go
// away under us, and touching them ends the process, which JavaScript cannot catch. Replacing by rename is safe for
// both.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { FileStamp } from './file-stamp.ts';
import { mapFile } from './libc.ts';
import { systemError } from './oserror.ts';

/** Files of this many octets and more are mapped: reading that much takes 10 ms. */
const MAPPED_MIN = 32 << 20;
/**
 * Milliseconds after which a change shows in the file's times. One that was changed just before it was read is read
 * once more, for it may have been changed again unseen.
 */
const SETTLED_MS = 100;

/** The octets of a file. */
export interface LoadedFile {
  readonly bytes: Uint8Array;
  readonly stats: Stats;
  /** Lets go of the octets: of a mapped file they are not to be touched any more. */
  release(): void;
}

/** Opens a file for reading without waiting: a FIFO must not stall a service. Throws system errors. */
export function openNow(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/**
 * Loads an open regular file, mapped if it is large. What is cut short meanwhile has fewer octets. Throws system
 * errors; `EISDIR` for others.
 */
export function loadFile(fd: number): LoadedFile {
  const stats = regularStats(fd);
  const mapping = stats.size >= MAPPED_MIN ? mapFile(fd, stats.size) : undefined;
  if (mapping) return { bytes: mapping.bytes, stats, release: mapping.unmap };
  return { bytes: readStart(fd, stats.size), stats, release() {} };
}

/** The state of an open regular file. Throws system errors; `EISDIR` for others. */
export function regularStats(fd: number): Stats {
  const stats = fstatSync(fd);
  if (!stats.isFile()) throw systemError('EISDIR');
  return stats;
}

function readStart(fd: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let got = 1; got > 0 && length < size; length += got) got = readSync(fd, bytes, length, size - length, length);
  return length === size ? bytes : bytes.slice(0, length);
}

export class MappedFile {
  readonly path: string;
  /** The error of the last look, as thrown by the system, while there is no readable file. */
  error: unknown;
  private loaded: LoadedFile | undefined;
  private isSettled = false;
  private readonly stamp = new FileStamp();

  constructor(path: string) {
    this.path = path;
  }

  /**
   * The file's bytes as it is now, or undefined when it does not exist, is no regular file or cannot be read (see
   * `error`). They are valid until the next call.
   */
  current(): Uint8Array | undefined {
    let stats: Stats;
    try {
      stats = statSync(this.path);
    } catch (error) {
      this.close();
      this.error = error;
      return undefined;
    }
    if (!this.stamp.isOf(stats) || (!this.isSettled && isOld(stats))) this.reopen();
    return this.loaded?.bytes;
  }

  /** Lets go of the file. */
  close(): void {
    this.loaded?.release();
    this.loaded = undefined;
    this.stamp.forget();
  }

  private reopen(): void {
    this.close();
    try {
      const fd = openNow(this.path);
      try {
        this.loaded = loadFile(fd);
      } finally {
        closeSync(fd);
      }
      const { stats } = this.loaded;
      this.stamp.take(stats);
      this.isSettled = isOld(stats) || stats.size >= MAPPED_MIN;
      this.error = undefined;
    } catch (error) {
      this.error = error;
      this.isSettled = true;
    }
  }
}

function isOld(stats: Stats): boolean {
  return Date.now() - stats.ctimeMs > SETTLED_MS;
}
