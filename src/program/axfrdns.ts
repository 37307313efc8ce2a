// The body of axfrdns under tcpserver: one connection, on descriptors 0 and 1. Counterpart: axfrdns.c.

import { type Address, ANY4, addressOf, ip4Of } from '../base/address.ts';
import { textOf, unpack16 } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { errorText } from '../base/oserror.ts';
import { decimalOf } from '../base/text.ts';
import { Log } from '../log/qlog.ts';
import type { Connection } from '../transport/connection.ts';
import { openDescriptors } from '../transport/ucspi.ts';
import { envBytes } from './args.ts';
import { AxfrSession, type Client, dataService } from './axfr-session.ts';
import { dropRoot } from './droproot.ts';
import { isSet } from './env.ts';
import { KeyRing } from './key-ring.ts';

/** Seconds that a peer may be silent, or may not take what it is sent. */
export const PEER_SECONDS = 60;

/** What the UCSPI environment, or the rules of an access list, say of a client. Undefined for a variable not set. */
export function clientOf(variable: (name: string) => Uint8Array | undefined): Client {
  const port = variable('TCPREMOTEPORT');
  const key = variable('KEY');
  return {
    ip: remoteIp(variable) ?? ANY4,
    port: (port ? decimalOf(port) : 0) & 0xffff,
    axfr: variable('AXFR'),
    keys: key && new KeyRing(key),
  };
}

/** The client's address as a tcpserver has it. Those that know IPv6 differ in the variable's name. */
function remoteIp(variable: (name: string) => Uint8Array | undefined): Address | undefined {
  for (const text of [variable('TCPREMOTEIP'), variable('TCP6REMOTEIP')]) {
    const ip = text && (ip4Of(text) ?? addressOf(textOf(text)));
    if (ip) return ip;
  }
  return undefined;
}

/** Serves the connection that tcpserver hands over, to its end. Fatal in the original's words. */
export async function serveDescriptors(): Promise<void> {
  dropRoot();
  const connection = openDescriptors(0, 1, PEER_SECONDS);
  const failure = await converse(
    connection,
    new AxfrSession(clientOf(envBytes), dataService(new Log(isSet('TAI64N')))),
  );
  if (failure !== '') throw new Fatal(failure);
  connection.close();
}

/** How a connection among others is served. */
export interface ConverseOptions {
  /** Waited for after each piece that was sent, where there may be other connections. */
  readonly othersTurn?: () => Promise<void>;
  /** Each message is written by itself, which over TLS gives it a record of its own. */
  readonly eachAlone?: boolean;
}

/** Serves a connection until the peer hangs up; returns why it has to be closed before, or the empty string. */
export async function converse(
  connection: Connection,
  session: AxfrSession,
  { othersTurn, eachAlone }: ConverseOptions = {},
): Promise<string> {
  try {
    for (;;) {
      for (let bytes = session.next(); bytes; bytes = session.next()) {
        try {
          if (eachAlone) for (const message of messagesIn(bytes)) await connection.write(message);
          else if (bytes.length > 0) await connection.write(bytes);
        } catch (error) {
          return `unable to write to network: ${errorText(error)}`;
        }
        if (othersTurn) await othersTurn();
      }
      if (session.failure !== '') return session.failure;
      const bytes = await read(connection);
      if (typeof bytes === 'string') return bytes;
      if (!bytes) return '';
      session.push(bytes);
    }
  } finally {
    session.close();
  }
}

/** The messages of `bytes`, all of them whole, each with its length. */
function* messagesIn(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  for (let from = 0; from < bytes.length; ) {
    const to = from + 2 + unpack16(bytes, from);
    yield bytes.subarray(from, to);
    from = to;
  }
}

async function read(connection: Connection): Promise<Uint8Array | string | undefined> {
  try {
    return await connection.read();
  } catch (error) {
    return `unable to read from network: ${errorText(error)}`;
  }
}
