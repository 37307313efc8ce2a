// A connection as a stream of bytes with time limits. Counterpart: timeoutread.c, timeoutwrite.c. The limit restarts
// with every read and write. Where the original waits for room and may then block for ever (on pipes), the limit
// holds here. System errors are thrown as Node throws them, with `code`.
import type { Socket } from 'node:net';
import { errorCode, systemError } from '../base/oserror.ts';

/** Both directions of a connection. One read and one write at a time. */
export interface Connection {
  /** The next bytes, the caller's to keep; undefined at the end of input. Throws `ETIMEDOUT` when none come in time. */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Resolves when the system has taken all of `bytes`, which may then be overwritten. Throws `ETIMEDOUT` when it has
   * not in time: keep the pieces small enough (32 KiB) for a slow but living peer.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Hangs up. What was written still goes out. */
  close(): void;
}

/** Chunks that may wait before the peer is made to wait. */
const QUEUE_MAX = 4;

/** A connection over Node's sockets: one for both directions, or one for each. */
export class SocketConnection implements Connection {
  private readonly input: Socket;
  private readonly output: Socket;
  private readonly limit: number; // milliseconds
  private readonly queue: Uint8Array[] = [];
  private ended = false;
  private error: Error | undefined;
  private wake: (() => void) | undefined;
  private giveUp: (() => void) | undefined;
  /** When the peer's turn began: at the start of a request, or of what it is to take. */
  private since = performance.now();

  /** `seconds` is the limit of each read and each write. Sockets must allow half-open connections. */
  constructor(input: Socket, output: Socket, seconds: number) {
    this.input = input;
    this.output = output;
    this.limit = seconds * 1000;
    input.on('data', (chunk: Buffer) => {
      this.queue.push(chunk);
      if (this.queue.length >= QUEUE_MAX) input.pause();
      this.wake?.();
    });
    input.on('end', () => this.finish());
    input.on('close', () => this.finish());
    input.on('error', (error) => this.fail(error));
    if (output !== input) output.on('error', () => {}); // the write's callback reports it
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.queue.length === 0 && !this.ended && !this.error) {
      if (this.input.isPaused()) this.input.resume();
      await this.arrival();
    }
    const chunk = this.queue.shift();
    if (chunk) return chunk;
    if (this.error) throw this.error;
    return undefined;
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.error) return reject(this.error);
      this.since = performance.now();
      this.giveUp = () => reject(systemError('ETIMEDOUT'));
      const timer = setTimeout(this.giveUp, this.limit);
      this.output.write(bytes, (error) => {
        clearTimeout(timer);
        this.giveUp = undefined;
        this.since = performance.now();
        if (error) reject(this.systemErrorOf(error));
        else resolve();
      });
    });
  }

  /**
   * Milliseconds for which the peer has kept us waiting: since the last thing was written, whatever it sent of a
   * request meanwhile, or since it has not taken what is being written. 0 when we wait for nothing.
   */
  idleTime(): number {
    return this.giveUp ? performance.now() - this.since : 0;
  }

  /** Makes the read or write that is waiting fail as if its limit were over; the next one, where none is. */
  endIdling(): void {
    if (this.giveUp) this.giveUp();
    else this.error ??= systemError('ETIMEDOUT');
  }

  close(): void {
    this.input.destroy();
    this.output.destroy();
  }

  /** Resolves when there is something to see: bytes, the end or an error. */
  private arrival(): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.wake = undefined;
        this.giveUp = undefined;
      };
      this.giveUp = () => {
        end();
        reject(systemError('ETIMEDOUT'));
      };
      this.wake = () => {
        end();
        resolve();
      };
      const timer = setTimeout(this.giveUp, this.limit);
    });
  }

  private finish(): void {
    this.ended = true;
    this.wake?.();
  }

  private fail(error: Error): void {
    this.error ??= error;
    this.wake?.();
  }

  /** Writing to a socket that an error has closed: that error, or what write(2) would say. */
  private systemErrorOf(error: Error): Error {
    if (!errorCode(error).startsWith('ERR_')) return error;
    return this.error ?? systemError('EPIPE');
  }
}
