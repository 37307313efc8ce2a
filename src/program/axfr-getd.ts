// The body of axfr-getd: zones copied from other primaries for ever. No counterpart in djbdns 1.05, where axfr-get is
// run by hand or by cron. It answers no questions: tinydns does, from what `program` makes of the copies.
//
// Start: bind, start the helper that runs `program` with the rights of now, give up root; then what is in the files.
import { openSync } from 'node:fs';
import { type Address, ANY4, isUnspecified, newIp6 } from '../base/address.ts';
import { Fatal, orFatal } from '../base/errors.ts';
import { lockFile } from '../base/libc.ts';
import { codeText, errorCode, errorText } from '../base/oserror.ts';
import { wholeDecimal } from '../base/text.ts';
import { Log } from '../log/qlog.ts';
import type { Source } from '../transport/attempt.ts';
import { startHelper } from '../transport/helper.ts';
import { bindNotifySocket } from '../transport/notify-socket.ts';
import { connectTo } from '../transport/tcp.ts';
import { type Session, serveSessions } from '../transport/tcp-sessions.ts';
import { framed, MessageStream } from '../wire/framing.ts';
import { envBytes } from './args.ts';
import { dropRoot } from './droproot.ts';
import { isSet, requiredFile, requiredText } from './env.ts';
import { readConfig } from './getd-config.ts';
import { announcer, listenTcp, localEndpoints, sendFrom } from './listen.ts';
import { Secondary } from './secondary.ts';
import { emptyTmp } from './zone-files.ts';
import { ZoneStreams } from './zone-streams.ts';

/** NOTIFY over TCP: connections at a time, seconds that one may idle, octets of a message. */
const NOTIFY_CONNECTIONS = 20;
const NOTIFY_SECONDS = 10;
const NOTIFY_MAX = 4096;
/** Seconds to connect to a primary, and of silence in a transfer. */
const SILENCE_SECONDS = 60;

/** Milliseconds until the configuration is read again when it could not be read. */
const READ_AGAIN = 10_000;

/** The whole program; `program` is what to run when a zone has changed. */
export async function axfrGetd(program: readonly string[]): Promise<void> {
  const from = sources();
  const options = limits();
  const ca = envBytes('TLSCA') === undefined ? undefined : requiredFile('TLSCA');
  const datagrams = await bindDatagrams();
  const listeners = await listenTcp();
  const helper = program.length === 0 ? undefined : await startProgram(program);
  const ready = announcer();
  dropRoot();
  lockRoot();
  const log = new Log(isSet('TAI64N'));
  const say = (line: string): void => {
    log.line(line);
    log.flush();
  };
  orFatal('unable to empty tmp', emptyTmp);
  const config = orFatal('unable to read servers', () => readConfig(say));
  const streams = new ZoneStreams({ total: options.transfers, perAddress: options.perPrimary }, (primary) =>
    connectTo(primary, SILENCE_SECONDS, {
      source: sourceFor(primary.ip, from),
      tls: primary.tls === undefined ? undefined : { host: primary.tls, ca },
    }),
  );
  const secondary = new Secondary({
    bounds: options.bounds,
    rate: options.rate,
    fetch: {
      limits: { records: options.records, octets: options.octets },
      longest: options.seconds * 1000,
      streams,
      source: (primary) => sourceFor(primary.ip, from),
    },
    say,
    publish: helper && (() => helper.run()),
  });
  say('starting axfr-getd');
  orFatal('unable to read zones', () => secondary.begin(config));
  const answer = (message: Uint8Array, from: Address) => secondary.notified(message, from);
  for (const socket of datagrams) socket.serve(answer);
  const sessions = { limit: NOTIFY_CONNECTIONS, seconds: NOTIFY_SECONDS, counted: () => {} };
  serveSessions(listeners, sessions, (session) => takeNotify(session, answer));
  onSignals(secondary, say);
  ready();
}

/** HUP reads the configuration again, ALRM checks every zone, TERM ends at once. */
function onSignals(secondary: Secondary, say: (line: string) => void): void {
  let again: NodeJS.Timeout | undefined;
  const configure = (): void => {
    clearTimeout(again);
    try {
      secondary.configure(readConfig(say));
    } catch (error) {
      say(`fail - - unable to read servers: ${errorText(error)}`);
      again = setTimeout(configure, READ_AGAIN);
    }
  };
  process.on('SIGHUP', configure);
  process.on('SIGALRM', () => secondary.checkAll());
  process.on('SIGTERM', () => process.exit(0));
}

/** The messages of one connection, each answered; the connection ends with one that gets no answer. */
async function takeNotify(
  { connection, ip }: Session,
  answer: (message: Uint8Array, from: Address) => Uint8Array | undefined,
): Promise<void> {
  const messages = new MessageStream();
  try {
    for (;;) {
      if (messages.announced() > NOTIFY_MAX) return;
      const message = messages.next();
      if (message) {
        const response = answer(message, ip);
        if (!response) return;
        await connection.write(framed(response));
        continue;
      }
      const octets = await connection.read();
      if (!octets) return;
      messages.push(octets);
    }
  } catch (error) {
    if (errorCode(error) === '') throw error;
  }
}

async function bindDatagrams() {
  const sockets: { serve(answer: (message: Uint8Array, from: Address) => Uint8Array | undefined): void }[] = [];
  for (const local of localEndpoints()) {
    sockets.push(await orUnable('unable to bind UDP socket', bindNotifySocket(local)));
  }
  return sockets;
}

async function orUnable<T>(message: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw new Fatal(`${message}: ${codeText(errorCode(error))}`);
  }
}

function startProgram(program: readonly string[]) {
  const ended = (): never => {
    throw new Fatal(`unable to run ${program[0]} any more: the shell that ran it has ended`);
  };
  return orUnable(`unable to start ${program[0]}`, startHelper(program, ended));
}

/** So that two of these never write the same copies. */
function lockRoot(): void {
  const root = requiredText('ROOT');
  orFatal(`unable to lock ${root}`, () => lockFile(openSync('.', 'r'), false));
}

/** What questions leave from: `$IPSEND`, else the addresses of `$IP`. */
function sources(): Source {
  if (isSet('IPSEND')) return sendFrom();
  const addresses = localEndpoints().map(({ ip }) => ip);
  return {
    ip4: addresses.find((ip) => ip.length === 4) ?? ANY4,
    ip6: addresses.find((ip) => ip.length === 16) ?? newIp6(),
  };
}

/** The address of ours that a question to `to` leaves from; undefined leaves it to the system. */
function sourceFor(to: Address, { ip4, ip6 }: Source): Address | undefined {
  const source = to.length === 4 ? ip4 : ip6;
  return source && isUnspecified(source) ? undefined : source;
}

function limits() {
  const number = (name: string, absent: number): number => {
    const value = envBytes(name);
    if (value === undefined) return absent;
    const found = wholeDecimal(value);
    if (found < 1 || !Number.isSafeInteger(found)) throw new Fatal(`unable to parse $${name}`);
    return found;
  };
  return {
    bounds: { min: number('MINREFRESH', 60), max: number('MAXREFRESH', 86400) },
    transfers: number('TRANSFERS', 20),
    perPrimary: number('PERPRIMARY', 5),
    rate: number('RATE', 100),
    records: number('MAXRECORDS', 10_000_000),
    octets: number('MAXBYTES', 1_000_000_000),
    seconds: number('MAXSECONDS', 3600),
  };
}
