// axfrdns --listen: one process for many TCP connections, without tcpserver and without a start of Node for each.
// Access rules, connection limit and log lines are those of `tcpserver -vDRHl0 -x tcp.cdb`, with a running number in
// place of the process ID. What ends the process under tcpserver ends the connection here.

import { formatAddress } from '../base/address.ts';
import { bytesOf } from '../base/bytes.ts';
import { Log } from '../log/qlog.ts';
import { type Session, serveSessions } from '../transport/tcp-sessions.ts';
import { AccessRules, variableOf } from './access-rules.ts';
import { envBytes } from './args.ts';
import { type AxfrService, AxfrSession, dataService } from './axfr-session.ts';
import { clientOf, converse, PEER_SECONDS } from './axfrdns.ts';
import { dropRoot } from './droproot.ts';
import { isSet } from './env.ts';
import { listenTcp } from './listen.ts';

/** Connections at a time, as with tcpserver. */
export const CONNECTIONS = 40;

// Wait statuses as tcpserver logs them: exit codes 0, 100 and 111 of the process that would have served.
const SERVED = 0;
const DENIED = 100 << 8;
const FAILED = 111 << 8;

/** Listens on `$IP` and `$PORT` and serves for ever, at most `limit` connections at a time. */
export async function serveListening(limit: number): Promise<void> {
  const log = new Log(isSet('TAI64N'));
  const rules = new AccessRules();
  const listeners = await listenTcp();
  dropRoot();
  rules.check();
  log.line('starting axfrdns');
  log.flush();
  const server = new Server(limit, rules, log);
  const options = { limit, seconds: PEER_SECONDS, counted: (count: number) => server.counted(count) };
  serveSessions(listeners, options, (session) => server.serve(session));
}

class Server {
  private readonly limit: number;
  private readonly rules: AccessRules;
  private readonly log: Log;
  private readonly service: AxfrService;
  private number = 0;

  constructor(limit: number, rules: AccessRules, log: Log) {
    this.limit = limit;
    this.rules = rules;
    this.log = log;
    this.service = dataService(log);
  }

  /** The number of connections has changed. */
  counted(count: number): void {
    this.say(`status: ${count}/${this.limit}`);
  }

  async serve({ connection, ip, port, local }: Session): Promise<void> {
    const number = ++this.number;
    const ipText = formatAddress(ip);
    const rule = this.rules.find({ ip: bytesOf(ipText) });
    if (typeof rule === 'string') this.say(`warning: dropping connection, ${rule}`);
    const denied = typeof rule === 'string' || rule.denied;
    const ends = `0:${formatAddress(local.ip)}:${local.port} :${ipText}::${port}`;
    this.say(`${denied ? 'deny' : 'ok'} ${number} ${ends}`);
    if (denied) return this.end(number, DENIED);
    const given: Readonly<Record<string, Uint8Array | undefined>> = {
      TCPREMOTEIP: bytesOf(ipText),
      TCPREMOTEPORT: bytesOf(String(port)),
      AXFR: envBytes('AXFR'),
      KEY: envBytes('KEY'),
    };
    const client = clientOf((name) => variableOf(rule, name) ?? given[name]);
    const failure = await converse(connection, new AxfrSession(client, this.service));
    if (failure !== '') this.say(`fatal: ${failure}`);
    this.end(number, failure === '' ? SERVED : FAILED);
  }

  private end(number: number, status: number): void {
    this.say(`end ${number} status ${status}`);
  }

  private say(text: string): void {
    this.log.line(`axfrdns: ${text}`);
    this.log.flush();
  }
}
