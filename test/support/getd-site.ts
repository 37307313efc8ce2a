// A place where axfr-getd and tinydns work together, as axfr-getd-conf and tinydns-conf lay it out, and a primary
// beside them: our axfrdns over a data file that the caller writes. All of them are processes, on loopback addresses
// of the caller's.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import dnsPacket from 'dns-packet';
import { command, type Running, run, start, temporaryDirectory } from './programs.ts';
import { queryPacket } from './udp.ts';

/** Where the primary and tinydns listen. */
export const SITE_PORT = 5300;
/** Where axfr-getd takes NOTIFY. */
export const NOTIFY_PORT = 5353;
const SOA = 6;

/** The directories of a site. */
export interface GetdSite {
  /** `$ROOT` of axfr-getd. */
  readonly root: string;
  /** Where `data` and data.cdb of tinydns lie. */
  readonly served: string;
}

/** Makes what axfr-getd needs in its root. */
export function layOutRoot(root: string): void {
  for (const name of ['servers', 'tsig', 'zones', 'held', 'tmp']) mkdirSync(`${root}/${name}`, { recursive: true });
}

/** The environment of an axfr-getd at `ip`. */
export function getdEnvironment(root: string, ip: string): Record<string, string> {
  return { ROOT: root, UNPRIVILEGED: '1', IP: ip, PORT: String(NOTIFY_PORT), IPSEND: '0.0.0.0' };
}

/** A new site: tinydns has the lines of `local` and the zones that axfr-getd publishes. */
export function newGetdSite(local = ''): GetdSite {
  const top = temporaryDirectory();
  const [root, served] = [`${top}/axfr-getd`, `${top}/tinydns`];
  layOutRoot(root);
  mkdirSync(served);
  symlinkSync(`${root}/zones`, `${served}/zones`);
  writeFileSync(`${served}/data`, `${local}Izones\n`);
  return { root, served };
}

/** Starts axfr-getd at `ip`, with tinydns-data as its program. */
export function startGetd({ root, served }: GetdSite, ip: string, env: Record<string, string> = {}): Running {
  const publish = ['/bin/sh', '-c', `cd '${served}' && exec '${command('tinydns-data')}'`];
  return start('axfr-getd', publish, { env: { ...getdEnvironment(root, ip), ...env } });
}

/** Starts the tinydns of a site at `ip`. */
export function startTinydns({ served }: GetdSite, ip: string): Running {
  return start('tinydns', [], { env: { ROOT: served, UNPRIVILEGED: '1', IP: ip, PORT: String(SITE_PORT) } });
}

/** A primary: axfrdns over TCP and UDP, with what `write` gave it. */
export class DataPrimary {
  readonly directory: string = temporaryDirectory();

  /** Puts other data in place, and the history of changes. */
  write(data: string): void {
    const cwd = this.directory;
    writeFileSync(`${cwd}/data`, data);
    for (const program of ['tinydns-data', 'axfrdns-data']) {
      const { code, stderr } = run(program, [], { cwd });
      if (code !== 0) throw new Error(`${program}: ${stderr}`);
    }
  }

  start(ip: string, env: Record<string, string> = {}): Running {
    const cwd = this.directory;
    if (!existsSync(`${cwd}/tcp.cdb`)) run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd, input: Buffer.from(':allow\n') });
    const address = { IP: ip, PORT: String(SITE_PORT) };
    return start('axfrdns', ['--listen', '--udp'], { env: { ROOT: cwd, UNPRIVILEGED: '1', ...address, ...env } });
  }
}

/** Asks over UDP, many questions at a time, and keeps count of how long answers took. */
export class Asker {
  private readonly socket = createSocket('udp4');
  private readonly waiting = new Map<number, { take: (reply: Buffer | undefined) => void; since: number }>();
  private id = 0;
  /** Milliseconds that the slowest answer took. */
  slowest = 0;

  /** Asks from the address `ip`. */
  static async from(ip: string): Promise<Asker> {
    const asker = new Asker();
    asker.socket.on('message', (reply) => {
      const entry = asker.waiting.get(reply.readUInt16BE(0));
      if (entry) asker.slowest = Math.max(asker.slowest, performance.now() - entry.since);
      entry?.take(reply);
    });
    asker.socket.bind(0, ip);
    await once(asker.socket, 'listening');
    return asker;
  }

  /** Tells axfr-getd at `server` that `zone` has changed; false when nothing comes back within ten seconds. */
  async notify(server: string, zone: string): Promise<boolean> {
    return (await this.ask(queryPacket(zone, SOA, { flags: 0x2400 }), server, NOTIFY_PORT, 10_000)) !== undefined;
  }

  /** The serial that the server at `server` has for a zone; undefined for none. */
  async serial(server: string, zone: string): Promise<number | undefined> {
    const reply = await this.ask(queryPacket(zone, SOA), server, SITE_PORT, 1000);
    const answer = reply && dnsPacket.decode(reply).answers?.find(({ type }) => type === 'SOA');
    return answer?.type === 'SOA' ? answer.data.serial : undefined;
  }

  close(): void {
    this.socket.close();
  }

  private ask(packet: Buffer, server: string, port: number, patience: number): Promise<Buffer | undefined> {
    do this.id = (this.id + 1) & 0xffff;
    while (this.waiting.has(this.id));
    const { id } = this;
    packet.writeUInt16BE(id, 0);
    return new Promise((resolve) => {
      const take = (reply: Buffer | undefined): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(reply);
      };
      const timer = setTimeout(take, patience, undefined);
      this.waiting.set(id, { take, since: performance.now() });
      this.socket.send(packet, port, server);
    });
  }
}

/**
 * Milliseconds until every one of `zones` is served with `serial` at `server`; throws after `patience` milliseconds.
 */
export async function untilServed(
  asker: Asker,
  server: string,
  zones: readonly string[],
  serial: number,
  patience = 120_000,
): Promise<number> {
  const began = performance.now();
  for (const zone of zones) {
    while ((await asker.serial(server, zone)) !== serial) {
      if (performance.now() - began > patience) throw new Error(`${server} does not serve ${zone} with ${serial}`);
      await sleep(20);
    }
  }
  return performance.now() - began;
}
