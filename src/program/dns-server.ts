// The skeleton of tinydns, rbldns, walldns and pickdns; the hole in it is a Responder. Counterpart: server.c.
// Order: bind, drop root, the program's own preparation, `starting`, then packets for ever.

import { setFlagsFromString } from 'node:v8';
import { Question, type Responder } from '../answer/responder.ts';
import { Log } from '../log/qlog.ts';
import type { Datagram, DatagramHandler, UdpOptions } from '../transport/datagram.ts';
import { CLASS_ANY, CLASS_IN, UDP_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import * as RCODE from '../wire/rcode.ts';
import { Request } from '../wire/request.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import { dropRoot } from './droproot.ts';
import { isSet } from './env.ts';
import { listenUdp } from './listen.ts';

// Log characters.
const ANSWERED = 43; // +
const UNANSWERED = 45; // -
const NOT_IMPLEMENTED = 73; // I
const BAD_CLASS = 67; // C

/** For --help: the environment that all content servers have in common. */
export const SERVER_NOTES = `Environment:
  IP            address to listen on
  PORT          port to listen on instead of 53
  ROOT          directory to serve from; the server chroots there
  UID, GID      numbers of the user and group to run as
  UNPRIVILEGED  set: do not chroot nor change user, only chdir to $ROOT
  TAI64N        set: begin each log line with a TAI64N label`;

const UDP_OPTIONS: UdpOptions = { receiveMax: UDP_MAX + 1, receiveBuffer: 65536 };

/**
 * How much V8 may inline into one function, in octets of bytecode. Its own 920 leave calls on the path of every packet;
 * this takes in the path whole, for a sixth of its time.
 */
const INLINED_MAX = 8000;

/** A content server's whole life. `prepare` runs when root is dropped and makes the responder. */
export async function serveContent(name: string, prepare: () => Responder): Promise<void> {
  const socket = await listenUdp(UDP_OPTIONS);
  dropRoot();
  const responder = prepare();
  const log = new Log(isSet('TAI64N'));
  log.line(`starting ${name}`);
  log.flush();
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_MAX}`);
  socket.serveOnly(new ContentServer(responder, log));
}

/** What every content server does with a packet: the checks in the original's order, the reply, the log line. */
export class ContentServer implements DatagramHandler {
  private readonly responder: Responder;
  private readonly log: Log;
  private readonly request = new Request();
  private readonly response = new Writer();
  private readonly question = new Question();

  constructor(responder: Responder, log: Log) {
    this.responder = responder;
    this.log = log;
  }

  begin(): void {
    this.responder.begin();
  }

  end(): void {
    this.log.flush();
  }

  datagram(datagram: Datagram): number {
    const { bytes, from, to, ip, reply: room, replyAt } = datagram;
    const { request, response, question } = this;
    request.read(bytes, from, to);
    const { id, flags, type, class: qclass } = request;
    if (to - from > UDP_MAX || !request.hasQuestion || flags & FLAG.QR) {
      this.log.unreadable(datagram);
      return 0;
    }

    let status = ANSWERED;
    let responseFlags = FLAG.QR | (flags & FLAG.RD);
    if (qclass === CLASS_IN) responseFlags |= FLAG.AA;
    if (qclass !== CLASS_IN && qclass !== CLASS_ANY) {
      responseFlags = FLAG.QR | FLAG.RD | FLAG.RA | RCODE.FORMERR; // RD and RA as the original has them
      status = BAD_CLASS;
    } else if (flags & (FLAG.OPCODE | FLAG.AA | FLAG.TC) || type === TYPE.AXFR) {
      responseFlags |= RCODE.NOTIMP;
      status = NOT_IMPLEMENTED;
    }
    response.start(room, replyAt);
    response.question(id, responseFlags, request.name, request.nameAt, type, qclass);
    const questionEnd = response.length;

    question.set(request, ip);
    if (status === ANSWERED && (!this.responder.respond(question, response) || response.failed)) status = UNANSWERED;
    this.log.query(datagram, id, status, type, question.name);
    if (status === UNANSWERED) return 0;
    if (response.length > question.maxResponse) {
      response.flags |= FLAG.TC;
      response.truncate(questionEnd); // the counts stay, as in the original
    }
    return response.length;
  }
}
