// What went wrong lately: which servers are dead or lame, which questions failed. Without it every client pays again
// for a server that does not answer (RFC 9520 asks resolvers to remember failures).
//
// All times are the resolver's seconds. Names are wire names in any case.
import type { Endpoint } from '../base/endpoint.ts';
import type { Asked } from './level.ts';
import { Recent } from './recent.ts';

/** Seconds to remember that a server is dead or lame, and that a question failed. */
const SERVER_SECONDS = 60;
const QUESTION_SECONDS = 5;
/** The same of a server that does not know EDNS. */
const WITHOUT_EDNS_SECONDS = 3600;

// What an entry is about: a server that is unreachable, a server for a zone; a question is kept under its type, below
// these.
const TAG_UNREACHABLE = 0x10000;
const TAG_BAD = 0x20000;
const TAG_LOOKUP = 0x30000;
const TAG_WITHOUT_EDNS = 0x40000;

/** A bounded set of failures. */
export class Failures {
  private readonly recent = new Recent();

  /** The system says that there is no way to the server, or that nobody listens there. */
  addUnreachable(server: Endpoint, now: number): void {
    this.recent.selectServer(TAG_UNREACHABLE, server);
    this.recent.set(now + SERVER_SECONDS);
  }

  /**
   * The server was silent, or does not serve the zone that it was asked about. That says nothing of other zones:
   * anybody can name it as a server for a zone of his own, of which it knows nothing, and so choose who is asked about
   * others.
   */
  addBad(server: Endpoint, asked: Asked, now: number): void {
    this.recent.selectServerAndZone(TAG_BAD, server, asked);
    this.recent.set(now + SERVER_SECONDS);
  }

  /** The server has answered. */
  remove(server: Endpoint, asked: Asked, now: number): void {
    if (this.recent.isEmpty(now)) return;
    this.recent.selectServer(TAG_UNREACHABLE, server);
    this.recent.remove();
    this.recent.selectServerAndZone(TAG_BAD, server, asked);
    this.recent.remove();
  }

  /** The server was unreachable, or bad for this zone, a moment ago. */
  hasServer(server: Endpoint, asked: Asked, now: number): boolean {
    const { recent } = this;
    if (recent.isEmpty(now)) return false;
    recent.selectServer(TAG_UNREACHABLE, server);
    if (recent.has(now)) return true;
    recent.selectServerAndZone(TAG_BAD, server, asked);
    return recent.has(now);
  }

  /** The server does not know EDNS. */
  addWithoutEdns(server: Endpoint, now: number): void {
    this.recent.selectServer(TAG_WITHOUT_EDNS, server);
    this.recent.set(now + WITHOUT_EDNS_SECONDS);
  }

  hasWithoutEdns(server: Endpoint, now: number): boolean {
    if (this.recent.isEmpty(now)) return false;
    this.recent.selectServer(TAG_WITHOUT_EDNS, server);
    return this.recent.has(now);
  }

  /** Nobody answered the client's question for this name and type. */
  addQuestion(name: Uint8Array, type: number, now: number): void {
    this.recent.selectName(type, name);
    this.recent.set(now + QUESTION_SECONDS);
  }

  hasQuestion(name: Uint8Array, type: number, now: number): boolean {
    if (this.recent.isEmpty(now)) return false;
    this.recent.selectName(type, name);
    return this.recent.has(now);
  }

  /** Nobody told the address of this name server. Kept apart from clients' questions. */
  addLookup(name: Uint8Array, type: number, now: number): void {
    this.addQuestion(name, TAG_LOOKUP | type, now);
  }

  hasLookup(name: Uint8Array, type: number, now: number): boolean {
    return this.hasQuestion(name, TAG_LOOKUP | type, now);
  }
}
