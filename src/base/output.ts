// Buffered output on a descriptor. Counterpart: buffer.a. What a program prints is kept back in 8 KiB and is lost
// when it fails, so that `dnsip good bad` prints nothing; only whole flushed buffers survive.
import { writeSync } from 'node:fs';
import { orFatal } from './errors.ts';
import { errorCode } from './oserror.ts';
import { pause } from './pause.ts';

/** Writes all of `bytes[from..to]`; waits where the descriptor is non-blocking and full. Throws what write throws. */
export function writeAll(fd: number, bytes: Uint8Array, from = 0, to = bytes.length): void {
  while (from < to) {
    try {
      from += writeSync(fd, bytes, from, to - from);
    } catch (error) {
      if (errorCode(error) === 'EINTR') continue;
      if (errorCode(error) !== 'EAGAIN') throw error;
      pause(1);
    }
  }
}

/** A descriptor with a buffer before it. Errors are thrown by `put` and `flush` as the system call throws them. */
export class Output {
  readonly fd: number;
  private readonly buffer: Uint8Array;
  private used = 0;

  constructor(fd: number, size = 8192) {
    this.fd = fd;
    this.buffer = new Uint8Array(size);
  }

  /** Appends a copy of `bytes[from..to]`. */
  put(bytes: Uint8Array, from = 0, to = bytes.length): void {
    if (this.used + to - from > this.buffer.length) this.flush();
    if (to - from > this.buffer.length) return writeAll(this.fd, bytes, from, to);
    for (let i = from; i < to; i++) this.buffer[this.used++] = bytes[i]!;
  }

  /** Appends Latin-1 text, one octet per character. */
  putText(text: string): void {
    if (this.used + text.length > this.buffer.length) this.flush();
    if (text.length > this.buffer.length) return writeAll(this.fd, Buffer.from(text, 'latin1'));
    for (let i = 0; i < text.length; i++) this.buffer[this.used++] = text.charCodeAt(i);
  }

  flush(): void {
    const used = this.used;
    this.used = 0;
    writeAll(this.fd, this.buffer, 0, used);
  }
}

/**
 * Standard output. A reader that went away ends the program as SIGPIPE would (exit code 141 as the shell shows it).
 * Other errors are ignored, as djbdns's programs do, but by a program that has said that it `mustWrite`.
 */
export const stdout = {
  output: new Output(1),
  isStrict: false,
  /** From here on what cannot be written is Fatal. */
  mustWrite(): void {
    this.isStrict = true;
  },
  put(bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    orGone(() => this.output.put(bytes, from, to));
  },
  putText(text: string): void {
    orGone(() => this.output.putText(text));
  },
  flush(): void {
    orGone(() => this.output.flush());
  },
};

function orGone(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (errorCode(error) === 'EPIPE') process.exit(141);
    if (stdout.isStrict) orFatal('unable to write output', () => throwAgain(error));
  }
}

function throwAgain(error: unknown): never {
  throw error;
}
