// One message to one server over UDP, sent again until something acceptable comes back.
import { createSocket } from 'node:dgram';
import { formatAddress } from '../base/address.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { errorCode } from '../base/oserror.ts';

/** How it ended: what `accept` made of the answer, or a system error code (`ETIMEDOUT` when no answer came). */
export type Outcome<T> = { readonly answer: T } | { readonly code: string };

/**
 * Sends `message` to `server`, from `source` where given (port 0: any), and waits as many seconds as `waits` says after
 * each sending. `accept` returns undefined for what is no answer. A server that is not there ends it at once.
 */
export function askUdp<T>(
  message: Uint8Array,
  server: Endpoint,
  source: Endpoint | undefined,
  waits: readonly number[],
  accept: (answer: Uint8Array) => T | undefined,
): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    const socket = createSocket(server.ip.length === 4 ? 'udp4' : 'udp6');
    let sent = 0;
    let timer: NodeJS.Timeout | undefined;
    const end = (outcome: Outcome<T>): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => {});
      socket.close();
      resolve(outcome);
    };
    const send = (): void => {
      const seconds = waits[sent++];
      if (seconds === undefined) return end({ code: 'ETIMEDOUT' });
      socket.send(message);
      timer = setTimeout(send, seconds * 1000);
    };
    socket.on('error', (error) => end({ code: errorCode(error) || 'EIO' }));
    socket.on('message', (bytes) => {
      const answer = accept(bytes);
      if (answer !== undefined) end({ answer });
    });
    socket.on('connect', send);
    socket.bind({ port: source?.port ?? 0, ...(source ? { address: formatAddress(source.ip) } : {}) }, () =>
      socket.connect(server.port, formatAddress(server.ip)),
    );
  });
}
