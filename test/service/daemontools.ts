// Services under the real svscan, supervise and multilog of daemontools.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { find, run, temporaryDirectory } from '../support/programs.ts';

/** What a test of services needs of the system. */
export const DAEMONTOOLS = [
  'root',
  'svscan',
  'supervise',
  'multilog',
  'softlimit',
  'envuidgid',
  'setuidgid',
  'envdir',
  'svc',
];

/** svscan's PATH when a boot script starts it, and where this Node is. */
const PATH = `${dirname(process.execPath)}:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin`;

/** Waits until `ready` gives something; fails with `what` after 20 seconds. */
export async function until<T>(what: string, ready: () => T | undefined | false): Promise<T> {
  for (let i = 0; i < 400; i++) {
    const value = ready();
    if (value) return value;
    await sleep(50);
  }
  throw new Error(`waited in vain: ${what}`);
}

/** A directory that svscan watches. */
export class Services {
  readonly base: string = temporaryDirectory();
  private readonly scan = join(this.base, 'service');
  private svscan: ChildProcess | undefined;

  constructor() {
    mkdirSync(this.scan);
    process.on('exit', () => this.stop());
  }

  /** Where a -conf program is to create the service. */
  directory(name: string): string {
    return join(this.base, name);
  }

  /** Puts it under supervision, as an administrator does: with a link. */
  add(name: string): Service {
    symlinkSync(this.directory(name), join(this.scan, name));
    this.svscan ??= spawn(find('svscan') as string, [this.scan], { env: { PATH }, stdio: 'ignore' });
    return new Service(this.directory(name));
  }

  /** Ends svscan, every supervise and what they run. */
  stop(): void {
    this.svscan?.kill('SIGKILL');
    this.svscan = undefined;
    if (!existsSync(this.scan)) return;
    const directories = readdirSync(this.scan).flatMap((name) => [join(this.scan, name), join(this.scan, name, 'log')]);
    spawnSync(find('svc') as string, ['-dkx', ...directories]);
  }
}

export class Service {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The process that supervise runs, once it is up. */
  async pid(other = 0): Promise<number> {
    return until(`${basename(this.directory)} is up`, () => {
      const pid = Number(/ up \(pid (\d+)\)/.exec(svstat(this.directory))?.[1] ?? 0);
      return pid !== other && pid;
    });
  }

  /** Everything in log/main that multilog wrote so far, oldest first. */
  log(): string {
    const main = join(this.directory, 'log/main');
    const files = readdirSync(main).filter((name) => name.startsWith('@') || name === 'current');
    return files
      .sort()
      .map((name) => readFileSync(join(main, name), 'latin1'))
      .join('');
  }

  async logged(pattern: RegExp, times = 1): Promise<void> {
    const all = new RegExp(pattern, 'gm');
    await until(
      `${pattern} in ${this.directory}: ${this.directory}`,
      () => [...this.log().matchAll(all)].length >= times,
    );
  }

  /** Has multilog begin a new file, the first time in the service's life. */
  async rotate(): Promise<void> {
    const main = join(this.directory, 'log/main');
    this.svc('-a', 'log');
    await until('the log is rotated', () => readdirSync(main).some((name) => /^@[0-9a-f]{24}\.s$/.test(name)));
  }

  svc(options: string, below = ''): void {
    assert.equal(run(find('svc') as string, [options, join(this.directory, below)]).code, 0);
  }

  /**
   * Checks that the process, or a child of it, belongs to `account` alone, is locked into `root` and has the limits.
   */
  async confined(
    account: string,
    root: string,
    limits: Readonly<Record<string, number>>,
    child?: number,
  ): Promise<void> {
    const pid = child ?? (await this.pid());
    const id = (option: string): string => run('/usr/bin/id', [option, account]).stdout.toString().trim();
    const status = await until('root is given up', () => {
      const text = readFileSync(`/proc/${pid}/status`, 'latin1');
      return (
        field(text, 'Uid')
          .split('\t')
          .every((uid) => uid === id('-u')) && text
      );
    });
    assert.deepEqual(field(status, 'Gid').split('\t'), Array(4).fill(id('-g')));
    assert.equal(field(status, 'Groups').trim(), id('-g'));
    assert.equal(readlinkSync(`/proc/${pid}/root`), root);
    assert.equal(readlinkSync(`/proc/${pid}/cwd`), root);
    const allowed = readFileSync(`/proc/${pid}/limits`, 'latin1');
    for (const [name, limit] of Object.entries(limits)) {
      assert.match(allowed, new RegExp(`^${name} +${limit} `, 'm'));
    }
    assert.ok(Number.parseInt(field(status, 'VmData'), 10) * 1024 < (limits['Max data size'] ?? 0));
  }
}

function svstat(directory: string): string {
  return run(find('svstat') as string, [directory]).stdout.toString('latin1');
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '';
}

/** What dig prints for a query with `+short`, without its remarks: nothing when nothing answers. */
export function dig(server: string, ...query: string[]): string {
  return records(server, '+short', ...query);
}

/** The records that dig prints, whole lines: options such as `+answer` say of which sections. */
export function records(server: string, ...query: string[]): string {
  const output = run(find('dig') as string, [`@${server}`, '+time=1', '+tries=1', ...query]).stdout.toString();
  return output.replace(/^;.*\n|^\n/gm, '');
}

/**
 * The life of a service: it is confined, killed with signal 9 it comes back and answers, its log is labelled, is
 * rotated on demand, and dnslog reads all of it. `ask` queries the server and returns what it says.
 */
export async function lives(service: Service, ask: () => string, expected: RegExp): Promise<void> {
  await service.logged(/^@[0-9a-f]{24} starting/);
  const answers = () => until(`${service.directory} answers`, () => expected.test(ask()));
  await answers();
  const pid = await service.pid();
  process.kill(pid, 'SIGKILL');
  assert.notEqual(await service.pid(pid), pid);
  await service.logged(/^@[0-9a-f]{24} starting/, 2);
  await answers();
  await service.rotate();
  await answers();
  await until('the log goes on', () => readFileSync(join(service.directory, 'log/main/current'), 'latin1') !== '');
  const lines = service.log().split('\n').length;
  const shown = run('dnslog', [service.directory]).stdout.toString().split('\n');
  assert.ok(shown.length >= lines && shown.filter((line) => line.includes('  starting ')).length === 2);
}
