// A request as servers read it: header and question, in one place for all of them. Counterpart: the reading halves of
// doit() in server.c, packetquery() in dnscache.c and main() of axfrdns.c. A request is reused for every message; what
// it holds is good as long as the message's octets are.
import { EMPTY } from '../base/bytes.ts';
import { NAME_MAX } from './name.ts';
import { Opt } from './opt.ts';
import { Reader } from './reader.ts';

export class Request {
  /** The octets that the message stands in. */
  bytes: Uint8Array = EMPTY;
  id = 0;
  /** The second 16 bits of the header: see wire/flag.ts. */
  flags = 0;
  /** How many questions the header counts. */
  questions = 0;
  /** Twelve octets were there. */
  hasHeader = false;
  /** There is one question, no more and no less, and all of it was there. */
  hasQuestion = false;
  /**
   * The question's name as the client spelt it: `name[nameAt..nameAt + nameLength]`, without pointers. It stands in the
   * message itself if it stands there whole, so that it need not be copied.
   */
  name: Uint8Array = EMPTY;
  nameAt = 0;
  nameLength = 0;
  type = 0;
  class = 0;
  readonly opt: Opt = new Opt();
  /** There is nothing but a header and one OPT record (RFC 7873 section 5.4). */
  isOptOnly = false;
  private readonly knowsEdns: boolean;
  private readonly reader = new Reader();
  private readonly unpacked = new Uint8Array(NAME_MAX);

  /** With `knowsEdns` OPT records are looked for; else nothing behind the question is. */
  constructor(knowsEdns = false) {
    this.knowsEdns = knowsEdns;
  }

  /**
   * Reads the message `bytes[from..to]`, which is only borrowed. Returns `hasQuestion`. Nothing is judged but that the
   * octets are there: flags, type and class are the caller's to look at.
   */
  read(bytes: Uint8Array, from = 0, to: number = bytes.length): boolean {
    const { reader } = this;
    reader.start(bytes, from, to);
    this.bytes = bytes;
    this.id = reader.u16();
    this.flags = reader.u16();
    this.questions = reader.u16();
    const before = reader.u32(); // ANCOUNT and NSCOUNT
    const additional = reader.u16();
    this.hasHeader = !reader.failed;
    if (this.opt.isPresent) this.opt.clear();
    this.isOptOnly = false;
    if (this.questions === 0 && additional === 1 && before === 0) this.readOptOnly();
    this.name = bytes;
    this.nameAt = reader.pos;
    this.nameLength = reader.wholeName();
    if (this.nameLength === 0) {
      this.name = this.unpacked;
      this.nameAt = 0;
      this.nameLength = reader.name(this.unpacked);
    }
    this.type = reader.u16();
    this.class = reader.u16();
    this.hasQuestion = this.questions === 1 && !reader.failed;
    if (additional > 0 && this.hasQuestion && this.knowsEdns) {
      this.opt.read(reader, (before >>> 16) + (before & 0xffff), additional);
    }
    return this.hasQuestion;
  }

  private readOptOnly(): void {
    if (!this.knowsEdns || !this.hasHeader) return;
    const { opt, reader } = this;
    opt.read(reader, 0, 1);
    this.isOptOnly = opt.isPresent && !opt.isBad && reader.pos === reader.end;
  }
}
