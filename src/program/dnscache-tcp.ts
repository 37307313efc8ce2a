// dnscache's clients over TCP: what their connections ask. Counterpart: the t* half of dnscache.c. The connections
// themselves are transport/tcp-clients.ts.

import type { Address } from '../base/address.ts';
import type { ErrorCode } from '../base/oserror.ts';
import { Query } from '../resolve/query.ts';
import { type Place, RESPONSE_MAX } from '../resolve/response-writer.ts';
import type { TcpListener } from '../transport/tcp.ts';
import { type TcpClient, TcpClients, type TcpEvents } from '../transport/tcp-clients.ts';
import * as TYPE from '../wire/type.ts';
import type { Asking, CacheCore, CacheQuery } from './dnscache-core.ts';

class TcpAsking implements Asking {
  number = 0;
  readonly query: CacheQuery;
  /** The connection that waits. */
  client: TcpClient<TcpAsking> | undefined;
  timer: NodeJS.Timeout | undefined;
  private readonly server: CacheOverTcp;

  constructor(server: CacheOverTcp, core: CacheCore) {
    this.server = server;
    this.query = new Query(core.resolver, this);
  }

  answered(): void {
    this.server.respond(this);
  }
}

export class CacheOverTcp implements TcpEvents<TcpAsking> {
  private readonly core: CacheCore;
  private readonly clients: TcpClients<TcpAsking>;
  private readonly free: TcpAsking[] = [];
  /** For responses that are ready at once: room for one, and for its length before it. */
  private readonly place: Place = { bytes: new Uint8Array(2 + RESPONSE_MAX), at: 2 };

  /** Serves the connections that come in by the listeners from here on. */
  constructor(core: CacheCore, listeners: readonly TcpListener[]) {
    this.core = core;
    this.clients = new TcpClients(listeners, this);
  }

  /** Connections at the moment. */
  get active(): number {
    return this.clients.active;
  }

  accepts(ip: Address, port: number): boolean {
    this.core.lookAtClients();
    return this.core.accepts(ip, port);
  }

  opened(client: TcpClient<TcpAsking>): void {
    this.core.log.tcpOpen(client);
    this.core.log.flush();
  }

  asked(client: TcpClient<TcpAsking>, message: Uint8Array): void {
    this.core.before();
    if (!this.core.read(message, 0, message.length)) this.respondCookie(client);
    else if (!this.respondEdnsError(client)) this.begin(client);
    this.core.log.flush();
  }

  private respondCookie(client: TcpClient<TcpAsking>): void {
    const { core, place } = this;
    const length = core.putCookie(client.ip, place);
    if (length > 0) client.respond(place.bytes, place.at, length);
    else client.reject();
  }

  private respondEdnsError(client: TcpClient<TcpAsking>): boolean {
    const { core, place } = this;
    if (!core.request.opt.isPresent || core.request.type === TYPE.AXFR) return false;
    const length = core.putEdnsError(client.ip, place);
    if (length > 0) client.respond(place.bytes, place.at, length);
    return length > 0;
  }

  private begin(client: TcpClient<TcpAsking>): void {
    const asking = this.free.pop() ?? new TcpAsking(this, this.core);
    asking.client = client;
    client.query = asking;
    if (!this.core.begin(asking, client, this.core.resolver.edns.maxTcpResponse(this.core.request), this.place)) {
      this.release(asking);
      client.abandon();
    } else if (asking.query.done) this.respond(asking);
    else {
      asking.timer = setTimeout(() => this.serveImpatient(asking), this.core.patience);
      this.core.ask(asking);
    }
  }

  /** The client has waited long enough: it is told that nobody answers, and the query goes on without it. */
  private serveImpatient(asking: TcpAsking): void {
    const { query, client } = asking;
    this.core.before();
    this.core.giveWord(asking);
    asking.client = undefined;
    client!.query = undefined;
    client!.respond(query.client.place.bytes, query.client.place.at, query.client.length);
    this.core.log.flush();
  }

  respond(asking: TcpAsking): void {
    const { client, query } = asking;
    if (client) this.core.sent(asking);
    this.release(asking);
    client?.respond(query.client.place.bytes, query.client.place.at, query.client.length);
  }

  dropped(client: TcpClient<TcpAsking>, code: ErrorCode): void {
    this.core.drop(client.query!, code);
    this.release(client.query!);
  }

  closed(client: TcpClient<TcpAsking>, code: ErrorCode): void {
    this.core.log.tcpClose(client, code);
    this.core.log.flush();
  }

  private release(asking: TcpAsking): void {
    clearTimeout(asking.timer);
    if (asking.client) asking.client.query = undefined;
    asking.client = undefined;
    this.free.push(asking);
  }
}
