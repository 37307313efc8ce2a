// DNS messages in a stream: each has its length, two octets, before it (RFC 1035 section 4.2.2). Servers, clients and
// transfers all take a connection's octets apart here. However small the pieces are that octets come in, each is copied
// once or twice: a message of 64 KiB in pieces of one octet costs no more than the message whole.
import { EMPTY, unpack16 } from '../base/bytes.ts';

/** The messages of one stream, in the order in which they come. */
export class MessageStream {
  // What has come and is not used up is `bytes[from..to]`.
  private bytes: Uint8Array = EMPTY;
  private from = 0;
  private to = 0;

  /**
   * Takes a copy of octets from the stream, of any number and cut anywhere. Messages given out before become invalid.
   */
  push(octets: Uint8Array): void {
    if (this.from === this.to) {
      this.from = 0;
      this.to = 0;
    }
    if (this.to + octets.length > this.bytes.length) this.makeRoom(octets.length);
    this.bytes.set(octets, this.to);
    this.to += octets.length;
  }

  /** Where the message that `advance` found begins and ends in `octets`, good until the next `push`. */
  start = 0;
  end = 0;

  get octets(): Uint8Array {
    return this.bytes;
  }

  /**
   * Goes to the next message, without its length; false when it is not whole. For many small messages: `next` makes an
   * object for each.
   */
  advance(): boolean {
    const length = this.announced();
    if (length < 0 || this.to - this.from < 2 + length) return false;
    this.start = this.from + 2;
    this.end = this.start + length;
    this.from = this.end;
    return true;
  }

  /** The next message, whole and without its length, or undefined. It is good until the next `push`. */
  next(): Uint8Array | undefined {
    return this.advance() ? this.bytes.subarray(this.start, this.end) : undefined;
  }

  /** The length of the next message, of which perhaps nothing else has come; -1 while it is not known. */
  announced(): number {
    return this.to - this.from < 2 ? -1 : unpack16(this.bytes, this.from);
  }

  /** Makes room behind what waits: by moving it to the front, or in a buffer of twice the size. */
  private makeRoom(more: number): void {
    const waiting = this.to - this.from;
    if (2 * (waiting + more) <= this.bytes.length) this.bytes.copyWithin(0, this.from, this.to);
    else {
      const larger = new Uint8Array(Math.max(2 * (waiting + more), 512));
      larger.set(this.bytes.subarray(this.from, this.to));
      this.bytes = larger;
    }
    this.from = 0;
    this.to = waiting;
  }
}

/** A copy of the message with its length before it. */
export function framed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + message.length);
  frame[0] = message.length >> 8;
  frame[1] = message.length;
  frame.set(message, 2);
  return frame;
}
