// The connection that a UCSPI program hands over as open descriptors: 0 and 1 under tcpserver, 6 and 7 under tcpclient;
// sockets, pipes or files. Counterpart: the conventions of ucspi-tcp. Invariant: a descriptor that nobody handed over
// is not touched, because Node may have one of its own under that number.
import { readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { errorCode, systemError } from '../base/oserror.ts';
import { writeAll } from '../base/output.ts';
import { type Connection, SocketConnection } from './connection.ts';

/**
 * The descriptors `input` and `output` as a connection; `seconds` limit each read and write, except on files. Where a
 * descriptor is not open, reading or writing throws `EBADF`.
 */
export function openDescriptors(input: number, output: number, seconds: number): Connection {
  const reading = socketOf(input, { readable: true, writable: false });
  const writing = socketOf(output, { readable: false, writable: true });
  const some = reading ?? writing ?? new Socket(); // never opened, where both are files
  const sockets = new SocketConnection(reading ?? some, writing ?? some, seconds);
  return {
    read: reading ? () => sockets.read() : () => readNow(input),
    write: writing ? (bytes) => sockets.write(bytes) : (bytes) => writeNow(output, bytes),
    close: () => sockets.close(),
  };
}

/** Undefined for what is neither socket nor pipe: a file, a terminal, a descriptor that is not open. */
function socketOf(fd: number, direction: { readable: boolean; writable: boolean }): Socket | undefined {
  if (isOurOwn(fd)) return undefined;
  try {
    return new Socket({ fd, allowHalfOpen: true, ...direction });
  } catch (error) {
    if (errorCode(error) === 'ERR_INVALID_FD_TYPE') return undefined;
    throw error;
  }
}

const FLAG_NONBLOCK = 0o4000;

/**
 * True for a descriptor that Node has made for itself, which it does under any number that it finds free: event queues,
 * and non-blocking pipes of which this process has both ends. Always false where there is no /proc.
 */
function isOurOwn(fd: number): boolean {
  if (fd <= 2) return false; // Node opens nothing there
  try {
    const target = readlinkSync(`/proc/self/fd/${fd}`);
    if (target.startsWith('anon_inode:')) return true;
    if (!target.startsWith('pipe:')) return false;
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
    const flags = parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '0', 8);
    return (flags & FLAG_NONBLOCK) !== 0 && otherEnds(fd, target) > 0;
  } catch {
    return false; // closed: reading and writing will tell
  }
}

/** How many other descriptors of this process lead to `target`. */
function otherEnds(fd: number, target: string): number {
  let count = 0;
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (name !== String(fd) && readlinkSync(`/proc/self/fd/${name}`) === target) count++;
    } catch {
      // That was the descriptor of the folder itself.
    }
  }
  return count;
}

async function readNow(fd: number): Promise<Uint8Array | undefined> {
  if (isOurOwn(fd)) throw systemError('EBADF');
  const buffer = new Uint8Array(65536);
  const got = readSync(fd, buffer, 0, buffer.length, null);
  return got > 0 ? buffer.subarray(0, got) : undefined;
}

async function writeNow(fd: number, bytes: Uint8Array): Promise<void> {
  if (isOurOwn(fd)) throw systemError('EBADF');
  writeAll(fd, bytes);
}
