// What a server does about EDNS: sizes, the OPT record of its responses (RFC 6891), errors, DNS cookies (RFC 7873,
// 9018). Nothing of it shows to a client that sends no OPT record.

import type { Address } from '../base/address.ts';
import { pack32 } from '../base/bytes.ts';
import { putSipHash } from '../base/siphash.ts';
import { MESSAGE_MAX, UDP_MAX } from './constants.ts';
import * as FLAG from './flag.ts';
import { COOKIE, OPT_SIZE, OPTION_HEAD, type Opt, startOpt } from './opt.ts';
import * as RCODE from './rcode.ts';
import type { Request } from './request.ts';
import type { Writer } from './writer.ts';

/** Octets of a response over UDP that no network has to cut into fragments: 1280 less the headers of IPv6 and UDP. */
export const PAYLOAD = 1232;

const CLIENT_COOKIE = 8;
const SERVER_COOKIE = 16;
const COOKIE_SIZE = CLIENT_COOKIE + SERVER_COOKIE;

/** A request's OPT record, and the octets that its cookie stands in. */
export type OptHolder = Pick<Request, 'opt' | 'bytes'>;

export class EdnsServer {
  /** Octets of the largest request and response over UDP with EDNS; 0: there is no EDNS, OPT is ignored. */
  readonly payload: number;
  /** Unix time in seconds, kept up to date by the owner where there is a secret. */
  now = 0;
  readonly hasCookies: boolean;
  private readonly secret: Uint8Array;
  private readonly cookie = new Uint8Array(COOKIE_SIZE);
  /** What a server cookie is the hash of: client cookie, version and zeros, time, the client's address. */
  private readonly hashed = new Uint8Array(COOKIE_SIZE + 8);

  /**
   * `payload` is 0 or 512 to 4096; `secret`, 16 octets, the key of server cookies: without it cookies are not known.
   */
  constructor(payload: number, secret?: Uint8Array) {
    this.payload = payload;
    this.hasCookies = payload > 0 && secret !== undefined;
    this.secret = secret ?? new Uint8Array(16);
  }

  /** Octets that a request over UDP may have. */
  maxRequest({ opt }: Request): number {
    return opt.isPresent ? Math.max(UDP_MAX, this.payload) : UDP_MAX;
  }

  /** Octets that the response over UDP may have before its OPT record is written. */
  maxResponse({ opt }: Request): number {
    if (!opt.isPresent) return UDP_MAX;
    return Math.max(UDP_MAX, Math.min(opt.payload, this.payload)) - this.optSize(opt);
  }

  /** The same over TCP; without OPT there is no limit but that of TCP. */
  maxTcpResponse({ opt }: Request): number {
    return opt.isPresent ? MESSAGE_MAX - this.optSize(opt) : MESSAGE_MAX;
  }

  /**
   * The response code that the request's OPT record, if it has one, is to be answered with: NOERROR, FORMERR or
   * BADVERS.
   */
  errorOf({ opt }: Request): number {
    if (!opt.isPresent) return RCODE.NOERROR;
    if (opt.isBad) return RCODE.FORMERR;
    if (opt.version !== 0) return RCODE.BADVERS;
    return this.hasCookies && opt.cookieLength >= 0 && !this.wantsCookie(opt) ? RCODE.FORMERR : RCODE.NOERROR;
  }

  /**
   * The octets of a response in `out` to a request that has no question and asks for a server cookie (RFC 7873 section
   * 5.4); 0 for other requests.
   */
  putCookieOnly(response: Writer, request: Request, client: Address, out: Uint8Array, at: number): number {
    const { id, flags, opt, isOptOnly } = request;
    if (!isOptOnly || !this.wantsCookie(opt) || flags & (FLAG.QR | FLAG.OPCODE | FLAG.AA | FLAG.TC)) return 0;
    response.start(out, at);
    response.header(id, FLAG.QR | (flags & FLAG.RD), 0);
    this.putOpt(response, request, RCODE.NOERROR, client);
    return response.length;
  }

  /** Ends the response to a request that has an OPT record with one of ours. `rcode` is the whole response code. */
  putOpt(response: Writer, { opt, bytes }: OptHolder, rcode: number, client: Address): void {
    const mark = startOpt(response, this.payload, rcode >> 4, opt.dnssecOk);
    if (this.wantsCookie(opt)) {
      this.makeCookie(bytes, opt.cookieAt, client);
      response.u16(COOKIE);
      response.u16(COOKIE_SIZE);
      response.put(this.cookie);
    }
    response.endRecord(mark);
  }

  private optSize(opt: Opt): number {
    return this.wantsCookie(opt) ? OPT_SIZE + OPTION_HEAD + COOKIE_SIZE : OPT_SIZE;
  }

  /** The request has a cookie that is answered with one: 8 octets, or 8 and a server cookie of 8 to 32. */
  private wantsCookie({ isBad, version, cookieLength }: Opt): boolean {
    if (!this.hasCookies || isBad || version !== 0) return false;
    return cookieLength === CLIENT_COOKIE || (cookieLength >= 16 && cookieLength <= 40);
  }

  /**
   * Client and server cookie into `cookie`. The server cookie is 1, three zeros, the time (4 octets), and the
   * SipHash-2-4 of what stands before it and the client's address.
   */
  private makeCookie(bytes: Uint8Array, at: number, client: Address): void {
    const { cookie, hashed } = this;
    for (let i = 0; i < CLIENT_COOKIE; i++) cookie[i] = bytes[at + i]!;
    pack32(cookie, 8, 0x01000000);
    pack32(cookie, 12, this.now);
    for (let i = 0; i < 16; i++) hashed[i] = cookie[i]!;
    for (let i = 0; i < client.length; i++) hashed[16 + i] = client[i]!;
    putSipHash(cookie, 16, this.secret, hashed, 16 + client.length);
  }
}
