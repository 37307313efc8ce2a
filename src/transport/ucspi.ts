// The connection that a UCSPI program hands over as open descriptors: 0 and 1 under tcpserver, 6 and 7 under tcpclient;
// sockets, pipes or files. Counterpart: the conventions of ucspi-tcp.
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { errorCode } from '../base/oserror.ts';
import { writeAll } from '../base/output.ts';
import { type Connection, SocketConnection } from './connection.ts';

/** The open descriptors `input` and `output` as a connection; `seconds` limit each read and write, except on files. */
export function openDescriptors(input: number, output: number, seconds: number): Connection {
  const reading = socketOf({ fd: input, readable: true, writable: false, allowHalfOpen: true });
  const writing = socketOf({ fd: output, readable: false, writable: true, allowHalfOpen: true });
  const sockets = new SocketConnection(reading ?? writing ?? unused(), writing ?? reading ?? unused(), seconds);
  return {
    read: reading ? () => sockets.read() : () => readNow(input),
    write: writing ? (bytes) => sockets.write(bytes) : async (bytes) => writeAll(output, bytes),
    close: () => sockets.close(),
  };
}

/** Undefined for what is neither socket nor pipe: a file, a terminal, a closed descriptor. */
function socketOf(options: { fd: number; readable: boolean; writable: boolean; allowHalfOpen: boolean }) {
  try {
    return new Socket(options);
  } catch (error) {
    if (errorCode(error) === 'ERR_INVALID_FD_TYPE') return undefined;
    throw error;
  }
}

/** A socket that is never opened, where both descriptors are files. */
function unused(): Socket {
  return new Socket();
}

async function readNow(fd: number): Promise<Uint8Array | undefined> {
  const buffer = new Uint8Array(65536);
  const got = readSync(fd, buffer, 0, buffer.length, null);
  return got > 0 ? buffer.subarray(0, got) : undefined;
}
