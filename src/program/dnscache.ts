// dnscache's body: clients, their slots, the log. Counterpart: dnscache.c. The work is done by resolve/query.ts; what it
// asks is sent by transport/upstream.ts. At most 200 questions over UDP are under way and 20 TCP connections open; who
// comes when all are taken takes the place of the oldest, but only with a question that has to be asked of others.

import { readSync } from 'node:fs';
import { type Address, HeldAddress, type Ip4 } from '../base/address.ts';
import { Fatal } from '../base/errors.ts';
import { orFatal } from '../base/files.ts';
import type { ErrorCode } from '../base/oserror.ts';
import { decimalOf } from '../base/text.ts';
import { CacheLog } from '../log/cachelog.ts';
import { Answers, REPLY_MAX } from '../resolve/answers.ts';
import { Cache } from '../resolve/cache.ts';
import { Memory } from '../resolve/memory.ts';
import { Query, type Resolver } from '../resolve/query.ts';
import { readRoots } from '../resolve/roots.ts';
import type { Datagram, DatagramHandler, UdpSocket } from '../transport/datagram.ts';
import type { TcpListener } from '../transport/tcp.ts';
import { type TcpClient, TcpClients, type TcpEvents } from '../transport/tcp-clients.ts';
import { Upstream, type UpstreamEvents } from '../transport/upstream.ts';
import { CLASS_ANY, CLASS_IN, HEADER_SIZE, UDP_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { NAME_MAX } from '../wire/name.ts';
import { Reader } from '../wire/reader.ts';
import * as TYPE from '../wire/type.ts';
import { dropRoot } from './droproot.ts';
import { isSet, required, requiredIp, requiredText } from './env.ts';
import { listenTcp, listenUdp } from './listen.ts';
import { OkClients } from './okclient.ts';

const UDP_SLOTS = 200;
/** Octets received of a datagram; one that fills them is ignored. */
const RECEIVE_MAX = 1024;
const RECEIVE_BUFFER = 131072;
const SEED_MAX = 128;

/** Starts dnscache as the environment says; it then runs until it is killed. Fatal in the original's order and words. */
export async function dnscache(): Promise<void> {
  const udp = await listenUdp({ receiveMax: RECEIVE_MAX, receiveBuffer: RECEIVE_BUFFER });
  const tcp = await listenTcp();
  dropRoot();
  readSeed();
  const local = requiredIp('IPSEND');
  const cache = makeCache();
  const hideTtl = isSet('HIDETTL');
  const forwardOnly = isSet('FORWARDONLY');
  const roots = orFatal('unable to read servers', () => readRoots('servers'));
  const server = new CacheServer(udp, tcp, local, cache, (log) => ({
    cache,
    roots,
    memory: new Memory(),
    answers: new Answers(hideTtl),
    log,
    forwardOnly,
    now: 0,
  }));
  server.serve();
}

/** What the original seeds its generator with. It is read, so that whoever writes it is not left waiting, and ignored. */
function readSeed(): void {
  try {
    readSync(0, new Uint8Array(SEED_MAX));
  } catch {
    // no seed is as good
  }
}

function makeCache(): Cache {
  const size = decimalOf(required('CACHESIZE'));
  try {
    return new Cache(size);
  } catch {
    throw new Fatal(`not enough memory for cache of size ${requiredText('CACHESIZE')}`);
  }
}

/** A question under way: from a UDP client, or over a TCP connection. */
class Task extends Query {
  number = 0;
  readonly from = new HeldAddress();
  port = 0;
  tcp: TcpClient<Task> | undefined;
}

class CacheServer implements DatagramHandler, TcpEvents<Task>, UpstreamEvents<Task> {
  private readonly udp: UdpSocket;
  private readonly listener: TcpListener;
  private tcp: TcpClients<Task> | undefined;
  private readonly resolver: Resolver;
  private readonly log: CacheLog;
  private readonly upstream: Upstream<Task>;
  private readonly okClients = new OkClients('ip');
  private readonly free: Task[] = [];
  private readonly active = new Set<Task>(); // over UDP, oldest first
  private udpActive = 0;
  private queries = 0;
  private isLogDue = false;
  private readonly query = new Reader();
  private readonly qname = new Uint8Array(NAME_MAX);
  /** Two octets for TCP's length, and a reply. */
  private readonly reply = new Uint8Array(2 + REPLY_MAX);

  constructor(
    udp: UdpSocket,
    listener: TcpListener,
    local: Ip4,
    cache: Cache,
    resolverWith: (log: CacheLog) => Resolver,
  ) {
    this.udp = udp;
    this.listener = listener;
    const counts = () => ({
      queries: this.queries,
      motion: cache.motion,
      udpActive: this.udpActive,
      tcpActive: this.tcp?.active ?? 0,
    });
    this.log = new CacheLog(counts, isSet('TAI64N'));
    this.resolver = resolverWith(this.log);
    this.upstream = new Upstream({ ip4: local }, this);
  }

  serve(): void {
    process.on('exit', () => this.log.flush());
    this.log.starting();
    this.log.flush();
    this.tcp = new TcpClients(this.listener, this);
    this.udp.serve(this);
  }

  begin(): void {
    this.before();
    this.okClients.begin();
  }

  end(): void {
    this.log.flush();
  }

  before(): void {
    this.resolver.now = Math.floor(Date.now() / 1000);
    this.resolver.answers.into(this.reply, 2);
  }

  /** The log goes out once for all events of one turn of the event loop. */
  after(): void {
    if (this.isLogDue) return;
    this.isLogDue = true;
    setImmediate(() => {
      this.isLogDue = false;
      this.log.flush();
    });
  }

  datagram(datagram: Datagram): number {
    const { bytes, from, to, ip, port } = datagram;
    if (to - from >= RECEIVE_MAX || !this.isWelcome(ip, port)) return 0;
    const { query, resolver } = this;
    if (!this.isAcceptable(bytes, from, to)) return 0;
    const task = this.free.pop() ?? new Task(resolver);
    const id = (bytes[from]! << 8) | bytes[from + 1]!;
    const qtype = (bytes[query.pos - 4]! << 8) | bytes[query.pos - 3]!;
    const qclass = (bytes[query.pos - 2]! << 8) | bytes[query.pos - 1]!;
    task.number = ++this.queries;
    task.from.hold(ip);
    task.port = port;
    this.udpActive++;
    this.log.query(task.number, datagram, id, qtype, this.qname);
    if (qtype === TYPE.AXFR) {
      this.log.drop(task.number, 'EPERM');
      this.release(task);
      return 0;
    }
    resolver.answers.into(datagram.reply, datagram.replyAt);
    task.start(id, this.qname, 0, qtype, qclass);
    if (task.done) {
      const length = this.finishUdp(task);
      this.release(task);
      return length;
    }
    if (this.active.size >= UDP_SLOTS) this.dropOldest();
    this.active.add(task);
    this.upstream.start(task);
    return 0;
  }

  /** Asked for each TCP connection. */
  accepts(ip: Address, port: number): boolean {
    this.okClients.begin();
    return this.isWelcome(ip, port);
  }

  /** Ports below 1024 belong to services, which would answer our answer; 53 is a resolver. */
  private isWelcome(ip: Address, port: number): boolean {
    return (port >= 1024 || port === 53) && this.okClients.accepts(ip);
  }

  /** Reads a query to the end of its question, the name into `qname`; false when it is none that is answered. */
  private isAcceptable(bytes: Uint8Array, from: number, to: number): boolean {
    const { query } = this;
    query.start(bytes, from, to);
    query.skip(2);
    const flags = query.u16();
    const questions = query.u16();
    query.skip(HEADER_SIZE - 6);
    if (query.failed || questions !== 1) return false;
    if ((flags & (FLAG.QR | FLAG.OPCODE | FLAG.TC | FLAG.RD)) !== FLAG.RD) return false;
    query.name(this.qname);
    query.skip(2);
    const qclass = query.u16();
    return !query.failed && (qclass === CLASS_IN || qclass === CLASS_ANY);
  }

  private dropOldest(): void {
    for (const task of this.active) {
      this.upstream.stop(task);
      task.stop();
      this.active.delete(task);
      this.log.drop(task.number, 'ETIMEDOUT');
      this.release(task);
      return;
    }
  }

  private release(task: Task): void {
    this.udpActive--;
    this.free.push(task);
  }

  /** The reply in `answers`, made to fit, logged; returns its length. */
  private finishUdp(task: Task): number {
    const { answers } = this.resolver;
    this.logDrop(task);
    if (answers.length > UDP_MAX) answers.truncate();
    this.log.sent(task.number, answers.length);
    return answers.length;
  }

  private logDrop(task: Task): void {
    if (task.dropped !== '') this.log.drop(task.number, task.dropped);
  }

  /** A task that waited for others has its reply; called within its last event. */
  done(task: Task): void {
    if (task.tcp) return this.respondTcp(task, task.tcp);
    this.active.delete(task);
    const length = this.finishUdp(task);
    this.udp.send(this.reply, 2, 2 + length, task.from.ip, task.port);
    this.release(task);
  }

  merged(task: Task): void {
    this.log.merge(task.attempt!.server.ip, task.askedType, task.askedName);
  }

  opened(client: TcpClient<Task>): void {
    this.log.tcpOpen(client);
    this.log.flush();
  }

  asked(client: TcpClient<Task>, message: Uint8Array): void {
    this.before();
    const { query } = this;
    if (!this.isAcceptable(message, 0, message.length)) client.reject();
    else {
      const qtype = (message[query.pos - 4]! << 8) | message[query.pos - 3]!;
      const qclass = (message[query.pos - 2]! << 8) | message[query.pos - 1]!;
      const id = (message[0]! << 8) | message[1]!;
      this.askOverTcp(client, id, qtype, qclass);
    }
    this.log.flush();
  }

  private askOverTcp(client: TcpClient<Task>, id: number, qtype: number, qclass: number): void {
    const number = ++this.queries;
    this.log.query(number, client, id, qtype, this.qname);
    if (qtype === TYPE.AXFR) {
      this.log.drop(number, 'EPERM');
      return client.abandon();
    }
    const task = this.free.pop() ?? new Task(this.resolver);
    task.number = number;
    task.tcp = client;
    client.query = task;
    task.start(id, this.qname, 0, qtype, qclass);
    if (task.done) this.respondTcp(task, client);
    else this.upstream.start(task);
  }

  private respondTcp(task: Task, client: TcpClient<Task>): void {
    const { answers } = this.resolver;
    this.logDrop(task);
    this.log.sent(task.number, answers.length);
    client.query = undefined;
    task.tcp = undefined;
    this.free.push(task);
    client.respond(this.reply, 2, answers.length);
  }

  dropped(client: TcpClient<Task>, code: ErrorCode): void {
    const task = client.query!;
    this.upstream.stop(task);
    task.stop();
    task.tcp = undefined;
    client.query = undefined;
    this.log.drop(task.number, code);
    this.free.push(task);
  }

  closed(client: TcpClient<Task>, code: ErrorCode): void {
    this.log.tcpClose(client, code);
    this.log.flush();
  }
}
