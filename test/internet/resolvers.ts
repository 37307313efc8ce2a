// Starts the resolvers under test on the private internet: our dnscache, Debian's C dnscache, Unbound. Each is a full
// recursive resolver with its own address, told the private roots and allowed to ask loopback addresses.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/ask.ts';
import { command, find } from '../support/programs.ts';

/** A server process whose stderr goes to a file. */
export interface Server {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Ends it, at once. */
  stop(): Promise<void>;
  /** What it wrote to stderr so far. */
  log(): string;
}

export interface Resolver extends Server {
  readonly name: string;
  readonly address: string;
}

export interface ResolverOptions {
  /** Octets; 10 million unless given. */
  cacheSize?: number;
  /** More environment for a dnscache. */
  env?: Record<string, string>;
  /** More lines of Unbound's `server:` section. */
  conf?: readonly string[];
  /** False: the log goes to /dev/null, for measuring. */
  keepLog?: boolean;
}

const started = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/** Our program when it is built, else the system's of that name. */
export function systemOrOurs(name: string): string {
  return existsSync(command(name)) ? command(name) : find(name)!;
}

/**
 * Starts a server that stays in the foreground; stderr goes to the file `log`. Killed with this process at the latest.
 */
export function startServer(
  program: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; log: string },
): Server {
  const log = openSync(options.log, 'a');
  const env = { PATH: process.env['PATH'], ...options.env };
  const child = spawn(program, args, { cwd: options.cwd, env, stdio: ['ignore', 'ignore', log] });
  closeSync(log);
  started.add(child);
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => {
      started.delete(child);
      resolve();
    });
  });
  return {
    pid: child.pid ?? 0,
    process: child,
    log: () => readFileSync(options.log, 'latin1'),
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Starts our dnscache, or `program`, at `address` with these root servers; returns when it answers. */
export async function startDnscache(
  address: string,
  roots: readonly string[],
  directory: string,
  options: ResolverOptions & { program?: string } = {},
): Promise<Resolver> {
  const { cacheSize = 10_000_000, program = command('dnscache'), keepLog = true } = options;
  const home = join(directory, `dnscache-${address}`);
  for (const folder of ['ip', 'servers']) mkdirSync(join(home, folder), { recursive: true });
  writeFileSync(join(home, 'ip/127'), '');
  writeFileSync(join(home, 'servers/@'), `${roots.join('\n')}\n`);
  const env = { IP: address, IPSEND: address, ROOT: home, UID: '65534', GID: '65534', CACHESIZE: `${cacheSize}` };
  const log = keepLog ? join(home, 'log') : '/dev/null';
  const server = startServer(program, [], { cwd: home, env: { ...env, ...options.env }, log });
  const name = program === command('dnscache') ? 'dnscache' : 'C dnscache';
  return ready({ ...server, name, address });
}

/** Starts Debian's C dnscache. */
export function startCDnscache(
  address: string,
  roots: readonly string[],
  directory: string,
  options: ResolverOptions = {},
): Promise<Resolver> {
  return startDnscache(address, roots, directory, { ...options, program: find('dnscache')! });
}

/** Starts Unbound with one thread, as an iterator without validation: dnscache does not validate either. */
export async function startUnbound(
  address: string,
  roots: readonly string[],
  directory: string,
  options: ResolverOptions = {},
): Promise<Resolver> {
  const home = join(directory, `unbound-${address}`);
  mkdirSync(home, { recursive: true });
  const cache = options.cacheSize ?? 10_000_000;
  const hints = roots.map((ip, i) => `. 3600 IN NS hint${i}.\nhint${i}. 3600 IN A ${ip}`);
  writeFileSync(join(home, 'hints'), `${hints.join('\n')}\n`);
  const conf = [
    'server:',
    ' num-threads: 1\n do-daemonize: no\n use-syslog: no\n username: ""\n chroot: ""\n pidfile: ""\n do-ip6: no',
    ` interface: ${address}\n access-control: 127.0.0.0/8 allow\n root-hints: "${home}/hints"\n verbosity: 0`,
    ' module-config: "iterator"\n do-not-query-localhost: no\n unblock-lan-zones: yes\n outgoing-range: 4096',
    ' num-queries-per-thread: 2048\n rrset-roundrobin: no\n so-rcvbuf: 1m',
    ` msg-cache-size: ${cache >> 1}\n rrset-cache-size: ${cache}`,
    ...(options.conf ?? []),
    'remote-control:\n control-enable: no',
  ];
  writeFileSync(join(home, 'unbound.conf'), `${conf.join('\n')}\n`);
  const args = ['-d', '-c', join(home, 'unbound.conf')];
  const server = startServer(find('unbound')!, args, { cwd: home, log: join(home, 'log') });
  return ready({ ...server, name: 'unbound', address });
}

async function ready(resolver: Resolver): Promise<Resolver> {
  for (let i = 0; i < 100; i++) {
    if ((await ask(resolver.address, '1.0.0.127.in-addr.arpa', 'PTR', 200)).rcode !== undefined) return resolver;
    if (resolver.process.exitCode !== null) break;
    await sleep(20);
  }
  throw new Error(`${resolver.name} at ${resolver.address} does not answer: ${resolver.log()}`);
}
