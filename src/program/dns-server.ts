// The skeleton of tinydns, rbldns, walldns and pickdns; the hole in it is a Lookup. Counterpart: server.c.
// Order: bind, drop root, the program's own preparation, `starting`, then packets for ever.

import { setFlagsFromString } from 'node:v8';
import { type Lookup, Question } from '../answer/question.ts';
import { Fatal } from '../base/errors.ts';
import { codeText } from '../base/oserror.ts';
import { Log } from '../log/qlog.ts';
import {
  type Datagram,
  type DatagramHandler,
  UdpError,
  type UdpOptions,
  type UdpSocket,
} from '../transport/datagram.ts';
import { bindUdp } from '../transport/udp.ts';
import { CLASS_ANY, CLASS_IN, UDP_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import * as RCODE from '../wire/rcode.ts';
import { Request } from '../wire/request.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import { dropRoot } from './droproot.ts';
import { isSet, port, requiredIp } from './env.ts';

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

/** Binds to `$IP`, port 53 or `$PORT`. Fatal in the original's words. */
export async function bindFromEnvironment(options: UdpOptions): Promise<UdpSocket> {
  const ip = requiredIp('IP');
  try {
    return await bindUdp({ ip, port: port() }, options);
  } catch (error) {
    if (!(error instanceof UdpError)) throw error;
    throw new Fatal(`unable to ${error.step} UDP socket: ${codeText(error.code)}`);
  }
}

/**
 * How much V8 may inline into one function, in octets of bytecode. Its own 920 leave calls on the path of every packet;
 * this takes in the path whole, for a sixth of its time.
 */
const INLINED_MAX = 8000;

/** A content server's whole life. `prepare` runs when root is dropped and makes the lookup. */
export async function serveContent(name: string, prepare: () => Lookup): Promise<void> {
  const socket = await bindFromEnvironment(UDP_OPTIONS);
  dropRoot();
  const lookup = prepare();
  const log = new Log(isSet('TAI64N'));
  log.line(`starting ${name}`);
  log.flush();
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_MAX}`);
  socket.serveOnly(new ContentServer(lookup, log));
}

/** What every content server does with a packet: the checks in the original's order, the reply, the log line. */
export class ContentServer implements DatagramHandler {
  private readonly lookup: Lookup;
  private readonly log: Log;
  private readonly request = new Request();
  private readonly reply = new Writer();
  private readonly question = new Question();

  constructor(lookup: Lookup, log: Log) {
    this.lookup = lookup;
    this.log = log;
  }

  begin(): void {
    this.lookup.begin();
  }

  end(): void {
    this.log.flush();
  }

  datagram({ bytes, from, to, ip, port, reply: room, replyAt }: Datagram): number {
    const { request, reply, question } = this;
    request.read(bytes, from, to);
    const { id, flags, type, class: qclass } = request;
    if (to - from > UDP_MAX || !request.hasQuestion || flags & FLAG.QR) {
      this.log.unreadable(ip, port);
      return 0;
    }

    let status = ANSWERED;
    let replyFlags = FLAG.QR | (flags & FLAG.RD);
    if (qclass === CLASS_IN) replyFlags |= FLAG.AA;
    if (qclass !== CLASS_IN && qclass !== CLASS_ANY) {
      replyFlags = FLAG.QR | FLAG.RD | FLAG.RA | RCODE.FORMERR; // RD and RA as the original has them
      status = BAD_CLASS;
    } else if (flags & (FLAG.OPCODE | FLAG.AA | FLAG.TC) || type === TYPE.AXFR) {
      replyFlags |= RCODE.NOTIMP;
      status = NOT_IMPLEMENTED;
    }
    reply.start(room, replyAt);
    reply.question(id, replyFlags, request.name, request.nameAt, type, qclass);
    const questionEnd = reply.length;

    question.set(request, ip);
    if (status === ANSWERED && (!this.lookup.respond(question, reply) || reply.failed)) status = UNANSWERED;
    this.log.query(ip, port, id, status, type, question.name);
    if (status === UNANSWERED) return 0;
    if (reply.length > UDP_MAX) {
      reply.flags |= FLAG.TC;
      reply.truncate(questionEnd); // the counts stay, as in the original
    }
    return reply.length;
  }
}
