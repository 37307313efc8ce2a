// Lines of a file, as bytes. Counterpart: getln.c over buffer.a.
import { readSync } from 'node:fs';
import { orFatal } from './errors.ts';
import { errorCode } from './oserror.ts';
import { pause } from './pause.ts';

/**
 * Reads a descriptor line by line without holding the file. After `next()` returned true the line is
 * `bytes[from..to]`, newline excluded, valid until the next call; `terminated` tells whether a newline ended it.
 */
export class LineReader {
  bytes: Uint8Array;
  from = 0;
  to = 0;
  terminated = false;
  /** Octets of the file consumed so far, the current line included. */
  consumed = 0;
  private readonly fd: number;
  private readonly failure: string;
  private readPos = 0; // next octet not yet given out
  private filled = 0; // octets of `bytes` that are valid
  private ended = false;

  /** With `failure` given, read errors are `Fatal` with it and djb's text; else they are thrown as they come. */
  constructor(fd: number, failure = '', size = 65536) {
    this.fd = fd;
    this.failure = failure;
    this.bytes = new Uint8Array(size);
  }

  /** Advances to the next line; false at the end of the file. */
  next(): boolean {
    let searched = this.readPos;
    for (;;) {
      const newline = this.bytes.indexOf(10, searched);
      if (newline >= 0 && newline < this.filled) return this.give(newline, newline + 1, true);
      searched = this.filled;
      if (this.ended) return this.readPos < this.filled && this.give(this.filled, this.filled, false);
      searched -= this.makeRoom();
      const read = (): number => readInto(this.fd, this.bytes, this.filled);
      const got = this.failure === '' ? read() : orFatal(this.failure, read);
      if (got === 0) this.ended = true;
      this.filled += got;
    }
  }

  private give(to: number, next: number, terminated: boolean): true {
    this.from = this.readPos;
    this.to = to;
    this.terminated = terminated;
    this.consumed += next - this.readPos;
    this.readPos = next;
    return true;
  }

  /** Moves the unfinished line to the front, or doubles the buffer under it; returns how far it moved. */
  private makeRoom(): number {
    const moved = this.readPos;
    if (moved > 0) this.bytes.copyWithin(0, moved, this.filled);
    this.filled -= moved;
    this.readPos = 0;
    if (this.filled === this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    return moved;
  }
}

/** Reads into `bytes` from `at` on, again after a signal; 0 at the end. Throws what else read throws. */
function readInto(fd: number, bytes: Uint8Array, at: number): number {
  for (;;) {
    try {
      return readSync(fd, bytes, at, bytes.length - at, null);
    } catch (error) {
      if (errorCode(error) !== 'EINTR') throw error;
    }
  }
}

/** Reads what is there into `chunk`, waiting for the first octet; 0 at the end. Throws what read throws. */
export function readSome(fd: number, chunk: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, chunk, 0, chunk.length, null);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EOF') return 0;
      if (code === 'EAGAIN') pause(10);
      else if (code !== 'EINTR') throw error;
    }
  }
}
