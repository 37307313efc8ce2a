// Carries out a client's exchange, attempt by attempt; the policy (whom, how long, what counts as a response) is
// stub/exchange.ts. Counterpart: dns_resolve.c.
import type { ErrorCode } from '../base/oserror.ts';
import type { Exchange } from '../stub/exchange.ts';
import type { Attempt } from '../wire/attempt.ts';
import { type Attempting, type AttemptListener, type Source, startAttempt } from './attempt.ts';

/** How questions are sent. */
export interface TransmitOptions extends Source {
  /** Where questions to servers on 127.0.0.0/8 may share sockets; for programs that ask a local cache very often. */
  readonly loopback?: SharedSockets | undefined;
}

/** Sockets that attempts share; see loopback.ts. */
export interface SharedSockets {
  /** Starts the attempt; undefined where it must have a socket of its own, because its ID is taken. */
  start(attempt: Attempt, listener: AttemptListener): Attempting | undefined;
}

/**
 * Runs the exchange to its end, then calls `done` once, never before this function has returned: `exchange.reply` or
 * `exchange.error` is set by then. System errors move the exchange on to its next server; nothing is thrown.
 */
export function transmit(exchange: Exchange, done: () => void, options: TransmitOptions = {}): void {
  let attempting: Attempting | undefined;
  const next = (): void => {
    attempting?.close();
    attempting = undefined;
    const { attempt } = exchange;
    if (attempt) attempting = start(attempt, options, listener);
    else process.nextTick(done);
  };
  const listener: AttemptListener = {
    received(message) {
      if (exchange.received(message) !== 'ignore') next();
    },
    failed(code: ErrorCode) {
      exchange.failed(code);
      next();
    },
  };
  next();
}

/** The exchange as a promise that is fulfilled at its end, whichever it is. */
export function transmitted(exchange: Exchange, options: TransmitOptions = {}): Promise<Exchange> {
  return new Promise((resolve) => transmit(exchange, () => resolve(exchange), options));
}

function start(attempt: Attempt, options: TransmitOptions, listener: AttemptListener): Attempting {
  const { transport, server } = attempt;
  const isShared = transport === 'udp' && server.ip.length === 4 && server.ip[0] === 127;
  const shared = isShared ? options.loopback?.start(attempt, listener) : undefined;
  return shared ?? startAttempt(attempt, options, listener);
}
