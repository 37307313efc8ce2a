// One TCP connection of axfrdns as a state machine: requests in, replies out, a reason to hang up. Counterpart: main()
// and netread of axfrdns.c. It owns neither the connection nor the process: under tcpserver its failure ends the
// process, with --listen the connection. Requests are answered strictly in turn.

import { Question, type Responder } from '../answer/responder.ts';
import { TinydnsResponder } from '../answer/tinydns.ts';
import type { Address } from '../base/address.ts';
import { EMPTY } from '../base/bytes.ts';
import { unixNow } from '../base/tai.ts';
import type { Log } from '../log/qlog.ts';
import { soaSerialIn } from '../transfer/transfer-request.ts';
import { checkRequest, putRefusal, type TsigChain } from '../transfer/tsig.ts';
import { CLASS_ANY, CLASS_IN, HEADER_SIZE, MESSAGE_MAX, UDP_MAX } from '../wire/constants.ts';
import type { EdnsServer } from '../wire/edns.ts';
import * as FLAG from '../wire/flag.ts';
import { MessageStream } from '../wire/framing.ts';
import * as RCODE from '../wire/rcode.ts';
import { Request } from '../wire/request.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';

import { ednsFromEnvironment } from './edns.ts';
import { isSet } from './env.ts';
import { type KeyRing, refusalText } from './key-ring.ts';
import { ServedFile } from './served-file.ts';
import { tinydnsOptions } from './tinydns-options.ts';
import { NOT_FOUND, ZoneSending } from './zone-sending.ts';

/** Octets of a request from a client that may sign. */
const SIGNED_MAX = 2048;

/** What the sessions of a process have in common. */
export interface AxfrService {
  /** Answers ordinary questions. */
  readonly responder: Responder;
  readonly edns: EdnsServer;
  readonly log: Log;
  /** Lines end with what the response was. */
  readonly logsResults: boolean;
}

/** The service over data.cdb in the working directory, as the environment says. */
export function dataService(log: Log): AxfrService {
  return {
    responder: new TinydnsResponder(new ServedFile('axfrdns', log), tinydnsOptions()),
    edns: ednsFromEnvironment(),
    log,
    logsResults: isSet('LOGRESULT'),
  };
}

/** Who is at the other end, and what it may have. */
export interface Client {
  readonly ip: Address;
  readonly port: number;
  /** The zones it may transfer, see `zoneAccess`; undefined: all. */
  readonly axfr: Uint8Array | undefined;
  /** The keys of which one must sign transfers; undefined: signatures do not matter. */
  readonly keys: KeyRing | undefined;
}

// Scratch of one step, shared by all sessions.
const question = new Question();
const response = new Writer();

export class AxfrSession {
  /** Why the connection is to be closed, in the original's words; empty while there is no reason. */
  failure = '';
  private readonly client: Client;
  private readonly service: AxfrService;
  private readonly messages = new MessageStream();
  private out: Uint8Array | undefined;
  private readonly request: Request;
  private transfer: ZoneSending | undefined;
  /** The conversation that the last request's right signature began. */
  private chain: TsigChain | undefined;

  constructor(client: Client, service: AxfrService) {
    this.client = client;
    this.service = service;
    this.request = new Request(service.edns.payload > 0);
  }

  /** Takes a copy of bytes from the connection, cut anywhere. */
  push(bytes: Uint8Array): void {
    this.messages.push(bytes);
  }

  /**
   * The next bytes to send, good until the next call, or none where others should have their turn before there are any;
   * undefined when more input is needed or there is a `failure`.
   */
  next(): Uint8Array | undefined {
    // A transfer that is over gives nothing, and neither does one that failed.
    for (;;) {
      if (this.transfer) {
        const length = this.transfer.fill(this.room());
        if (this.transfer.failure !== '') this.fail(this.transfer.failure);
        if (length > 0) return this.room().subarray(0, length);
        if (this.transfer.isPaused) return EMPTY;
        this.close();
      }
      const request = this.failure === '' ? this.nextMessage() : undefined;
      if (!request) return undefined;
      const length = this.serve(request);
      this.service.log.flush();
      if (length > 0) return this.room().subarray(0, length);
    }
  }

  /** Lets go of the file of a transfer that is not over. */
  close(): void {
    this.transfer?.close();
    this.transfer = undefined;
  }

  private room(): Uint8Array {
    this.out ??= new Uint8Array(2 + MESSAGE_MAX);
    return this.out;
  }

  private fail(failure: string): 0 {
    this.failure = failure;
    return 0;
  }

  /** The next whole request, without its length. Too long a one fails before it is there. */
  private nextMessage(): Uint8Array | undefined {
    const most = this.client.keys ? SIGNED_MAX : UDP_MAX;
    if (this.messages.announced() <= most) return this.messages.next();
    this.fail('excessively large request');
    return undefined;
  }

