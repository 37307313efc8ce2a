// The body of axfr-get: drives a ZoneTransfer over a connection into a file. Counterpart: main() of axfr-get.c.

import { closeSync, openSync } from 'node:fs';
import { DNS_PORT, formatEndpoint, scanEndpoints } from '../base/endpoint.ts';
import { Fatal, orFatal, UsageError } from '../base/errors.ts';
import { pathBytes, Replacement } from '../base/files.ts';
import { LineReader } from '../base/lines.ts';
import { errorText } from '../base/oserror.ts';
import { AxfrText, serialOfFile } from '../data/axfr-text.ts';
import { ZoneTransfer } from '../transfer/zone-transfer.ts';
import type { Connection } from '../transport/connection.ts';
import { connectTo } from '../transport/tcp.ts';
import { openDescriptors } from '../transport/ucspi.ts';
import { nameOf } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { argBytes, argText } from './args.ts';
import type { Options } from './main.ts';
import { Progress } from './progress.ts';

const SECONDS = 60;
/** Where tcpclient leaves its connection. */
const UCSPI_READ = 6;
const UCSPI_WRITE = 7;

/** The whole program, from its arguments on. */
export async function axfrGet(args: readonly string[], options: Options): Promise<void> {
  if (args.length < 1) throw new UsageError();
  const zone = nameOf(argBytes(args, 0));
  if (!zone) throw new Fatal('unable to generate AXFR query: protocol error');
  if (args.length < 3) throw new UsageError();
  const fn = argText(args, 1);
  const oldSerial = orFatal(`unable to read ${fn}`, () => serialIn(fn));
  const connection = await open(args);
  const job = {
    zone,
    oldSerial,
    fn,
    tmp: argText(args, 2),
    isTyped: Boolean(options['typed']),
    isOurs: args.length > 3,
  };
  await transfer(job, connection);
  connection.close();
}

async function open(args: readonly string[]): Promise<Connection> {
  if (args.length < 4) return openDescriptors(UCSPI_READ, UCSPI_WRITE, SECONDS);
  const text = argText(args, 3);
  const { endpoints, length } = scanEndpoints(argBytes(args, 3), 1);
  const [server] = endpoints;
  if (!server || length !== text.length) throw new Fatal(`unable to parse IP address ${text}`);
  try {
    return await connectTo(server, SECONDS);
  } catch (error) {
    const address = formatEndpoint({ ip: server.ip, port: DNS_PORT });
    throw new Fatal(`unable to connect to ${address} port ${server.port}: ${errorText(error)}`);
  }
}

/**
 * What is fetched: the zone, the serial of what is in `fn` already, the file that becomes `fn`, how records are
 * written.
 */
interface Job {
  readonly zone: Uint8Array;
  readonly oldSerial: number;
  readonly fn: string;
  readonly tmp: string;
  readonly isTyped: boolean;
  /** We have connected ourselves, as the original cannot: messages may say more than its own. */
  readonly isOurs: boolean;
}

async function transfer({ zone, oldSerial, fn, tmp, isTyped, isOurs }: Job, peer: Connection): Promise<void> {
  let file: Replacement | undefined;
  const text = new AxfrText((bytes, length) => file?.write(bytes, 0, length), isTyped);
  const work = new ZoneTransfer(zone, oldSerial, text);
  const progress = new Progress('bytes');
  await send(peer, work.soaQuery());
  for (;;) {
    switch (work.step()) {
      case 'more': {
        const bytes = await receive(peer);
        if (!bytes) throw new Fatal('unable to parse AXFR results: protocol error');
        work.push(bytes);
        progress.show(work.received, `${text.records} records`);
        break;
      }
      case 'transfer':
        file = new Replacement(fn, tmp, { write: `unable to write ${tmp}` });
        await send(peer, work.axfrQuery());
        break;
      case 'malformed': {
        const why = !isOurs || work.rcode === RCODE.NOERROR ? '' : `: the server says ${RCODE.rcodeName(work.rcode)}`;
        throw new Fatal(`unable to parse AXFR results: protocol error${why}`);
      }
      case 'unchanged':
        return;
      case 'done':
        progress.end();
        text.flush();
        file?.commit();
        return;
    }
  }
}

async function send(peer: Connection, bytes: Uint8Array): Promise<void> {
  try {
    await peer.write(bytes);
  } catch (error) {
    throw new Fatal(`unable to write to network: ${errorText(error)}`);
  }
}

async function receive(peer: Connection): Promise<Uint8Array | undefined> {
  try {
    return await peer.read();
  } catch (error) {
    throw new Fatal(`unable to read from network: ${errorText(error)}`);
  }
}

/** The serial of the zone as it was fetched before; 0 when there is no file. Throws other system errors. */
function serialIn(fn: string): number {
  let fd: number;
  try {
    fd = openSync(pathBytes(fn), 'r');
  } catch (error) {
    if (errorText(error) === 'file does not exist') return 0;
    throw error;
  }
  const lines = new LineReader(fd, '', 1024);
  const serial = lines.next() ? serialOfFile(lines.bytes.subarray(lines.from, lines.to)) : 0;
  closeSync(fd);
  return serial;
}
