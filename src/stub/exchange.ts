// One question asked of a list of servers: whom to ask next, over what, for how long, and what to make of a reply.
// Counterpart: the policy in dns_transmit.c. No sockets, no timers, no clock: transport/transmit.ts carries out what
// `attempt` says and reports what happened. Every attempt has a new ID; the transport gives it a new socket and port.
//
// UDP goes round the servers in passes of 1, 3, 11 and 45 seconds a server (recursive questions skip the first). TC
// starts TCP, each server once, first the one that truncated; there is no way back to UDP. Corrected from the
// original: a server that refuses, fails or is not there is left at once in every pass, and QR and opcode are checked.

import { isUnspecified } from '../base/address.ts';
import { pack16, unpack16 } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import type { ErrorCode } from '../base/oserror.ts';
import { random16 } from '../base/random.ts';
import type { Attempt } from '../wire/attempt.ts';
import { CLASS_IN, HEADER_SIZE, UDP_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { NAME_MAX, nameEqual } from '../wire/name.ts';
import { Opt } from '../wire/opt.ts';
import * as RCODE from '../wire/rcode.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';

/** Seconds to wait for each server, pass by pass; questions to a cache skip the first. */
const PASSES: readonly number[] = [1, 3, 11, 45];
/** Seconds to connect and send over TCP, and again seconds for the whole reply. */
const TCP_SECONDS = 10;
/** The pass in which a server that has been silent so far is asked for no more than 512 octets. */
const SMALL_PASS = 2;

/** What is asked: a name in wire form, which keeps its case on the wire, and a type. */
export interface StubQuestion {
  readonly name: Uint8Array;
  readonly type: number;
}

/** How it is asked. */
export interface Manner {
  /** Recursion desired: set in questions for a cache. */
  readonly recursive: boolean;
  /** An error code besides NXDOMAIN that answers the question. */
  readonly answeringRcode?: number;
  /** A response may have any opcode: for the tools that show it, as `weird op`, to people. */
  readonly anyOpcode?: boolean;
  /** An OPT record goes with the question; responses over UDP may be as long as it says. */
  readonly edns?: Edns | undefined;
  /** Servers that are asked without OPT although others are not; who does not know EDNS is added. */
  readonly withoutEdns?: ServerSet | undefined;
  /** Servers that something was heard from lately: a large response may be what does not come from the others. */
  readonly isHeard?: (server: Endpoint) => boolean;
  /** TCP from the start. */
  readonly overTcp?: boolean;
  /** Seconds to wait for each server, pass by pass, in place of the usual ones. */
  readonly passes?: readonly number[];
  /** Seconds after which silence ends the exchange, wherever it is in its passes. */
  readonly timeout?: number | undefined;
}

export interface ServerSet {
  has(server: Endpoint): boolean;
  add(server: Endpoint): void;
}

/** What a question's OPT record says (RFC 6891): version 0, no options. */
export interface Edns {
  /** The longest response over UDP that is wanted, 512 to 65535 octets. */
  readonly size: number;
  readonly dnssecOk: boolean;
}

/** What a message means: not an answer to this attempt (keep waiting), the end of the attempt, or the reply. */
export type Verdict = 'ignore' | 'next' | 'done';

/** The OPT record without options: the root, type, size, extended rcode, version, flags, length. */
const OPT_SIZE = 11;
/** In the first octet of the flags of an OPT record (RFC 3225). */
const DNSSEC_OK = 0x80;

/** What servers say that do not know EDNS, or not our version of it. */
const NO_EDNS: readonly number[] = [RCODE.FORMERR, RCODE.NOTIMP, RCODE.BADVERS];

const reader = new Reader();
const opt = new Opt();
const name = new Uint8Array(NAME_MAX);

/** An exchange: `attempt` is what to do; `received` and `failed` move it on; at the end `reply` or `error` is set. */
export class Exchange {
  /** Undefined when the exchange is over. */
  attempt: Attempt | undefined;
  /** The reply, header included; a copy. */
  reply: Uint8Array | undefined;
  /** The server that sent `reply`. */
  repliedBy: Endpoint | undefined;
  /** The code of the last attempt's failure (`ETIMEDOUT`, `EAGAIN` for a bad rcode, `EIO`, ...) when all failed. */
  error: ErrorCode = '';
  private readonly question: StubQuestion;
  private readonly servers: readonly Endpoint[];
  private readonly edns: Edns | undefined;
  private readonly query: Uint8Array;
  private readonly plainQuery: Uint8Array; // without OPT
  private readonly recursive: boolean;
  private readonly withoutEdns: ServerSet | undefined;
  private readonly isHeard: Manner['isHeard'];
  private transport: 'udp' | 'tcp' = 'udp';
  private readonly passes: readonly number[];
  private pass = 0;
  private index = -1;
  private firstTcp = 0; // the server that truncated
  private readonly replyMask: number;
  private readonly answeringRcode: number;
  private readonly udpMax: number;
  private secondsLeft: number;

  /** Servers with the address 0.0.0.0 are skipped; with none left, EIO. */
  constructor(question: StubQuestion, servers: readonly Endpoint[], manner: Manner) {
    const { recursive, anyOpcode, edns, overTcp } = manner;
    this.answeringRcode = manner.answeringRcode ?? RCODE.NXDOMAIN;
    this.replyMask = anyOpcode ? FLAG.QR : FLAG.QR | FLAG.OPCODE;
    this.udpMax = edns ? edns.size : UDP_MAX;
    this.secondsLeft = manner.timeout ?? Number.POSITIVE_INFINITY;
    if (overTcp) this.transport = 'tcp';
    this.question = question;
    this.servers = servers.filter((server) => !isUnspecified(server.ip));
    this.edns = edns;
    this.recursive = recursive;
    this.isHeard = manner.isHeard;
    this.query = composeQuery(question, recursive, edns);
    this.plainQuery = edns ? composeQuery(question, recursive) : this.query;
    this.withoutEdns = manner.withoutEdns;
    this.passes = manner.passes ?? (recursive ? PASSES.slice(1) : PASSES);
    this.error = 'EIO';
    this.advance();
  }

  /** A message came for the current attempt. On `next` and `done` the exchange has moved on. */
  received(message: Uint8Array): Verdict {
    const attempt = this.attempt;
    if (!attempt) return 'ignore';
    const overTcp = attempt.transport === 'tcp';
    if (!overTcp) {
      if (message.length > this.udpMax) return 'ignore';
    }
    if (!this.isRelevant(message)) return overTcp ? this.failed('EPROTO') : 'ignore';
    const flags = (message[2]! << 8) | message[3]!;
    if (flags & FLAG.TC) return overTcp ? this.failed('EIO') : this.turnToTcp();
    const extended = this.withoutEdns ? extendedRcode(message) : 0;
    const rcode = (extended << 4) | (flags & FLAG.RCODE);
    if (this.withoutEdns && attempt.query !== this.plainQuery && NO_EDNS.includes(rcode)) {
      this.withoutEdns.add(attempt.server);
      this.index--; // the same server once more, without OPT
      return this.failed('EAGAIN');
    }
    const isAnswer = rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN || rcode === this.answeringRcode;
    if (!isAnswer) return this.failed('EAGAIN');
    this.reply = new Uint8Array(message); // `slice` of a Buffer would share its memory
    this.repliedBy = attempt.server;
    this.error = '';
    this.attempt = undefined;
    return 'done';
  }

  /** The current attempt failed with a system error code, or `ETIMEDOUT`; TCP closed early is `EIO`. */
  failed(code: ErrorCode): 'next' {
    this.error = code;
    if (code === 'ETIMEDOUT' && this.attempt) this.secondsLeft -= secondsOf(this.attempt);
    this.advance();
    return 'next';
  }

  private turnToTcp(): 'next' {
    this.transport = 'tcp';
    this.firstTcp = this.index;
    this.index = -1;
    this.error = 'EIO';
    this.advance();
    return 'next';
  }

  private advance(): void {
    this.index++;
    if (this.index >= this.servers.length) {
      this.index = 0;
      this.pass++;
      const isOver = this.transport === 'tcp' || this.pass >= this.passes.length || this.servers.length === 0;
      if (isOver) this.secondsLeft = 0;
    }
    if (this.secondsLeft <= 0) {
      this.attempt = undefined;
      return;
    }
    const { transport } = this;
    const server = this.servers[transport === 'tcp' ? this.tcpIndex() : this.index]!;
    const query = this.queryFor(server);
    pack16(query, 0, random16());
    const seconds =
      transport === 'tcp'
        ? Math.min(TCP_SECONDS, this.secondsLeft / 2)
        : Math.min(this.passes[this.pass]!, this.secondsLeft);
    this.attempt = { transport, server, seconds, query };
  }

  private queryFor(server: Endpoint): Uint8Array {
    const { edns, isHeard } = this;
    if (this.withoutEdns?.has(server)) return this.plainQuery;
    const isSmall = edns && isHeard && this.pass === SMALL_PASS && this.transport === 'udp' && !isHeard(server);
    return isSmall ? composeQuery(this.question, this.recursive, { ...edns, size: UDP_MAX }) : this.query;
  }

  /** Over TCP the server that truncated comes first, the others follow in their order. */
  private tcpIndex(): number {
    if (this.index === 0) return this.firstTcp;
    return this.index <= this.firstTcp ? this.index - 1 : this.index;
  }

  /** A reply to this attempt's query: ID, QR, opcode, and exactly our question (name in any case). */
  private isRelevant(message: Uint8Array): boolean {
    const { query } = this.attempt!;
    if (message.length < HEADER_SIZE || message[0] !== query[0] || message[1] !== query[1]) return false;
    reader.start(message);
    reader.skip(2);
    const flags = reader.u16();
    if ((flags & this.replyMask) !== FLAG.QR || reader.u16() !== 1) return false;
    reader.skip(6);
    reader.name(name);
    const qtype = reader.u16();
    const qclass = reader.u16();
    return (
      !reader.failed && qtype === this.question.type && qclass === CLASS_IN && nameEqual(name, 0, this.question.name, 0)
    );
  }
}

/** The upper bits of the response code, from an OPT record; the reader stands behind the question. */
function extendedRcode(message: Uint8Array): number {
  const additional = unpack16(message, 10);
  if (additional === 0) return 0;
  opt.read(reader, unpack16(message, 6) + unpack16(message, 8), additional);
  return opt.isPresent && !opt.isBad ? opt.extended : 0;
}

/** How long the attempt may take: over TCP connecting and waiting have their time each. */
function secondsOf({ transport, seconds }: Attempt): number {
  return transport === 'tcp' ? 2 * seconds : seconds;
}

/** A query message with ID 0: one question, class IN, and an OPT record where there is something for it to say. */
export function composeQuery({ name, type }: StubQuestion, recursive: boolean, edns?: Edns): Uint8Array {
  const query = new Uint8Array(HEADER_SIZE + name.length + 4 + (edns ? OPT_SIZE : 0));
  query[2] = recursive ? FLAG.RD >> 8 : 0;
  query[5] = 1;
  query.set(name, HEADER_SIZE);
  const at = pack16(query, pack16(query, HEADER_SIZE + name.length, type), CLASS_IN);
  if (!edns) return query;
  query[11] = 1;
  pack16(query, pack16(query, at + 1, TYPE.OPT), edns.size);
  if (edns.dnssecOk) query[at + 7] = DNSSEC_OK;
  return query;
}
