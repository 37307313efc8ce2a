// The skeleton of tinydns, rbldns, walldns and pickdns; the hole in it is a Responder. Counterpart: server.c.
// Order: bind, drop root, the program's own preparation, `starting`, then packets for ever.

import { setFlagsFromString } from 'node:v8';
import { type DataFile, Question, type Responder } from '../answer/responder.ts';
import { unixNow } from '../base/tai.ts';
import { Log } from '../log/qlog.ts';
import type { Datagram, DatagramHandler } from '../transport/datagram.ts';
import { serveUdp, serveUdpOnly } from '../transport/udp.ts';
import { CLASS_ANY, CLASS_IN, HEADER_SIZE, UDP_MAX } from '../wire/constants.ts';
import type { EdnsServer } from '../wire/edns.ts';
import * as FLAG from '../wire/flag.ts';
import { ROOT } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { Request } from '../wire/request.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import { dropRoot } from './droproot.ts';
import { EDNS_NOTES, ednsFromEnvironment } from './edns.ts';
import { isSet, PLAIN_NOTES } from './env.ts';
import { announcer, endGently, endsGently, LISTEN_NOTES, listenUdp } from './listen.ts';
import { ServedFile } from './served-file.ts';

// Log characters.
const ANSWERED = 43; // +
const UNANSWERED = 45; // -
const NOT_IMPLEMENTED = 73; // I
const BAD_CLASS = 67; // C
const EDNS_ERROR = 69; // E

/** For --help: the environment that all content servers have in common. */
export const SERVER_NOTES = `Environment:
  IP            address to listen on; or several, IPv4 and IPv6, with commas between them
  PORT          port to listen on instead of 53
  ROOT          directory to serve from; the server chroots there
  UID, GID      numbers of the user and group to run as
  UNPRIVILEGED  set: do not chroot nor change user, only chdir to $ROOT
  TAI64N        set: begin each log line with a TAI64N label
  LOGRESULT     set: end each log line with the response's code, its octets, and TC if it was cut
${EDNS_NOTES}
${LISTEN_NOTES}
${PLAIN_NOTES}`;

const RECEIVE_BUFFER = 65536;

/**
 * How much V8 may inline into one function, in octets of bytecode. Its own 920 leave calls on the path of every packet;
 * this takes in the path whole, for a sixth of its time.
 */
const INLINED_MAX = 8000;

/**
 * A content server's whole life. `prepare` runs when root is dropped and makes the responder, perhaps over data.cdb.
 */
