// A client's question and the response to it as it comes about: the aliases passed on the way, then an answer or a
// failure.

import { type Address, HeldAddress } from '../base/address.ts';
import { EMPTY } from '../base/bytes.ts';
import type { ErrorCode } from '../base/oserror.ts';
import { CLASS_IN, UDP_MAX } from '../wire/constants.ts';
import type { EdnsServer, OptHolder } from '../wire/edns.ts';
import { copyName, NAME_MAX, nameEqual, ROOT } from '../wire/name.ts';
import { Opt } from '../wire/opt.ts';
import type { Request } from '../wire/request.ts';
import { ASKED, type Response } from './response.ts';
import { type Alias, type Place, PREFIX, type ResponseWriter } from './response-writer.ts';

export const ALIASES_MAX = 16;

/** Octets of the longest client cookie and server cookie (RFC 7873). */
const COOKIE_MAX = 40;

const data = new Uint8Array(65535 + 2 * NAME_MAX);

/** Used for one question after the other. */
export class ClientResponse {
  id = 0;
  /** In the client's case; copied. */
  readonly qname: Uint8Array = new Uint8Array(NAME_MAX);
  qtype = 0;
  /** 1, or 255, as the client asked. */
  qclass: number = CLASS_IN;
  /** Octets that the client takes; a longer response is truncated. */
  max = 0;

  /** The response is ready: `length` octets in `place`. */
  isReady = false;
  place: Place = { bytes: EMPTY, at: 0 };
  length = 0;
  /**
   * Why the original would have dropped the question (an error code): logged before the response, SERVFAIL, is sent.
   */
  dropped: ErrorCode = '';
  private readonly writer: ResponseWriter;
  private readonly edns: EdnsServer;
  /** The OPT record of the request, and its cookie. */
  private readonly asked: OptHolder & { bytes: Uint8Array } = { opt: new Opt(), bytes: new Uint8Array(COOKIE_MAX) };
  private readonly from = new HeldAddress();
  private readonly aliases: Alias[] = [];
  private lastTarget: Uint8Array = ROOT; // of the last alias
  private given: Place | undefined;
  private readonly own: Place = { bytes: new Uint8Array(PREFIX + UDP_MAX), at: PREFIX };

  constructor(writer: ResponseWriter, edns: EdnsServer) {
    this.writer = writer;
    this.edns = edns;
  }

  /** Takes over the question of a request, which came from this address. */
  take(request: Request, max: number, from: Address): void {
    const { name, nameAt, nameLength } = request;
    for (let i = 0; i < nameLength; i++) this.qname[i] = name[nameAt + i]!;
    this.id = request.id;
    this.qtype = request.type;
    this.qclass = request.class;
    this.max = max;
    const { opt } = this.asked;
    opt.isPresent = request.opt.isPresent;
    if (opt.isPresent) this.takeOpt(request, from);
  }

  private takeOpt({ opt: asked, bytes }: Request, from: Address): void {
    const { opt, bytes: cookie } = this.asked;
    opt.dnssecOk = asked.dnssecOk;
    opt.version = asked.version;
    opt.cookieLength = asked.cookieLength;
    opt.cookieAt = 0;
    for (let i = 0; i < Math.min(asked.cookieLength, COOKIE_MAX); i++) cookie[i] = bytes[asked.cookieAt + i]!;
    this.from.hold(from);
  }

  /** From here to `detach` a response that becomes ready is put into `place`, where 65535 octets have room. */
  start(place: Place): void {
    this.given = place;
    this.isReady = false;
    this.dropped = '';
    if (this.aliases.length > 0) this.aliases.length = 0;
  }

  detach(): void {
    this.given = undefined;
  }

  get hasAliases(): boolean {
    return this.aliases.length > 0;
  }

  /** `name` is an alias for `target`. False: there are too many, or they have come back to one of them. */
  addAlias(name: Uint8Array, ttl: number, target: Uint8Array): boolean {
    if (this.aliases.length >= ALIASES_MAX) return false;
    this.aliases.push({ name: copyName(name), ttl });
    this.lastTarget = copyName(target);
    return !this.aliases.some((alias) => nameEqual(alias.name, 0, target, 0));
  }

  /** Begins a response without error; the last alias leads to `name`. */
  begin(name: Uint8Array): ResponseWriter {
    this.writer.start(this.given, this, this.aliases, name);
    return this.writer;
  }

  /** The response is what the server answered for `name`. */
  answer(name: Uint8Array, response: Response): void {
    const writer = this.begin(name);
    let type = -1;
    let ttl = 0;
    for (const record of response.records) {
      if (record.rank !== ASKED) continue;
      if (record.type !== type) {
        type = record.type;
        ttl = response.answerTtl(type);
      }
      const end = response.readData(record, data, 0);
      writer.putRecord({ names: response.names, ownerAt: record.ownerAt, type, ttl }, data, 0, end);
    }
    this.finish();
  }

  /** The response is that nobody answers. */
  finishServfail(): void {
    this.begin(this.lastTarget).setServfail();
    this.finish();
  }

  /** What was begun is the response. */
  finish(): void {
    const { writer } = this;
    if (writer.failed) {
      this.dropped = 'EIO';
      writer.start(this.given, this, [], this.qname);
      writer.setServfail();
    }
    const { asked } = this;
    if (writer.length > this.max) writer.truncate(asked.opt.isPresent);
    if (asked.opt.isPresent) writer.putOpt(this.edns, asked, this.from.ip);
    this.length = writer.length;
    this.place = this.given ?? writer.copy(this.own);
    this.isReady = true;
  }
}