  /** Checks and logs a request. Returns the octets of its reply, 0 when a transfer begins or something failed. */
  private serve(message: Uint8Array): number {
    const { request, client, service } = this;
    request.read(message);
    const { id, flags, type } = request;
    if (!request.hasHeader) return this.fail('truncated request');
    if (flags & (FLAG.QR | FLAG.OPCODE | FLAG.AA | FLAG.TC) || request.questions !== 1) return this.fail('bogus query');
    if (!request.hasQuestion) return this.fail('truncated request');
    if (request.class !== CLASS_IN && request.class !== CLASS_ANY) return this.fail('bogus query: bad class');
    question.set(request, client.ip);
    service.log.query(client, id, 0, type, question.name);
    const error = service.edns.errorOf(request);
    const refusal = client.keys ? this.checkSignature(message, client.keys) : 0;
    if (refusal > 0) return refusal;
    if (error === RCODE.NOERROR && type === TYPE.AXFR) return this.startTransfer(undefined);
    // Without the SOA that says what the client has an IXFR is a question like any other.
    const serial = type === TYPE.IXFR ? soaSerialIn(message, question.name) : undefined;
    return error === RCODE.NOERROR && serial !== undefined ? this.startTransfer(serial) : this.answer(error);
  }

  /** The response to a question; with `error`, a response code that EDNS asks for, there is nothing but that in it. */
  private answer(error: number): number {
    const { request } = this;
    const { responder, edns } = this.service;
    const out = this.room();
    response.start(out, 2);
    const { id, flags, name, nameAt, type } = request;
    const outcome = error === RCODE.NOERROR ? FLAG.AA : error & FLAG.RCODE;
    response.question(id, FLAG.QR | (flags & FLAG.RD) | outcome, name, nameAt, type, request.class);
    question.knowsEdns = request.opt.isPresent;
    question.maxResponse = question.knowsEdns ? edns.maxTcpResponse(request) : UDP_MAX;
    responder.begin();
    if (error === RCODE.NOERROR && !responder.respond(question, response)) return this.fail(NOT_FOUND);
    if (question.knowsEdns) this.putOpt(error);
    if (response.failed) return this.fail(NOT_FOUND);
    const { log, logsResults } = this.service;
    if (logsResults) log.result((error & ~FLAG.RCODE) | (response.flags & FLAG.RCODE), response.length, false);
    let end = 2 + response.length;
    if (this.chain) end = this.chain.sign(out, 2, end, unixNow());
    return this.finish(end);
  }

  private putOpt(error: number): void {
    const { edns } = this.service;
    if (edns.hasCookies) edns.now = unixNow();
    edns.putOpt(response, this.request, error, this.client.ip);
  }

  /** The OPT record of a transfer's first message; no octets for a client without EDNS. */
  private transferOpt(): Uint8Array {
    if (!this.request.opt.isPresent) return EMPTY;
    const out = this.room();
    response.start(out);
    response.header(0, 0, 0);
    this.putOpt(RCODE.NOERROR);
    return out.slice(HEADER_SIZE, response.length);
  }

  /** A transfer begins, of the whole zone or of what has changed since `serial`. */
  private startTransfer(serial: number | undefined): 0 {
    const { client, chain } = this;
    if (client.keys && !chain) return this.fail('disallowed zone transfer request');
    const { id, name, nameAt, nameLength, class: qclass } = this.request;
    const qname = name.slice(nameAt, nameAt + nameLength);
    const zone = question.name.slice(0, question.length);
    const { ip, axfr } = client;
    const sending = new ZoneSending({ id, qname, qclass, zone, ip, axfr, serial, opt: this.transferOpt(), chain });
    if (sending.failure !== '') return this.fail(sending.failure);
    this.transfer = sending;
    return 0;
  }

  /**
   * Checks the signature of a request from a client that has keys. Returns 0 when there is none, or a right one, which
   * `chain` then answers; else the octets of the refusal, which ends the connection.
   */
  private checkSignature(message: Uint8Array, keys: KeyRing): number {
    const now = unixNow();
    const check = checkRequest(message, (name) => keys.find(name), now);
    this.chain = check.kind === 'right' ? check.chain : undefined;
    if (check.kind === 'right' || check.kind === 'unsigned') return 0;
    const out = this.room();
    const rcode = check.kind === 'refused' ? RCODE.NOTAUTH : RCODE.FORMERR;
    response.start(out, 2);
    const { id, flags, name, nameAt, type, class: qclass } = this.request;
    response.question(id, FLAG.QR | (flags & FLAG.RD) | rcode, name, nameAt, type, qclass);
    let end = 2 + response.length;
    if (check.kind === 'refused') end = putRefusal(out, 2, end, check, now);
    this.fail(check.kind === 'refused' ? refusalText(check.error) : 'bad signature');
    return this.finish(end);
  }

  /** Puts the length before the message that ends at `end`; returns `end`. */
  private finish(end: number): number {
    const out = this.room();
    out[0] = (end - 2) >> 8;
    out[1] = end - 2;
    return end;
  }
}
