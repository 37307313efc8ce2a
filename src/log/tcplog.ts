// The lines of tcpserver about connections, which `axfrdns --listen` also writes, `axfrdns` in place of `tcpserver`:
//
//     tcpserver: status: COUNT/LIMIT
//     tcpserver: pid NUMBER from IP
//     tcpserver: ok NUMBER LOCALHOST:IP:PORT REMOTEHOST:IP:REMOTEINFO:PORT        or deny
//     tcpserver: end NUMBER status WAITSTATUS

import { formatAddress } from '../base/address.ts';
import type { Endpoint } from '../base/endpoint.ts';
import type { Fields } from './entry.ts';
import type { Client, Log } from './qlog.ts';

/** The lines, each written at once. Hosts are `0` and empty: nothing is looked up. */
export class ConnectionLog {
  private readonly log: Log;
  private readonly program: string;

  constructor(log: Log, program: string) {
    this.log = log;
    this.program = program;
  }

  /** The number of connections has changed. */
  status(count: number, limit: number): void {
    this.say(`status: ${count}/${limit}`);
  }

  /** A connection was let in or not. */
  verdict(isDenied: boolean, number: number, local: Endpoint, client: Client): void {
    const ends = `0:${formatAddress(local.ip)}:${local.port} :${formatAddress(client.ip)}::${client.port}`;
    this.say(`${isDenied ? 'deny' : 'ok'} ${number} ${ends}`);
  }

  /** A connection has ended; the status is as wait() has it. */
  end(number: number, status: number): void {
    this.say(`end ${number} status ${status}`);
  }

  warning(text: string): void {
    this.say(`warning: ${text}`);
  }

  fatal(text: string): void {
    this.say(`fatal: ${text}`);
  }

  private say(text: string): void {
    this.log.line(`${this.program}: ${text}`);
    this.log.flush();
  }
}

const LINE = /^(tcpserver|axfrdns): (?:(status): (\d+)\/(\d+)|(pid) (\d+) from (\S+)|(end) (\d+) status (\d+))$/;
/** Host names and remote information have no colons, IPv6 addresses have. */
const VERDICT = /^(tcpserver|axfrdns): (ok|deny) (\d+) \S+ [^: ]*:([0-9a-f.:]+):[^: ]*:(\d+)$/;

/** Takes one of these lines apart; undefined for any other text. */
export function scanConnectionLine(text: string): Fields | undefined {
  const verdict = VERDICT.exec(text);
  if (verdict) {
    const [, program, word, number, ip, port] = verdict as unknown as [string, string, string, string, string, string];
    const event = word === 'ok' ? 'accept' : 'deny';
    return { event, program, number: Number(number), client: { ip, port: Number(port) } };
  }
  const match = LINE.exec(text);
  if (!match) return undefined;
  const [, program, status, count, limit, pid, number, ip, , ended, waited] = match as (string | undefined)[];
  const common = { program: program! };
  if (status) return { ...common, event: 'connections', number: Number(count), limit: Number(limit) };
  if (pid) return { ...common, event: 'process', number: Number(number), client: { ip: ip!, port: 0 } };
  return { ...common, event: 'closed', number: Number(ended), ...endOf(Number(waited)) };
}

/** The exit code, or the signal that ended the process, out of what wait() gives. */
function endOf(status: number): { exitCode?: number; signal?: number } {
  return (status & 127) === 0 ? { exitCode: status >> 8 } : { signal: status & 127 };
}
