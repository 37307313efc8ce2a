// axfr-getd killed at system calls. A cycle has all that it does to files: a zone comes whole, one is confirmed,
// changes come for one that is published and for one that is held, a child of a published zone comes, a zone is held,
// NOTIFY brings changes of all, and tinydns-data runs. Needs strace, which sees one thread at a time: the same calls
// are made in the same order each time, but for a few.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { eventually, GetdHome, hasEnded } from './getd-home.ts';
import { command, find, type Running, start } from './programs.ts';
import { VersionedPrimary } from './versioned-primary.ts';
import { a, ns } from './zone-messages.ts';

/** Where calls are made: axfr-getd's main thread, its threads that write copies, tinydns-data. */
export type Where = 'main' | 'files' | 'program';

/** The `number`th call of a name, with what strace shows of it. */
export interface Call {
  readonly name: string;
  readonly number: number;
  readonly text: string;
}

const PARENT = 'parent.test';
const CHILD = `child.${PARENT}`;
const WARM = 'warm.test';
const LATE = 'late.test';
const GONE = 'gone.test';
const KEPT = [WARM, 'fresh.test', 'same.test', LATE, PARENT, CHILD];

/** What touches files or sockets; of these, what only waits or maps memory is left out. */
const CALLS = '%file,%desc,%network';
const LEFT_OUT = ['mmap', 'epoll_wait', 'epoll_pwait', 'poll', 'ppoll', 'select'];

