// What a UDP service and its transports say to each other. Counterpart: the arguments of socket_recv4.c and
// socket_send4.c.
import type { Address } from '../base/address.ts';
import type { ErrorCode } from '../base/oserror.ts';

/** A datagram received; the object is reused, all of it is good only until the handler returns. */
export interface Datagram {
  /** The payload is `bytes[from..to]`; no more than `receiveMax` octets of it, the rest is cut off. */
  bytes: Uint8Array;
  from: number;
  to: number;
  /** The sender's address and port. */
  ip: Address;
  port: number;
  /** Room for a reply: `reply[replyAt]` and the 65535 octets after it. */
  reply: Uint8Array;
  replyAt: number;
}

/** What a service does with datagrams. They come in batches; replies of a batch are sent together at its end. */
export interface DatagramHandler {
  /** A batch begins. */
  begin(): void;
  /** One datagram. Returns the octets of the reply put into `datagram.reply`, 0 for none now. */
  datagram(datagram: Datagram): number;
  /** The batch ends; its replies go out after this. */
  end(): void;
  /** A connected socket reports an error, `ECONNREFUSED` say, of something sent before. */
  failed?(code: ErrorCode): void;
}

export interface UdpOptions {
  /** Octets to receive of a datagram; longer ones are cut to it. */
  receiveMax: number;
  /** SO_RCVBUF to ask for, in octets. */
  receiveBuffer: number;
}

/** A bound socket. */
export interface UdpSocket {
  /**
   * Serves on the event loop: returns at once, the process stays alive. For services that wait for other things too.
   */
  serve(handler: DatagramHandler): void;
  /**
   * Serves and nothing else: the process waits in the kernel for datagrams and never returns to the event loop where
   * the transport can do that (15 % less CPU a query than `serve`); elsewhere as `serve`.
   */
  serveOnly(handler: DatagramHandler): void;
  /** Closes a socket that `serve`s. */
  close(): void;
  /**
   * Sends one datagram: the bytes are copied, it goes out at the latest when what the event loop does now is done. Errors
   * drop it, as the network might.
   */
  send(bytes: Uint8Array, from: number, to: number, ip: Address, port: number): void;
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
