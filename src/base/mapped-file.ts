// A file that others replace by rename while we serve from it: data.cdb, tcp.cdb. The original opens, maps and unmaps
// it for every query; here it is mapped once and mapped again when one stat shows another file under the name.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { FileStamp } from './file-stamp.ts';
import { mapFile } from './libc.ts';
import { systemError } from './oserror.ts';

export class MappedFile {
  readonly path: string;
  /** The error of the last look, as thrown by the system, while there is no readable file. */
  error: unknown;
  private bytes: Uint8Array | undefined;
  private release: (() => void) | undefined;
  private readonly stamp = new FileStamp();

  constructor(path: string) {
    this.path = path;
  }

  /**
   * The file's bytes as it is now, or undefined when it does not exist, is no regular file or cannot be read (see
   * `error`). They are valid until the next call: a replaced file is unmapped, and reading it then crashes.
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
    if (!this.stamp.isOf(stats)) this.reopen();
    return this.bytes;
  }

  /** Unmaps the file. */
  close(): void {
    this.bytes = undefined;
    this.stamp.forget();
    this.release?.();
    this.release = undefined;
  }

  private reopen(): void {
    this.close();
    try {
      const fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK); // a FIFO must not stall the service
      try {
        this.load(fd, fstatSync(fd));
      } finally {
        closeSync(fd);
      }
      this.error = undefined;
    } catch (error) {
      this.error = error;
    }
  }

  private load(fd: number, stats: Stats): void {
    if (!stats.isFile()) throw systemError('EISDIR');
    const mapping = stats.size > 0 ? mapFile(fd, stats.size) : undefined;
    // A plain Uint8Array, not a Buffer: the search then sees one kind of array only.
    const read = (): Uint8Array => {
      const all = readFileSync(fd);
      return new Uint8Array(all.buffer, all.byteOffset, all.length);
    };
    this.bytes = mapping ? mapping.bytes : read();
    this.release = mapping?.unmap;
    this.stamp.take(stats);
  }
}