/** Before these are the calls of Node's own start. */
const FIRST: Readonly<Record<Where, RegExp>> = { main: /socket\(/, files: /./, program: /openat\(.*"data"/ };

/** One axfr-getd at a time, with a primary of its own: they have the addresses `net`.1 and `net`.2. */
export class KillingGround {
  private readonly primary: VersionedPrimary;
  private readonly ip: string;
  private template = '';
  private getd: Running | undefined;

  constructor(net: string) {
    this.primary = new VersionedPrimary(`${net}.1`);
    this.ip = `${net}.2`;
    this.primary.more.set(PARENT, [ns(CHILD, 'ns.other.test'), a(`www.${CHILD}`, 98)]);
    this.primary.more.set(CHILD, [a(`www.${CHILD}`, 99)]);
  }

  /** Makes what each cycle begins with, or takes it from another. */
  async prepare(other?: KillingGround): Promise<this> {
    const { primary } = this;
    await primary.listen();
    if (other) {
      this.template = other.template;
      return this;
    }
    for (const zone of ['same.test', LATE, PARENT, GONE]) primary.versions.set(zone, 1);
    const home = new GetdHome(this.ip, primary);
    const getd = home.start();
    await eventually('the first copies', () => home.serves(primary.versions.keys(), 1), getd.log);
    await getd.stop();
    for (const zone of ['same.test', LATE]) renameSync(`${home.root}/zones/${zone}`, `${home.root}/held/${zone}`);
    rmSync(`${home.root}/servers/${GONE}`);
    this.template = home.folder;
    return this;
  }

  async close(): Promise<void> {
    await this.stop();
    this.primary.close();
  }

  /** The calls of a whole cycle, those of Node's own start left out. */
  async calls(where: Where): Promise<Call[]> {
    const home = this.newHome();
    const trace = `${home.folder}/trace`;
    const getd = await this.cycle(home, where, ['-o', trace, '-e', `trace=${CALLS}`]);
    assert.ok(!hasEnded(getd), getd.log());
    await this.stop();
    return callsOf(readFileSync(trace, 'latin1'), FIRST[where]);
  }

  /** Kills at a call, looks at what is left, and starts again. False when the call was not made this time. */
  async killAt(where: Where, { name, number }: Call): Promise<boolean> {
    const home = this.newHome();
    const fault = ['-o', '/dev/null', '-e', `trace=${name}`, '-e', `inject=${name}:signal=KILL:when=${number}`];
    const { log } = await this.cycle(home, where, fault);
    home.checkCopies();
    home.served(KEPT);
    const wasKilled = where === 'program' ? /^publish failed 137$/m.test(log()) : hasEnded(this.getd!);
    if (where === 'program') this.checkEnd(home);
    else await this.restart(home);
    await this.stop();
    rmSync(home.folder, { recursive: true });
    return wasKilled;
  }

  /** Has a call of the program fail with an error such as ENOSPC, after which all comes right; returns the log. */
  async failAt({ name, number }: Call, error: string): Promise<string> {
    const home = this.newHome();
    const fault = ['-o', '/dev/null', '-e', `trace=${name}`, '-e', `inject=${name}:error=${error}:when=${number}`];
    const { log } = await this.cycle(home, 'program', fault);
    this.checkEnd(home);
    await this.stop();
    return log();
  }

  /**
   * Kills axfr-getd while its program is stopped at a call, and lets that go on beside the program of the next start.
   */
  async killBeside({ name, number }: Call): Promise<void> {
    const home = this.newHome();
    const trace = `${home.folder}/trace`;
    const stop = `-o ${trace} -e trace=${name} -e inject=${name}:signal=STOP:when=${number}`;
    writeFileSync(`${home.dns}/fault`, stop);
    const getd = home.start();
    this.getd = getd;
    const isStopped = () => existsSync(trace) && readFileSync(trace, 'latin1').includes('stopped by SIGSTOP');
    await eventually('the program to be stopped', isStopped, getd.log);
    const program = Number(readFileSync(`${home.dns}/pid`, 'latin1'));
    await this.stop();
    const restarted = this.restart(home);
    await eventually('another publication', () => /^publish /m.test(this.getd?.log() ?? ''), getd.log);
    process.kill(program, 'SIGCONT');
    await restarted;
    await this.stop();
  }

  /** Ends what runs. */
  async stop(): Promise<void> {
    this.primary.release();
    await this.getd?.stop();
    this.getd = undefined;
  }

  /** Starts axfr-getd again without faults, until it is current. */
  async restart(home: GetdHome): Promise<void> {
    await this.stop();
    this.primary.set(2);
    this.primary.hold(KEPT);
    const getd = home.start();
    this.getd = getd;
    await eventually('a publication', () => /^published/m.test(getd.log()), getd.log);
    isSpokenForOnce(home);
    this.primary.release();
    await eventually('version 2', () => home.serves(KEPT, 2), getd.log);
    await eventually('the end', () => /\npublished \d+\n$/.test(getd.log()), getd.log);
    this.checkEnd(home);
  }

  newHome(): GetdHome {
    const { primary, ip } = this;
    for (const zone of KEPT) primary.versions.set(zone, zone === LATE ? 2 : 1);
    primary.versions.delete(GONE);
    const home = new GetdHome(ip, primary, { from: this.template });
    const [node, program] = [process.execPath, command('tinydns-data')];
    home.publishBy(`echo $$ >pid
if [ -e fault ]; then mv fault used; exec ${find('strace')} -D $(cat used) ${node} ${program}; fi
exec ${node} ${program}`);
    return home;
  }

  /** A whole cycle, or as far as it comes, under strace with `fault`. axfr-getd still runs when all of it was done. */
  async cycle(home: GetdHome, where: Where, fault: readonly string[]): Promise<Running> {
    const { primary } = this;
    const strace = find('strace')!;
    if (where === 'program') writeFileSync(`${home.dns}/fault`, fault.join(' '));
    if (where === 'files') primary.hold(KEPT.filter((zone) => zone !== WARM));
    const getd = home.start(where === 'main' ? [strace, '-D', ...fault] : [], { UV_THREADPOOL_SIZE: '1' });
    this.getd = getd;
    const reach = (what: string, isSo: () => boolean) =>
      eventually(what, () => hasEnded(getd) || (isSpokenForOnce(home) && isSo()), getd.log);
    if (where === 'files') {
      await reach('the first zone', () => /^axfr warm\.test/m.test(getd.log()));
      await attach(getd, fault);
      primary.release();
    }
    await reach('version 1', () => [...home.served(KEPT).values()].every((version) => version !== undefined));
    primary.set(2);
    home.notify();
    await reach('version 2', () => home.serves(KEPT, 2));
    await reach('the end of the publication', () => /\npublished \d+\n$/.test(getd.log()));
    return getd;
  }

  /** All is current, and nothing is left over. */
  private checkEnd(home: GetdHome): void {
    const { log } = this.getd!;
    assert.ok(!hasEnded(this.getd!), log());
    for (const zone of KEPT) assert.equal(home.copyVersion(zone), 2, zone);
    assert.deepEqual(home.names('tmp'), [], log());
    assert.deepEqual(home.names('held'), [GONE], log());
    assert.deepEqual(home.addresses(`www.${CHILD}`), ['10.0.0.99'], log());
    assert.doesNotMatch(log(), /bug:/);
  }
}

/** Not both the parent and the child speak for the child's names. */
function isSpokenForOnce(home: GetdHome): boolean {
  assert.notDeepEqual(home.addresses(`www.${CHILD}`).sort(), ['10.0.0.98', '10.0.0.99'], 'parent and child speak both');
  return true;
}

/** The calls that strace wrote down, from the one that `first` matches on. */
function callsOf(trace: string, first: RegExp): Call[] {
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  let isOurs = false;
  for (const text of trace.split('\n')) {
    const name = /^(?:\d+ +)?(\w+)\(/.exec(text)?.[1];
    if (name === undefined || LEFT_OUT.includes(name)) continue;
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    isOurs ||= first.test(text);
    if (isOurs) calls.push({ name, number, text });
  }
  return calls;
}

/** Has strace follow all threads of a process but the main one. */
async function attach({ process: { pid }, log }: Running, args: readonly string[]): Promise<void> {
  const threads = readdirSync(`/proc/${pid}/task`).filter((id) => id !== String(pid));
  const strace = start(find('strace')!, [...args, ...threads.flatMap((id) => ['-p', id])]);
  const attached = () => strace.log().split(' attached').length - 1;
  await eventually(
    'strace',
    () => attached() === threads.length,
    () => `${strace.log()}${log()}`,
  );
}