export async function serveContent(name: string, prepare: (data: DataFile) => Responder): Promise<void> {
  const edns = ednsFromEnvironment();
  const sockets = await listenUdp({
    receiveMax: Math.max(UDP_MAX, edns.payload) + 1,
    receiveBuffer: RECEIVE_BUFFER,
  });
  const ready = announcer();
  dropRoot();
  const log = new Log(isSet('TAI64N'));
  const responder = prepare(new ServedFile(name, log));
  log.line(`starting ${name}`);
  responder.begin();
  log.flush();
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_MAX}`);
  const server = new ContentServer(responder, log, edns, isSet('LOGRESULT'));
  ready();
  if (!endsGently()) return serveUdpOnly(sockets, server);
  serveUdp(sockets, server);
  endGently({ sockets });
}

/** What every content server does with a packet: the checks in the original's order, the reply, the log line. */
export class ContentServer implements DatagramHandler {
  private readonly responder: Responder;
  private readonly log: Log;
  private readonly logsResults: boolean;
  private readonly edns: EdnsServer;
  private readonly request: Request;
  private readonly response = new Writer();
  private readonly question = new Question();

  /** With `logsResults` each line ends with what the response was. */
  constructor(responder: Responder, log: Log, edns: EdnsServer, logsResults = false) {
    this.responder = responder;
    this.log = log;
    this.logsResults = logsResults;
    this.edns = edns;
    this.request = new Request(edns.payload > 0);
  }

  begin(): void {
    this.responder.begin();
    if (this.edns.hasCookies) this.edns.now = unixNow();
  }

  end(): void {
    this.log.flush();
  }

  datagram(datagram: Datagram): number {
    const { bytes, from, to, ip, reply: room, replyAt } = datagram;
    const { request, response, question, edns } = this;
    request.read(bytes, from, to);
    const { id, flags, type, class: qclass } = request;
    if (to - from > edns.maxRequest(request) || !request.hasQuestion || flags & FLAG.QR) {
      return this.withoutQuestion(datagram);
    }

    let status = ANSWERED;
    let rcode: number = RCODE.NOERROR; // that EDNS asks for
    let responseFlags = FLAG.QR | (flags & FLAG.RD);
    if (qclass === CLASS_IN) responseFlags |= FLAG.AA;
    if (qclass !== CLASS_IN && qclass !== CLASS_ANY) {
      responseFlags = FLAG.QR | FLAG.RD | FLAG.RA | RCODE.FORMERR; // RD and RA as the original has them
      status = BAD_CLASS;
    } else if (flags & (FLAG.OPCODE | FLAG.AA | FLAG.TC) || type === TYPE.AXFR) {
      responseFlags |= RCODE.NOTIMP;
      status = NOT_IMPLEMENTED;
    } else if (request.opt.isPresent) {
      rcode = edns.errorOf(request);
      if (rcode !== RCODE.NOERROR) {
        responseFlags = FLAG.QR | (flags & FLAG.RD) | (rcode & FLAG.RCODE);
        status = EDNS_ERROR;
      }
    }
    response.start(room, replyAt);
    response.question(id, responseFlags, request.name, request.nameAt, type, qclass);
    const questionEnd = response.length;

    question.set(request, ip);
    question.knowsEdns = request.opt.isPresent;
    question.maxResponse = edns.maxResponse(request);
    if (status === ANSWERED && (!this.responder.respond(question, response) || response.failed)) status = UNANSWERED;
    this.log.query(datagram, id, status, type, question.name);
    if (status === UNANSWERED) return 0;
    if (response.length > question.maxResponse) {
      response.flags |= FLAG.TC;
      response.truncate(questionEnd); // the counts stay, as in the original
      if (question.knowsEdns) response.clearCounts();
    }
    if (question.knowsEdns) edns.putOpt(response, request, rcode, ip);
    if (this.logsResults) this.logResult(rcode);
    return response.length;
  }

  /** A packet with no question to answer: a header alone, or a header and a DNS cookie, has a response all the same. */
  private withoutQuestion(datagram: Datagram): number {
    const { request, response, edns } = this;
    const { id, flags } = request;
    const { ip, reply: room, replyAt } = datagram;
    if (isHeaderAlone(datagram, request)) {
      response.start(room, replyAt);
      response.header(id, FLAG.QR | (flags & (FLAG.OPCODE | FLAG.RD)) | RCODE.NOTIMP, 0);
      this.log.query(datagram, id, NOT_IMPLEMENTED, 0, ROOT);
    } else if (edns.putCookieOnly(response, request, ip, room, replyAt) > 0) {
      this.log.query(datagram, id, ANSWERED, 0, ROOT);
    } else {
      this.log.unreadable(datagram);
      return 0;
    }
    if (this.logsResults) this.logResult(RCODE.NOERROR);
    return response.length;
  }

  /** Ends the line just logged. `extended` is the response code where it is one of EDNS. */
  private logResult(extended: number): void {
    const { flags, length } = this.response;
    this.log.result((extended & ~FLAG.RCODE) | (flags & FLAG.RCODE), length, (flags & FLAG.TC) !== 0);
  }
}

/** Twelve octets, no response, an opcode other than QUERY and no records: a test of what the server makes of it. */
function isHeaderAlone({ bytes, from, to }: Datagram, { hasHeader, flags }: Request): boolean {
  if (!hasHeader || to - from !== HEADER_SIZE || flags & FLAG.QR || (flags & FLAG.OPCODE) === 0) return false;
  for (let at = from + 4; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
