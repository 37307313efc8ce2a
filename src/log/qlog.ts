// The content servers' log: one line a packet on stderr, as bytes, written once per batch. Counterpart: qlog.c.
// `IIIIIIII:PPPP:DDDD S TTTT NAME`: client address (32 digits for IPv6), port, query ID and type in hexadecimal, S one of + - I C /.
import type { Address } from '../base/address.ts';
import { putHex, putText } from '../base/bytes.ts';
import { writeAll } from '../base/output.ts';
import { putTai64nNow } from '../base/tai.ts';
import { NAME_TEXT_MAX, putName, ROOT } from '../wire/name.ts';

/** Room for one line: a label, addresses, and a name all of escapes. */
const LINE_MAX = 26 + 56 + NAME_TEXT_MAX;

/** Lines kept back until `flush`, or until there are 64 KiB of them. */
export class Log {
  private readonly bytes = new Uint8Array(65536);
  private used = 0;
  private readonly labelled: boolean;

  /** `labelled`: each line begins with a TAI64N label and a space, as `tai64n` would put it. */
  constructor(labelled: boolean) {
    this.labelled = labelled;
  }

  /** A line of ASCII text. */
  line(text: string): void {
    let at = this.begin(text.length);
    at = putText(this.bytes, at, text);
    this.finish(at);
  }

  /**
   * A packet's line. `status` is the character between ID and type as a code, or 0 for axfrdns's form with a single
   * space there.
   */
  query(ip: Address, port: number, id: number, status: number, type: number, name: Uint8Array): void {
    const { bytes } = this;
    let at = this.begin(LINE_MAX);
    for (let i = 0; i < ip.length; i++) at = putHex(bytes, at, ip[i]!, 2);
    bytes[at++] = 58;
    at = putHex(bytes, at, port, 4);
    bytes[at++] = 58;
    at = putHex(bytes, at, id, 4);
    bytes[at++] = 32;
    if (status !== 0) {
      bytes[at++] = status;
      bytes[at++] = 32;
    }
    at = putHex(bytes, at, type, 4);
    bytes[at++] = 32;
    this.finish(putName(bytes, at, name, 0));
  }

  /** The line of a packet that could not be read: no ID, type or name. */
  unreadable(ip: Address, port: number): void {
    this.query(ip, port, 0, 47, 0, ROOT);
  }

  /** Writes what there is. A reader that went away is ignored: the service goes on unlogged. */
  flush(): void {
    const used = this.used;
    if (used === 0) return;
    this.used = 0;
    try {
      writeAll(2, this.bytes, 0, used);
    } catch {
      // Nothing can be said about it.
    }
  }

  private begin(length: number): number {
    if (this.used + length + LINE_MAX > this.bytes.length) this.flush();
    if (!this.labelled) return this.used;
    const at = putTai64nNow(this.bytes, this.used);
    this.bytes[at] = 32;
    return at + 1;
  }

  private finish(at: number): void {
    this.bytes[at] = 10;
    this.used = at + 1;
  }
}
