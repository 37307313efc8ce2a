// Setting up a service directory: what the six *-conf programs share. Counterpart: generic-conf.c, auto_home.c.
// Files are created in the original's order, written, synced and given their mode before the next one; the first
// failure is fatal and what was made until then stays. Text here is Latin-1, one octet per character.

import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { bytesOf } from '../base/bytes.ts';
import { Fatal, orFatal, UsageError } from '../base/errors.ts';
import { pathBytes } from '../base/files.ts';
import { type Account, findAccount } from '../base/libc.ts';
import { writeAll } from '../base/output.ts';
import { argText } from './args.ts';
import { complain, type Options, type ProgramOption } from './main.ts';

/** The options of every -conf program. */
export const CONF_OPTIONS: readonly ProgramOption[] = [
  ['--bindir <directory>', 'where the run scripts find the programs (default: the folder of this program)'],
];

/** The notes that --help ends with. */
export const CONF_NOTES = `Everything is created with fixed owners and modes; an existing directory is refused.
Exit codes: 0 created, 100 wrong arguments, 111 the system refused.`;

/**
 * softlimit -d for the servers, in bytes. Measured: Node has 50 MB of writable memory when it starts, tinydns 68 MB
 * under load, dnscache 80 MB and its cache. The rest is room for the garbage collector, for long transfers and for a
 * cache of up to 150 MB. A process that reaches the limit is aborted by V8, and the supervisor starts the next one.
 * Below 60 MB Node does not start, and near that it may hang instead of failing, which no supervisor sees.
 */
export const DATA_LIMIT = 300000000;

const SEARCHED_DIRECTORY_MODE = 0o2755;

/** What a -conf program was told, checked. */
export interface Request {
  /** Account that the server runs as. Not looked up: it may be created later. */
  account: string;
  logAccount: string;
  log: Account;
  /** The directory to create, as given. */
  directory: string;
  /** The arguments after the directory, as given; a missing optional one is absent. */
  rest: readonly string[];
  /** The absolute folder that run scripts take the programs from. */
  bin: string;
  /** What keeps the service from running as it is, said when the directory has been created. */
  warnings: readonly string[];
}

/** How many arguments a -conf program takes (more are ignored), and which of them must be absolute paths. */
export interface Shape {
  least: number;
  most?: number;
  paths: readonly number[];
}

/**
 * Checks the arguments `acct logacct /directory ...`: UsageError when some are missing or not absolute. Fatal: `unknown
 * account LOGACCT`, and exit 100 for what a shell, envdir or make would not take literally.
 */
export function confRequest(args: readonly string[], options: Options, { least, most = least, paths }: Shape): Request {
  if (args.length < least) throw new UsageError();
  for (const path of paths) if (!args[path]?.startsWith('/')) throw new UsageError();
  const bin = binDirectory(options['bindir']);
  const taken = args.slice(0, most).map((_, index) => argText(args, index));
  const [account, logAccount, directory, ...rest] = taken as [string, string, string, ...string[]];
  const log = findAccount(args[1] as string);
  if (!log) throw new Fatal(`unknown account ${logAccount}`);
  for (const word of [account, logAccount, bin]) checkWord(word);
  for (const value of [directory, ...rest]) checkValue(value);
  const warnings = [...(findAccount(args[0] as string) ? [] : [noAccount(account)]), ...passingFolder(bin)];
  return { account, logAccount, log, directory, rest, bin, warnings };
}

function noAccount(account: string): string {
  return `unknown account ${account}: the service does not start before there is one`;
}

/**
 * A folder of programs that does not last: a checkout's, which a build empties, or one that a package manager keeps.
 */
