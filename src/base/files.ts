// Replacing a file in one step, as every djbdns compiler does: write a new one, fsync, rename over the old.
// Counterpart: open_trunc.c and the cdb_make/rename part of tinydns-data.c.
import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { orFatal } from './errors.ts';
import { errorText } from './oserror.ts';
import { writeAll } from './output.ts';

/** A path given as Latin-1 text, one octet a character (see program/args.ts), as the octets that the kernel takes. */
export function pathBytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/**
 * The whole file (a path as `pathBytes` takes it) as bytes, or undefined when it does not exist. Other errors are
 * thrown as they come.
 */
export function readIfExists(path: string): Uint8Array | undefined {
  try {
    return readFileSync(pathBytes(path));
  } catch (error) {
    if (errorText(error) === 'file does not exist') return undefined;
    throw error;
  }
}

/** What a program says when it cannot open or write the new file (before the system's text), and the exit code. */
export interface ReplacementFailures {
  /** By default `unable to create TEMPORARY`. */
  write?: string;
  /** By default the same as `write`. */
  open?: string;
  /** Of all failures but the rename's, which is always 111. By default 111. */
  exitCode?: number;
}

/**
 * A file being written beside the one it will replace. Until `commit` the old one is untouched; `temporary` remains on
 * failure.
 */
export class Replacement {
  readonly path: string;
  readonly temporary: string;
  readonly fd: number;
  private readonly failure: string;
  private readonly exitCode: number;

  /**
   * Opens `temporary` for writing from scratch, mode 0644 less the umask when it is new. Paths are Latin-1 text, one
   * octet a character. Failures here and later are `Fatal`, with the message that `failures` has for them.
   */
  constructor(path: string, temporary: string, failures: ReplacementFailures = {}) {
    this.path = path;
    this.temporary = temporary;
    this.failure = failures.write ?? `unable to create ${temporary}`;
    this.exitCode = failures.exitCode ?? 111;
    const open = failures.open ?? this.failure;
    this.fd = orFatal(open, () => openSync(pathBytes(temporary), 'w', 0o644), this.exitCode);
  }

  /** Appends bytes. */
  write(bytes: Uint8Array, from = 0, to = bytes.length): void {
    orFatal(this.failure, () => writeAll(this.fd, bytes, from, to), this.exitCode);
  }

  /** Writes `bytes[0..length]` at `position`. */
  writeAt(bytes: Uint8Array, length: number, position: number): void {
    for (let from = 0; from < length; ) {
      from += orFatal(
        this.failure,
        () => writeSync(this.fd, bytes, from, length - from, position + from),
        this.exitCode,
      );
    }
  }

  chmod(mode: number): void {
    orFatal(this.failure, () => fchmodSync(this.fd, mode), this.exitCode);
  }

  /** Syncs, closes and renames: from here on readers see the new file. */
  commit(): void {
    orFatal(
      this.failure,
      () => {
        fsyncSync(this.fd);
        closeSync(this.fd);
      },
      this.exitCode,
    );
    orFatal(`unable to move ${this.temporary} to ${this.path}`, () =>
      renameSync(pathBytes(this.temporary), pathBytes(this.path)),
    );
  }
}
