// axfrdns --listen: one process for many TCP connections, without tcpserver and without a start of Node for each.
// Access rules, connection limit and log lines are those of `tcpserver -vDRHl0 -x tcp.cdb`, with a running number in
// place of the process ID. What ends the process under tcpserver ends the connection here.

import { formatAddress } from '../base/address.ts';
import { bytesOf } from '../base/bytes.ts';
import { DNS_PORT } from '../base/endpoint.ts';
import { Log } from '../log/qlog.ts';
import { ConnectionLog } from '../log/tcplog.ts';
import { type Session, serveSessions } from '../transport/tcp-sessions.ts';
import { TLS_PORT, tlsServer } from '../transport/tls.ts';
import { AccessRules, variableOf } from './access-rules.ts';
import { envBytes } from './args.ts';
import { type AxfrService, AxfrSession, dataService } from './axfr-session.ts';
import { clientOf, converse, PEER_SECONDS } from './axfrdns.ts';
import { AxfrDatagrams } from './axfrdns-udp.ts';
import { dropRoot } from './droproot.ts';
import { isSet, requiredFile } from './env.ts';
import { announcer, endGently, endsGently, listenTcp, listenUdp } from './listen.ts';

/** Connections at a time, as with tcpserver. */
export const CONNECTIONS = 40;

// Wait statuses as tcpserver logs them: exit codes 0, 100 and 111 of the process that would have served.
const SERVED = 0;
const DENIED = 100 << 8;
const FAILED = 111 << 8;

/** What axfrdns --listen takes besides TCP connections, or in place of them. */
export interface ListenOptions {
  /** Connections at a time. */
  readonly limit: number;
  /** The same questions over UDP too. */
  readonly udp: boolean;
  /** Connections are encrypted (RFC 9103), with the certificate in `$TLSCERT` and the key in `$TLSKEY`. */
  readonly tls: boolean;
}

/** Octets of a datagram that are received: requests are signed, and have EDNS. */
const DATAGRAM_MAX = 4096;
const RECEIVE_BUFFER = 65536;

/** Listens on `$IP` and `$PORT` and serves for ever. */
export async function serveListening({ limit, udp, tls }: ListenOptions): Promise<void> {
  const log = new Log(isSet('TAI64N'));
  const rules = new AccessRules();
  const wrap = tls ? tlsServer(requiredFile('TLSCERT'), requiredFile('TLSKEY')) : undefined;
  const defaultPort = tls ? TLS_PORT : DNS_PORT;
  const listeners = await listenTcp(defaultPort);
  const sockets = udp ? await listenUdp({ receiveMax: DATAGRAM_MAX, receiveBuffer: RECEIVE_BUFFER }) : [];
  const ready = announcer();
  dropRoot();
  rules.check();
  log.line('starting axfrdns');
  const server = new Server(limit, tls, rules, log);
  server.service.responder.begin();
  log.flush();
  const options = { limit, seconds: PEER_SECONDS, counted: (count: number) => server.counted(count), wrap };
  for (const socket of sockets) socket.serve(new AxfrDatagrams(rules, server.service));
  serveSessions(listeners, options, (session) => server.serve(session));
  ready();
  if (endsGently()) endGently({ sockets, listeners, isBusy: () => server.active > 0 });
}

/** What the system takes at once is no turn for others: one client with many requests would keep them all waiting. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

class Server {
  private readonly limit: number;
  /** NSD 4.6 looks at one message of each TLS record, and for the next one only when another record comes. */
  private readonly isTls: boolean;
  private readonly rules: AccessRules;
  private readonly connections: ConnectionLog;
  readonly service: AxfrService;
  /** Connections at the moment. */
  active = 0;
  private number = 0;

  constructor(limit: number, isTls: boolean, rules: AccessRules, log: Log) {
    this.limit = limit;
    this.isTls = isTls;
    this.rules = rules;
    this.service = dataService(log);
    this.connections = new ConnectionLog(log, 'axfrdns');
  }

  /** The number of connections has changed. */
  counted(count: number): void {
    this.active = count;
    this.connections.status(count, this.limit);
  }

  async serve({ connection, ip, port, local }: Session): Promise<void> {
    const number = ++this.number;
    const ipText = formatAddress(ip);
    const rule = this.rules.find({ ip: bytesOf(ipText) });
    if (typeof rule === 'string') this.connections.warning(`dropping connection, ${rule}`);
    const denied = typeof rule === 'string' || rule.denied;
    this.connections.verdict(denied, number, local, { ip, port });
    if (denied) return this.connections.end(number, DENIED);
    const given: Readonly<Record<string, Uint8Array | undefined>> = {
      TCPREMOTEIP: bytesOf(ipText),
      TCPREMOTEPORT: bytesOf(String(port)),
      AXFR: envBytes('AXFR'),
      KEY: envBytes('KEY'),
    };
    const client = clientOf((name) => variableOf(rule, name) ?? given[name]);
    const session = new AxfrSession(client, this.service);
    const failure = await converse(connection, session, { othersTurn, eachAlone: this.isTls });
    if (failure !== '') this.connections.fatal(failure);
    this.connections.end(number, failure === '' ? SERVED : FAILED);
  }
}
