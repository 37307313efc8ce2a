// axfr-getd, its primary (axfrdns) and tinydns as processes, and time: a zone is withdrawn when a check has failed
// after EXPIRE and not before, not because the clock was set or the process stood still; it comes back by its changes
// alone.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABEL_SIZE, scanTai64n } from '../../src/base/tai.ts';
import {
  Asker,
  DataPrimary,
  newGetdSite,
  SITE_PORT,
  startGetd,
  startTinydns,
  untilServed,
} from '../support/getd-site.ts';
import { needs, type Running, untilSo } from '../support/programs.ts';

const PRIMARY = '127.62.0.1';
const GETD = '127.62.0.2';
const SERVER = '127.62.0.3';
/** Its EXPIRE is the least that there is, REFRESH and RETRY: two seconds. */
const ZONE = 'short.test';
const EXPIRE = 2000;
/** Its EXPIRE is an hour. */
const OTHER = 'long.test';
const YEAR = 365 * 86400;

describe('axfr-getd and time', () => {
  const site = newGetdSite();
  const primary = new DataPrimary();
  let [axfrdns, tinydns, getd]: (Running | undefined)[] = [];
  let asker: Asker;

  function writeZones(serial: number): void {
    const zone = (name: string, times: string): string =>
      `Z${name}:a.ns.${name}.:hostmaster.${name}.:${serial}:${times}:300\n&${name}:192.0.2.1:a.ns.${name}.\n`;
    // So many that a change is smaller than the zone: only then axfrdns-data keeps it.
    const hosts = Array.from({ length: 30 }, (_, i) => `+host${i}.${ZONE}:10.0.0.${i}\n`).join('');
    const changed = `+www.${ZONE}:192.0.2.${serial}\n`;
    primary.write(`${zone(ZONE, '1:1:1')}${zone(OTHER, '1:1:3600')}${hosts}${changed}`);
  }

  function log(): string {
    return getd!.log();
  }

  /** Waits until the log has another line that matches; returns when it was written, in Unix milliseconds. */
  async function untilLogged(pattern: RegExp, seen: string): Promise<number> {
    const find = (): string | undefined =>
      log()
        .slice(seen.length)
        .split('\n')
        .find((line) => pattern.test(line.slice(LABEL_SIZE + 1)));
    await untilSo(String(pattern), () => find() !== undefined, log);
    const { unixSeconds, nanoseconds } = scanTai64n(find()!.slice(0, LABEL_SIZE))!;
    return unixSeconds * 1000 + nanoseconds / 1e6;
  }

  async function startPrimary(): Promise<void> {
    axfrdns = primary.start(PRIMARY);
    await axfrdns.logged(/starting axfrdns/);
  }

  function begin(env: Record<string, string> = {}): void {
    getd = startGetd(site, GETD, { MINREFRESH: '1', TAI64N: '1', ...env });
  }

  before(async () => {
    for (const zone of [ZONE, OTHER]) writeFileSync(`${site.root}/servers/${zone}`, `${PRIMARY}:${SITE_PORT}\n`);
    writeZones(1);
    await startPrimary();
    tinydns = startTinydns(site, SERVER);
    begin();
    asker = await Asker.from(PRIMARY);
    await untilServed(asker, SERVER, [ZONE, OTHER], 1);
  });
  after(async () => {
    asker.close();
    for (const server of [getd, tinydns, axfrdns]) await server?.stop();
  });

  test('a zone is withdrawn by the first check that fails after EXPIRE, by none before; another stays', async () => {
    const seen = log();
    await axfrdns!.stop();
    const expired = await untilLogged(/^expire short\.test 1$/, seen);
    const confirmed = statSync(`${site.root}/held/${ZONE}`).mtimeMs;
    assert.ok(expired - confirmed >= EXPIRE, `${expired - confirmed} ms after it was confirmed`);
    await untilSo('silence', () => existsSync(`${site.root}/held/${ZONE}`), log);
    while ((await asker.serial(SERVER, ZONE)) !== undefined) await sleep(20);
    assert.equal(await asker.serial(SERVER, OTHER), 1);
    assert.doesNotMatch(log(), /expire long/);
  });

  test('it comes back as changes to the copy that is held', async () => {
    const seen = log();
    writeZones(2);
    await startPrimary();
    await untilLogged(/^ixfr short\.test 1 2 \S+ -1\+1 /, seen);
    await untilServed(asker, SERVER, [ZONE, OTHER], 2);
    assert.ok(!existsSync(`${site.root}/held/${ZONE}`));
    assert.match(
      readFileSync(`${site.root}/zones/${ZONE}`, 'latin1'),
      /^#2 .*\n(.*\n)*\+www\.short\.test:192\.0\.2\.2:/,
    );
  });

  test('a process that stood still for longer than EXPIRE asks before it withdraws', async () => {
    const seen = log();
    getd!.process.kill('SIGSTOP');
    await sleep(1.5 * EXPIRE);
    getd!.process.kill('SIGCONT');
    const went = Date.now();
    let same = 0;
    while (same < went) same = await untilLogged(/^same short\.test 2 /, log());
    assert.doesNotMatch(log().slice(seen.length), /expire/);
    assert.equal(await asker.serial(SERVER, ZONE), 2);
  });

  test('a clock that is a year ahead withdraws nothing', { skip: needs('faketime') }, async () => {
    const clock = `${site.root}/clock`;
    const set = (seconds: number): void => writeFileSync(clock, `+${seconds}\n`);
    set(YEAR);
    const env = {
      LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
      TAI64N: '1',
    };
    await getd!.stop();
    begin(env);
    const same = await untilLogged(/^same short\.test 2 /, '');
    assert.ok(same > Date.now() + (YEAR - 60) * 1000, 'the clock does not obey');
    // While it runs, the clock jumps again, and the primary is away: the zone whose EXPIRE is not over stays.
    await untilLogged(/^same long\.test 2 /, '');
    await axfrdns!.stop();
    set(2 * YEAR);
    const seen = log();
    await untilLogged(/^fail long\.test /, seen);
    await untilLogged(/^expire short\.test 2$/, seen);
    assert.doesNotMatch(log(), /expire long/);
    await startPrimary();
    await untilLogged(/^same short\.test 2 /, log());
    await getd!.stop();

    begin(); // the clock is right again: the copies are of the future
    await untilLogged(/^same short\.test 2 /, '');
    assert.doesNotMatch(log(), /expire/);
    assert.ok(statSync(`${site.root}/zones/${ZONE}`).mtimeMs <= Date.now() + 1000);
    assert.equal(await asker.serial(SERVER, OTHER), 2);
  });
});