function passingFolder(bin: string): string[] {
  const isCheckout = ['..', '../..'].some((up) => existsSync(pathBytes(`${bin}/${up}/bin/tinydns-conf.ts`)));
  if (!isCheckout && !/\/(?:node_modules|_npx)\//.test(bin)) return [];
  const cause = isCheckout ? 'builds replace' : 'a package manager may remove';
  return [
    `the scripts call programs in ${bin}, which ${cause}: install them elsewhere, or name that place by --bindir`,
  ];
}

/**
 * The folder of the running program as it was called, with no link followed at the end: a link in /usr/local/bin keeps
 * its place when the package behind it is replaced.
 */
function binDirectory(given: string | boolean | undefined): string {
  if (given === undefined) return latin1(dirname(process.argv[1] as string));
  if (typeof given !== 'string' || !given.startsWith('/')) throw new UsageError('--bindir wants an absolute directory');
  return latin1(given.length > 1 ? given.replace(/\/+$/, '') : given);
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Scripts and Makefiles hold these words unquoted, so anything that sh or make would interpret is refused. */
function checkWord(word: string): void {
  if (/^[A-Za-z0-9_./@+,:%\x80-\xff-]+$/.test(word)) return;
  throw new Fatal(`unable to use ${printable(word)} in a run script: the shell would interpret it`, 100);
}

/** envdir takes the first line of a file and drops blanks at its end. */
function checkValue(value: string): void {
  if (!/\n|[ \t]$/.test(value)) return;
  throw new Fatal(`unable to use ${printable(value)}: envdir would not pass it on as it is`, 100);
}

function printable(text: string): string {
  return `"${text.replace(/[\x00-\x1f\x7f]/g, '?')}"`;
}

/** A service directory being created. */
export class Service {
  private readonly directory: string;
  private readonly logAccount: string;
  private readonly log: Account;

  /** Creates the directory itself. */
  constructor({ directory, logAccount, log, warnings }: Request) {
    this.directory = directory;
    this.logAccount = logAccount;
    this.log = log;
    process.umask(0o022);
    orFatal(`unable to create ${directory}`, () => mkdirSync(pathBytes(directory), 0o700));
    orFatal(`unable to set mode of ${directory}`, () => chmodSync(pathBytes(directory), 0o3755));
    for (const warning of warnings) complain(`${basename(process.argv[1] as string, '.js')}: warning: ${warning}`);
  }

  /** Creates a directory below. */
  mkdir(name: string, owner?: Account, mode = SEARCHED_DIRECTORY_MODE): void {
    this.orFatal(name, () => {
      const path = this.path(name);
      mkdirSync(path, 0o700);
      if (owner) chownSync(path, owner.uid, owner.gid); // before the mode: it clears the set-group-id bit
      chmodSync(path, mode);
    });
  }

  /** Creates a symbolic link anywhere, to a directory below. */
  link(name: string, from: string): void {
    orFatal(`unable to create ${from}`, () => symlinkSync(this.path(name), pathBytes(from)));
  }

  /** Creates a file below with everything in it. */
  write(name: string, content: string | Uint8Array, mode: number, owner?: Account): void {
    this.orFatal(name, () => {
      const fd = openSync(this.path(name), 'w', 0o644);
      writeAll(fd, typeof content === 'string' ? bytesOf(content) : content);
      fsyncSync(fd);
      if (owner) fchownSync(fd, owner.uid, owner.gid);
      fchmodSync(fd, mode);
      closeSync(fd);
    });
  }

  /** log/, log/main/ and log/status, which belong to the log account. */
  logDirectory(): void {
    this.mkdir('log');
    this.mkdir('log/main', this.log);
    this.write('log/status', '', 0o644, this.log);
  }

  logRun(): void {
    this.write('log/run', `#!/bin/sh\nexec setuidgid ${this.logAccount} multilog t ./main\n`, 0o755);
  }

  /** env/ with a file for each variable, in this order. */
  environment(variables: Readonly<Record<string, string>>): void {
    this.mkdir('env');
    for (const [name, value] of Object.entries(variables)) this.write(`env/${name}`, `${value}\n`, 0o644);
  }

  /** The run script: `lines` after the two that every one begins with. */
  run(...lines: string[]): void {
    this.write('run', `#!/bin/sh\nexec 2>&1\n${lines.join('\n')}\n`, 0o755);
  }

  private path(name: string): Buffer {
    return pathBytes(`${this.directory}/${name}`);
  }

  private orFatal(name: string, action: () => void): void {
    orFatal(`unable to create ${this.directory}/${name}`, action);
  }
}

/** The part that the servers of one cdb or none share: logs, env, the run script, and root/. */
export function confUdp(request: Request, server: string, variables: Readonly<Record<string, string>>): Service {
  const service = new Service(request);
  service.logDirectory();
  service.logRun();
  service.environment({ ROOT: `${request.directory}/root`, ...variables });
  service.run(`exec envuidgid ${request.account} envdir ./env softlimit -d${DATA_LIMIT} ${request.bin}/${server}`);
  service.mkdir('root');
  return service;
}

/** root/data, empty, and the Makefile that compiles it (after what `between` creates). */
export function confData(service: Service, compiler: string, between: () => void = () => {}): void {
  service.write('root/data', '', 0o644);
  between();
  service.write('root/Makefile', `data.cdb: data\n\t${compiler}\n`, 0o644);
}
