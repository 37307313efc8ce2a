// What a UDP service and its transports say to each other. Counterpart: the arguments of socket_recv4.c and
// socket_send4.c.
import { type Address, HeldAddress } from '../base/address.ts';
import type { ErrorCode } from '../base/oserror.ts';

/** Where a datagram came from, and all that it takes to answer it. */
export interface Peer {
  /** The sender's address and port. */
  readonly ip: Address;
  readonly port: number;
  /** The interface of a link-local address, by name or number as the transport has it, else 0. */
  readonly scope: string | number;
  /**
   * The address that was asked, in the kernel's form (struct in6_pktinfo), for sockets that take those of the whole
   * host; undefined where there is only one.
   */
  readonly asked: Uint8Array | undefined;
  readonly socket: UdpSocket;
}

/** A datagram received; the object is reused, all of it is good only until the handler returns. */
export interface Datagram {
  /** The sender's address and port. */
  ip: Address;
  port: number;
  /** The payload is `bytes[from..to]`; no more than `receiveMax` octets of it, the rest is cut off. */
  bytes: Uint8Array;
  from: number;
  to: number;
  /** Room for a reply: `reply[replyAt]` and the 65535 octets after it. */
  reply: Uint8Array;
  replyAt: number;
}

/** A datagram that can be answered later too. */
export type Received = Datagram & Peer;

/** Octets of a struct in6_pktinfo. */
export const PACKET_INFO_SIZE = 20;

/** A peer remembered by who answers later. Nothing is allocated when another one takes its place. */
export class HeldPeer implements Peer {
  port = 0;
  scope: string | number = 0;
  asked: Uint8Array | undefined;
  private from: UdpSocket | undefined;
  private readonly address = new HeldAddress();
  private info: Uint8Array | undefined;

  get ip(): Address {
    return this.address.ip;
  }

  /** The socket that the datagram came by; there has been one. */
  get socket(): UdpSocket {
    return this.from!;
  }

  /** Remembers the peer of a datagram. */
  hold(peer: Peer): void {
    this.address.hold(peer.ip);
    this.port = peer.port;
    this.scope = peer.scope;
    this.from = peer.socket;
    this.asked = undefined;
    if (!peer.asked) return;
    this.info ??= new Uint8Array(PACKET_INFO_SIZE);
    this.info.set(peer.asked);
    this.asked = this.info;
  }
}

/** What a service does with datagrams. They come in batches; replies of a batch are sent together at its end. */
export interface DatagramHandler {
  /** A batch begins. */
  begin(): void;
  /** One datagram. Returns the octets of the reply put into `datagram.reply`, 0 for none now. */
  datagram(datagram: Received): number;
  /** The batch ends; its replies go out after this. */
  end(): void;
  /** A connected socket reports an error, `ECONNREFUSED` say, of something sent before. */
  failed?(code: ErrorCode): void;
}

export interface UdpOptions {
  /** Octets to receive of a datagram; longer ones are cut to it. */
  readonly receiveMax: number;
  /** SO_RCVBUF to ask for, in octets. */
  readonly receiveBuffer: number;
}

/** A bound socket. */
export interface UdpSocket {
  /**
   * Serves on the event loop: returns at once, the process stays alive. For services that wait for other things too.
   */
  serve(handler: DatagramHandler): void;
  /** Closes a socket that `serve`s. */
  close(): void;
  /**
   * Answers what has come to a socket that `serve`s; what comes from here on goes to the other sockets on a shared
   * address. Before the process ends.
   */
  drain(): void;
  /**
   * Sends one datagram: the bytes are copied, it goes out at the latest when what the event loop does now is done.
   * Errors drop it, as the network might.
   */
  send(bytes: Uint8Array, from: number, to: number, peer: Peer): void;
}

/** The step that failed, for the two messages that programs have: `create` or `bind`. */
export class UdpError extends Error {
  readonly step: 'create' | 'bind';
  readonly code: ErrorCode;
  constructor(step: 'create' | 'bind', code: ErrorCode) {
    super(`${step}: ${code}`);
    this.step = step;
    this.code = code;
  }
}
