// axfr-getd killed at a call of each kind, and on a machine that has run out of something: copies and data.cdb stay
// whole, the log says one thing, and it goes on by itself. All calls: soak/getd.ts.
import assert from 'node:assert/strict';
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../src/base/oserror.ts';
import { eventually, GetdHome, hasEnded } from '../support/getd-home.ts';
import { type Call, KillingGround, type Where } from '../support/getd-kills.ts';
import { find, needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { VersionedPrimary } from '../support/versioned-primary.ts';

/** A call of each kind that matters: the first that strace shows so. */
const KINDS: readonly (readonly [where: Where, call: RegExp])[] = [
  ['main', /rename\("zones\/gone/],
  ['main', /sendmsg/],
  ['main', /recvmsg/],
  ['main', /read\(\d+, "\\2/],
  ['main', /utimensat/],
  ['main', /rename\("held\//],
  ['main', /write\(\d+, "\\n", 1\)/],
  ['main', /read\(\d+, "0\\n"/],
  ['files', /openat\(.*"tmp\//],
  ['files', /write\(\d+, "#/],
  ['files', /fsync/],
  ['files', /rename\("tmp\/late/],
  ['files', /unlink\("held\/late/],
  ['files', /utimensat/],
  ['files', /rename\("tmp\/parent/],
  ['program', /openat\(.*"data.tmp"/],
  ['program', /pwrite64/],
  ['program', /rename/],
];

describe('axfr-getd', { concurrency: true }, () => {
  const grounds: KillingGround[] = [];
  after(async () => {
    for (const ground of grounds) await ground.close();
  });

  test('axfr-getd or its program killed, at a call of each kind: all is whole, and current afterwards', {
    skip: needs('root', 'strace'), // a kernel may let nobody else attach to a process that runs
  }, async () => {
    const first = await new KillingGround('127.49.0').prepare();
    grounds.push(first);
    for (let i = 1; i < 8; i++) grounds.push(await new KillingGround(`127.49.${i}`).prepare(first));
    const places = ['main', 'files', 'program'] as const;
    const found = new Map<Where, Call[]>();
    await Promise.all(places.map(async (where, i) => found.set(where, await grounds[i]!.calls(where))));
    const callLike = (where: Where, kind: RegExp): Call => {
      const call = found.get(where)!.find(({ text }) => kind.test(text));
      assert.ok(call, `no call like ${kind}`);
      return call;
    };
    const waiting = KINDS.map(([where, kind]) => ({ where, call: callLike(where, kind) }));
    let killed = 0;
    const killOn = async (ground: KillingGround): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        if (await ground.killAt(next.where, next.call)) killed++;
      }
    };
    const [other, another, ...others] = grounds;
    const besides = other!.killBeside(callLike('program', /rename/));
    const failing = another!.failAt(callLike('program', /pwrite64/), 'ENOSPC');
    await Promise.all([besides, failing, ...others.map(killOn)]);
    assert.match(await failing, /^tinydns-data: fatal: .*data.tmp: out of disk space\npublish failed 111$/m);
    assert.ok(killed > KINDS.length / 2, `${killed} calls were made`);
  });

  test('axfr-getd ends when the shell that runs its program has ended, so that both are started again', async (t) => {
    const { home, getd } = await following(t, '127.49.20');
    const { pid } = getd.process;
    const [shell] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ');
    process.kill(Number(shell), 'SIGKILL');
    await eventually('its end', () => hasEnded(getd), getd.log);
    assert.equal(getd.process.exitCode, 111);
    assert.match(
      getd.log(),
      /^axfr-getd: fatal: unable to run .*\/publish any more: the shell that ran it has ended$/m,
    );
    assert.ok(home.serves([ZONE], 1));
  });

  test('axfr-getd on a full disk says so, serves what it has, and takes the new version when there is room again', {
    skip: needs('root', 'unshare', 'nsenter'),
  }, async (t) => {
    const disk = await newDisk(t, 1 << 20);
    const { primary, home, getd } = await following(t, '127.49.21', disk.path);
    fill(`${disk.path}/filler`);
    primary.set(2);
    home.notify();
    await failsWith(/^fail zone\.test \S+ unable to write tmp\/zone\.test: out of disk space$/m, home, getd);
    rmSync(`${disk.path}/filler`);
    await eventually('version 2', () => home.serves([ZONE], 2), getd.log);
  });

  test('axfr-getd on a read-only disk says so, serves what it has, and takes the new version when it can be written again', {
    skip: needs('root', 'unshare', 'nsenter'),
  }, async (t) => {
    const disk = await newDisk(t, 1 << 20);
    const { primary, home, getd } = await following(t, '127.49.22', disk.path);
    disk.mount('ro');
    getd.process.kill('SIGALRM');
    await failsWith(/^fail zone\.test \S+ unable to touch zones\/zone\.test: read-only file system$/m, home, getd);
    primary.set(2);
    home.notify();
    await failsWith(/^fail zone\.test \S+ unable to write tmp\/zone\.test: read-only file system$/m, home, getd);
    disk.mount('rw');
    await eventually('version 2', () => home.serves([ZONE], 2), getd.log);
  });

  test('axfr-getd without descriptors says so, serves what it has, and goes on when it may open more', {
    skip: needs('prlimit'),
  }, async (t) => {
    const { primary, home, getd } = await following(t, '127.49.23');
    const { pid } = getd.process;
    const limit = (count: number): void => {
      assert.equal(run(find('prlimit')!, [`--pid=${pid}`, `--nofile=${count}:`]).code, 0);
    };
    await eventually('the idle connection to be closed', () => primary.open === 0, getd.log);
    // None for a socket; one for the socket and none for a file; none for the second file.
    const limits = [0, 1, 2].map((more) => limitLeaving(pid!, more));
    primary.set(2);
    for (const count of limits) {
      limit(count);
      const seen = getd.log().length;
      home.notify();
      const said = { ...getd, log: () => getd.log().slice(seen) };
      await failsWith(/^fail zone\.test \S+ (?:.*: )?process cannot open more files$/m, home, said);
    }
    limit(1024);
    await eventually('version 2', () => home.serves([ZONE], 2), getd.log);
  });

  test('axfr-getd whose log nobody reads waits, and goes on when it is read', { skip: needs('mkfifo') }, async (t) => {
    const primary = await new VersionedPrimary('127.49.24.1').listen();
    primary.versions.set(ZONE, 1);
    const home = new GetdHome('127.49.24.2', primary);
    const fifo = `${home.folder}/log`;
    assert.equal(run(find('mkfifo')!, [fifo]).code, 0);
    const log = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    let said = '';
    const logged = (): string => (said += readWaiting(log));
    const getd = home.start(['/bin/sh', '-c', `exec "$@" 2>${fifo}`, 'sh']);
    t.after(async () => {
      await getd.stop();
      closeSync(log);
      primary.close();
    });
    await eventually('version 1', () => /^published/m.test(logged()) && home.serves([ZONE], 1), logged);
    assert.equal(writeUntilFull(log), 'EAGAIN');
    primary.set(2);
    home.notify();
    await sleep(1500);
    assert.equal(home.copyVersion(ZONE), 1);
    assert.ok(home.serves([ZONE], 1));
    assert.ok(!hasEnded(getd));
    await eventually('version 2', () => /^ixfr zone\.test 1 2 /m.test(logged()) && home.serves([ZONE], 2), logged);
  });
});

const ZONE = 'zone.test';

/** A primary with a zone, and axfr-getd that has its first version. */
async function following(t: TestContext, net: string, root?: string) {
  const primary = await new VersionedPrimary(`${net}.1`).listen();
  primary.versions.set(ZONE, 1);
  const home = new GetdHome(`${net}.2`, primary, root === undefined ? {} : { root });
  const getd = home.start();
  t.after(async () => {
    if (!hasEnded(getd)) await getd.stop();
    primary.close();
  });
  await eventually('version 1', () => home.serves([ZONE], 1) && /^published/m.test(getd.log()), getd.log);
  return { primary, home, getd };
}

/** A file system of its own, reached through the process that holds it. */
async function newDisk(t: TestContext, octets: number) {
  const folder = temporaryDirectory();
  const script = `mount -t tmpfs -o size=${octets} tmpfs ${folder} && echo mounted >&2 && exec sleep 600`;
  const holder = start(find('unshare')!, ['--mount', '/bin/sh', '-c', script]);
  t.after(() => holder.stop());
  await holder.logged(/mounted/);
  const { pid } = holder.process;
  const mount = (how: string): void => {
    const args = ['-t', String(pid), '-m', 'mount', '-o', `remount,${how}`, folder];
    const { code, stderr } = run(find('nsenter')!, args);
    assert.equal(code, 0, stderr);
  };
  return { path: `/proc/${pid}/root${folder}`, mount };
}

/** Waits for a line of the log that says that the new version cannot be had, and looks that the old one is served. */
async function failsWith(why: RegExp, home: GetdHome, getd: Running): Promise<void> {
  await eventually(String(why), () => why.test(getd.log()), getd.log);
  assert.equal(home.copyVersion(ZONE), 1);
  assert.ok(home.serves([ZONE], 1));
  assert.deepEqual(home.names('tmp'), []);
}

/** Writes a file until the disk is full. */
function fill(path: string): void {
  const fd = openSync(path, 'w');
  assert.equal(writeUntilFull(fd), 'ENOSPC');
  closeSync(fd);
}

/** Writes as long as something is taken; returns the error. */
function writeUntilFull(fd: number): string {
  let code = '';
  for (const size of [4096, 1]) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size, 'x\n'));
    } catch (error) {
      code = errorCode(error);
    }
  }
  return code;
}

/** The limit of descriptors that lets a process open so many more. */
function limitLeaving(pid: number, more: number): number {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let free = 0; open.has(limit) || free++ < more; ) limit++;
  return limit;
}

/** What waits in a FIFO. */
function readWaiting(fd: number): string {
  const octets = Buffer.alloc(1 << 16);
  try {
    return octets.toString('latin1', 0, readSync(fd, octets));
  } catch (error) {
    assert.equal(errorCode(error), 'EAGAIN');
    return '';
  }
}
