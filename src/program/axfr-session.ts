// One TCP connection of axfrdns as a state machine: requests in, replies out, a reason to hang up. Counterpart: main()
// and netread of axfrdns.c. It owns neither the connection nor the process: under tcpserver its failure ends the
// process, with --listen the connection. Requests are answered strictly in turn.

import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { Question, type Responder } from '../answer/responder.ts';
import { TinydnsResponder } from '../answer/tinydns.ts';
import type { Address } from '../base/address.ts';
import { EMPTY } from '../base/bytes.ts';
import { mapFile } from '../base/libc.ts';
import { MappedFile } from '../base/mapped-file.ts';
import { errorText } from '../base/oserror.ts';
import { randomBelow } from '../base/random.ts';
import { type Tai, taiOfUnix } from '../base/tai.ts';
import { ClientLocations } from '../data/location.ts';
import type { Log } from '../log/qlog.ts';
import { type FoundSoa, findSoa, ZoneStream, zoneAccess } from '../transfer/axfr.ts';
import { CLASS_ANY, CLASS_IN, HEADER_SIZE, MESSAGE_MAX, UDP_MAX } from '../wire/constants.ts';
import type { EdnsServer } from '../wire/edns.ts';
import * as FLAG from '../wire/flag.ts';
import { MessageStream } from '../wire/framing.ts';
import * as RCODE from '../wire/rcode.ts';
import { Request } from '../wire/request.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';

import { ednsFromEnvironment } from './edns.ts';

const DATA = 'data.cdb';
const NOT_FOUND = `unable to locate information in ${DATA}`;
const UNREADABLE = `unable to read ${DATA}`;

/** What the sessions of a process have in common. */
export interface AxfrService {
  /** Answers ordinary questions. */
  readonly responder: Responder;
  readonly edns: EdnsServer;
  readonly log: Log;
}

/** The service over data.cdb in the working directory, as the environment says. */
export function dataService(log: Log): AxfrService {
  return { responder: new TinydnsResponder(new MappedFile(DATA), randomBelow), edns: ednsFromEnvironment(), log };
}

/** Who is at the other end, and what it may have. */
export interface Client {
  readonly ip: Address;
  readonly port: number;
  /** The zones it may transfer, see `zoneAccess`; undefined: all. */
  readonly axfr: Uint8Array | undefined;
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
  private transfer: { stream: ZoneStream; fd: number } | undefined;

  constructor(client: Client, service: AxfrService) {
    this.client = client;
    this.service = service;
    this.request = new Request(service.edns.payload > 0);
  }

  /** Takes a copy of bytes from the connection, cut anywhere. */
  push(bytes: Uint8Array): void {
    this.messages.push(bytes);
  }

  /** The next bytes to send, good until the next call; undefined when more input is needed or there is a `failure`. */
  next(): Uint8Array | undefined {
    // A transfer that is over gives nothing, and neither does one that failed.
    for (;;) {
      if (this.transfer) {
        const length = this.fill(this.transfer);
        if (length > 0) return this.room().subarray(0, length);
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
    if (this.transfer) closeSync(this.transfer.fd);
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
    if (this.messages.announced() <= UDP_MAX) return this.messages.next();
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
    if (type === TYPE.AXFR && error === RCODE.NOERROR) return this.startTransfer();
    return this.answer(error);
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
    out[0] = response.length >> 8;
    out[1] = response.length;
    return 2 + response.length;
  }

  private putOpt(error: number): void {
    const { edns } = this.service;
    if (edns.hasCookies) edns.now = Math.floor(Date.now() / 1000);
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

  /**
   * Opens data.cdb for this transfer alone: what happens to the name meanwhile does not matter to it. The SOA is
   * looked up in the same file, so that serial and records belong together.
   */
  private startTransfer(): 0 {
    const zone = question.name.slice(0, question.length);
    let fd: number;
    try {
      fd = openSync(DATA, 'r');
    } catch (error) {
      return this.fail(`${UNREADABLE}: ${errorText(error)}`);
    }
    const access = zoneAccess(this.client.axfr, zone);
    if (access === 'allowed') this.findZone(fd, zone);
    else this.fail(access === 'disallowed' ? 'disallowed zone transfer request' : 'out of memory');
    if (!this.transfer) closeSync(fd);
    return 0;
  }

  private findZone(fd: number, zone: Uint8Array): void {
    const now = taiOfUnix(Math.floor(Date.now() / 1000), { hi: 0, lo: 0 });
    try {
      const { location, found } = withFile(fd, (db) => lookUp(db, this.client.ip, zone, now));
      if ('problem' in found) this.fail(found.problem === 'absent' ? NOT_FOUND : `${UNREADABLE}: ${found.problem}`);
      else {
        const { soa } = found;
        const { id, name, nameAt, nameLength, class: qclass } = this.request;
        const qname = name.slice(nameAt, nameAt + nameLength);
        const opt = this.transferOpt();
        const stream = new ZoneStream(
          { id, qname, qclass, zone, location, now, opt },
          soa,
          (into, at, most, position) => readSync(fd, into, at, most, position),
        );
        this.transfer = { stream, fd };
      }
    } catch (error) {
      this.fail(`${UNREADABLE}: ${errorText(error)}`);
    }
  }

  private fill({ stream }: { stream: ZoneStream }): number {
    try {
      const length = stream.fill(this.room());
      if (length === 0 && stream.failure !== '') this.fail(`${UNREADABLE}: ${stream.failure}`);
      return length;
    } catch (error) {
      return this.fail(`${UNREADABLE}: ${errorText(error)}`);
    }
  }
}

function lookUp(db: Uint8Array, ip: Address, zone: Uint8Array, now: Tai) {
  const location = new ClientLocations().find(db, ip);
  const found: FoundSoa = location < 0 ? { problem: 'protocol error' } : findSoa(db, zone, location, now);
  return { location, found };
}

/** Calls `use` with the bytes of an open file, which are good only until it returns. Throws system errors. */
function withFile<T>(fd: number, use: (bytes: Uint8Array) => T): T {
  const { size } = fstatSync(fd);
  const mapping = size > 0 ? mapFile(fd, size) : undefined;
  try {
    return use(mapping ? mapping.bytes : readFileSync(fd));
  } finally {
    mapping?.unmap();
  }
}
