// The sockets that the environment asks for: `$IP`, port 53 or `$PORT`, `$IPSEND`. Counterpart: the socket_bind4_reuse
// parts of server.c, dnscache.c; tcpserver's, for axfrdns --listen. They are made before root is dropped.
import { type Address, ANY4, HeldAddress, isUnspecified, newIp4, scanIp4, scanIp6 } from '../base/address.ts';
import { textOf } from '../base/bytes.ts';
import type { LocalEndpoint } from '../base/endpoint.ts';
import { Fatal } from '../base/errors.ts';
import { codeText, errorText } from '../base/oserror.ts';
import type { Source } from '../transport/attempt.ts';
import { UdpError, type UdpOptions, type UdpSocket } from '../transport/datagram.ts';
import { readiness } from '../transport/readiness.ts';
import { TcpListener } from '../transport/tcp.ts';
import { adoptUdp, bindUdp } from '../transport/udp.ts';
import { envBytes } from './args.ts';
import { isSet, port, required, requiredText } from './env.ts';
import { handedOver } from './handed-over.ts';

/** For --help: who is told that the server serves. */
export const READY_NOTES = '  NOTIFY_SOCKET           set by a service manager: where to say that the server serves';

/** For --help: how servers listen, besides on an address. */
export const LISTEN_NOTES = `  REUSEPORT     set: other processes of the same user may listen on the same address
  LISTEN_FDS, LISTEN_PID  set by a service manager: sockets that take the place of IP and PORT
${READY_NOTES}`;

/** Connects to the service manager's socket, before root is given up; what is returned says that the server serves. */
export function announcer(): () => void {
  return readiness(envBytes('NOTIFY_SOCKET'));
}

/** The UDP sockets handed over, or one bound for each address. Fatal in the original's words. */
export async function listenUdp(options: UdpOptions): Promise<UdpSocket[]> {
  const sockets: UdpSocket[] = [];
  for (const fd of handedOver()) {
    const socket = adoptUdp(fd, options);
    if (socket) sockets.push(socket);
  }
  if (sockets.length > 0) return sockets;
  if (handedOver().length > 0) throw new Fatal('no UDP socket was handed over');
  try {
    for (const local of localEndpoints()) sockets.push(await bindUdp(local, options));
  } catch (error) {
    if (!(error instanceof UdpError)) throw error;
    throw new Fatal(`unable to ${error.step} UDP socket: ${codeText(error.code)}`);
  }
  return sockets;
}

/** The TCP sockets handed over, or one bound for each address. Fatal in the original's words. */
export async function listenTcp(defaultPort?: number): Promise<TcpListener[]> {
  const listeners: TcpListener[] = [];
  for (const fd of handedOver()) {
    // A UDP socket is refused by listen itself.
    const listener = await new TcpListener().adopt(fd).catch(() => undefined);
    if (listener) listeners.push(listener);
  }
  if (listeners.length > 0) return listeners;
  if (handedOver().length > 0) throw new Fatal('no TCP socket was handed over');
  for (const local of localEndpoints(defaultPort)) {
    try {
      listeners.push(await new TcpListener().listen(local));
    } catch (error) {
      throw new Fatal(`unable to bind TCP socket: ${errorText(error)}`);
    }
  }
  return listeners;
}

/**
 * Whether somebody else takes over what this process no longer answers: the next one on a socket handed over, or others
 * on a shared address. Then it ends between two datagrams.
 */
export function endsGently(): boolean {
  return handedOver().length > 0 || isSet('REUSEPORT');
}

/** What a process serves until it is told to end. */
export interface Serving {
  readonly sockets: readonly UdpSocket[];
  readonly listeners?: readonly TcpListener[];
  /** Somebody still waits for an answer. */
  readonly isBusy?: () => boolean;
}

/** On SIGTERM no connection is taken any more, what has come is answered, and `isBusy` has two seconds to be false. */
export function endGently({ sockets, listeners = [], isBusy = () => false }: Serving): void {
  process.once('SIGTERM', () => {
    for (const listener of listeners) listener.close();
    // What waits in a socket handed over is for the next process; on a shared address nobody would answer it.
    if (isSet('REUSEPORT')) for (const socket of sockets) socket.drain();
    const latest = performance.now() + 2000;
    const end = (): void => {
      if (isBusy() && performance.now() < latest) setTimeout(end, 10);
      else setImmediate(() => process.kill(process.pid, 'SIGTERM')); // the handler is gone: as if there had been none
    };
    end();
  });
}

/** Where to listen: the addresses of `$IP`, unless sockets are handed over. A lone `::` takes both families. */
export function localEndpoints(defaultPort?: number): LocalEndpoint[] {
  if (handedOver().length > 0) return [];
  const addresses = addressList('IP');
  const [first] = addresses;
  const isDual = addresses.length === 1 && first!.ip.length === 16 && isUnspecified(first!.ip);
  const common = { port: port(defaultPort), isDual, isShared: isSet('REUSEPORT') };
  return addresses.map((address) => ({ ...address, ...common }));
}

/**
 * `$IPSEND`: the addresses that questions leave from, at most one of each family. A family that has none is not used;
 * `::` stands for both, the system chooses.
 */
export function sendFrom(): Source {
  const addresses = addressList('IPSEND').map(({ ip }) => ip);
  const ip4 = addresses.find((ip) => ip.length === 4);
  const ip6 = addresses.find((ip) => ip.length === 16);
  if (addresses.length > (ip4 ? 1 : 0) + (ip6 ? 1 : 0)) throw badAddress('IPSEND');
  return { ip4: ip4 ?? (ip6 && isUnspecified(ip6) ? ANY4 : undefined), ip6 };
}

interface ScopedAddress {
  readonly ip: Address;
  readonly scope: string | undefined;
}

/** The addresses in a variable. Fatal: `$NAME not set`, `unable to parse IP address VALUE`. */
function addressList(name: string): ScopedAddress[] {
  const addresses = scanAddresses(required(name));
  if (!addresses || addresses.length === 0) throw badAddress(name);
  return addresses;
}

function badAddress(name: string): Fatal {
  return new Fatal(`unable to parse IP address ${requiredText(name)}`);
}

/**
 * Addresses separated by commas and blanks; those of IPv6 perhaps in brackets and with `%` and an interface. What is no
 * address ends the list behind an IPv4 address, as trailing text does in the original; elsewhere it makes the list
 * undefined.
 */
export function scanAddresses(text: Uint8Array): ScopedAddress[] | undefined {
  const addresses: ScopedAddress[] = [];
  const words = /[^, \t]+/g;
  const all = textOf(text);
  if (/^[, \t]/.test(all)) return undefined; // as in the original
  for (let word = words.exec(all); word; word = words.exec(all)) {
    const ip4 = newIp4();
    const length = scanIp4(text, word.index, text.length, ip4, 0);
    const found = length > 0 ? { ip: ip4, scope: undefined } : scanScoped(word[0]);
    if (!found) return addresses.at(-1)?.ip.length === 4 ? addresses : undefined;
    addresses.push(found);
    if (length > 0 && length < word[0].length) return addresses;
  }
  return addresses;
}

/** `::1`, `[::1]`, `fe80::1%eth0`, `[fe80::1%2]`. */
function scanScoped(word: string): ScopedAddress | undefined {
  const bare = word.startsWith('[') && word.endsWith(']') ? word.slice(1, -1) : word;
  const [, text = '', scope] = /^([^%]*)(?:%(.+))?$/.exec(bare) ?? [];
  const ip = scanIp6(text);
  return ip && { ip: new HeldAddress().hold(ip), scope };
}
