// dnscache's clients over UDP. Counterpart: the u* half of dnscache.c. At most 200 questions wait for servers; one more
// takes the place of the oldest. What the cache answers takes nobody's place.

import { Query } from '../resolve/query.ts';
import { type DatagramHandler, HeldPeer, type Received, type UdpSocket } from '../transport/datagram.ts';
import * as TYPE from '../wire/type.ts';
import type { Asking, CacheCore, CacheQuery } from './dnscache-core.ts';

const SLOTS = 200;
/** Octets of a datagram without EDNS that is ignored. */
export const RECEIVE_MAX = 1024;

class UdpAsking implements Asking {
  number = 0;
  readonly query: CacheQuery;
  readonly peer = new HeldPeer();
  /** The client has got its response: the query goes on without it. */
  isServed = false;
  /** When the client has waited long enough, by the resolver's clock. */
  deadline = 0;
  private readonly server: CacheOverUdp;

  constructor(server: CacheOverUdp, core: CacheCore) {
    this.server = server;
    this.query = new Query(core.resolver, this);
  }

  answered(): void {
    this.server.respond(this);
  }
}

export class CacheOverUdp implements DatagramHandler {
  /** Questions that were accepted and are not answered yet. */
  active = 0;
  private readonly core: CacheCore;
  private readonly free: UdpAsking[] = [];
  private readonly waiting = new Set<UdpAsking>(); // oldest first
  private timer: NodeJS.Timeout | undefined;

  /** Serves what comes to the sockets from here on. */
  constructor(core: CacheCore, sockets: readonly UdpSocket[]) {
    this.core = core;
    for (const socket of sockets) socket.serve(this);
  }

  begin(): void {
    this.core.before();
    this.core.lookAtClients();
  }

  end(): void {
    this.core.log.flush();
  }

  datagram(datagram: Received): number {
    const { core } = this;
    const { bytes, from, to, ip, port } = datagram;
    if (!core.accepts(ip, port)) return 0;
    const place = { bytes: datagram.reply, at: datagram.replyAt };
    if (!core.read(bytes, from, to)) return core.putCookie(ip, place);
    const { request } = core;
    const { edns } = core.resolver;
    if (to - from >= Math.max(RECEIVE_MAX, request.opt.isPresent ? edns.payload + 1 : 0)) return 0;
    if (request.opt.isPresent && request.type !== TYPE.AXFR) {
      const length = core.putEdnsError(ip, place);
      if (length > 0) return length;
    }
    const asking = this.free.pop() ?? new UdpAsking(this, core);
    asking.peer.hold(datagram);
    this.active++;
    if (!core.begin(asking, datagram, edns.maxResponse(request), place)) {
      this.release(asking);
      return 0;
    }
    if (asking.query.done) {
      core.sent(asking);
      this.release(asking);
      return asking.query.client.length;
    }
    if (this.waiting.size >= SLOTS) this.dropOldest();
    this.waiting.add(asking);
    asking.isServed = false;
    asking.deadline = core.resolver.milliseconds + core.patience;
    if (!this.timer) this.waitForOldest(core.patience);
    core.ask(asking);
    return 0;
  }

  /** One timer for all: who came first has waited longest. */
  private waitForOldest(milliseconds: number): void {
    this.timer = setTimeout(() => this.serveImpatient(), milliseconds);
  }

  /** Tells those who have waited long enough that nobody answers. */
  private serveImpatient(): void {
    const { core } = this;
    core.before();
    this.timer = undefined;
    for (const asking of this.waiting) {
      if (asking.isServed) continue;
      const left = asking.deadline - core.resolver.milliseconds;
      if (left > 0) {
        this.waitForOldest(Math.ceil(left));
        break;
      }
      asking.isServed = true;
      core.giveWord(asking);
      this.send(asking);
    }
    core.log.flush();
  }

  /** Sends the response to somebody who waited for servers. */
  respond(asking: UdpAsking): void {
    this.waiting.delete(asking);
    if (!asking.isServed) {
      this.core.sent(asking);
      this.send(asking);
    }
    this.release(asking);
  }

  private send({ query, peer }: UdpAsking): void {
    const { place, length } = query.client;
    peer.socket.send(place.bytes, place.at, place.at + length, peer);
  }

  private dropOldest(): void {
    for (const asking of this.waiting) {
      this.waiting.delete(asking);
      if (asking.isServed) this.core.stop(asking);
      else this.core.drop(asking, 'ETIMEDOUT');
      return this.release(asking);
    }
  }

  private release(asking: UdpAsking): void {
    this.active--;
    this.free.push(asking);
  }
}
