// axfr-getd as a process, beside primaries that misbehave: the copy of before stays whole and published, one line says
// why, and it recovers without a restart.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { after, describe, test } from 'node:test';
import { framed, MessageStream } from '../../src/wire/framing.ts';
import { eventually, GetdHome, isWhole } from '../support/getd-home.ts';
import { getdEnvironment, layOutRoot } from '../support/getd-site.ts';
import { command, type Running, start, temporaryDirectory } from '../support/programs.ts';
import { VersionedPrimary } from '../support/versioned-primary.ts';
import { a, message, ns, soa } from '../support/zone-messages.ts';

const ZONE = 'zone.test';

/** What a primary does with a question of a type: messages to send, or to hang up. */
type Script = (type: number, id: number) => readonly Uint8Array[] | 'hang up';

/** A primary over TCP; UDP is not served, so axfr-getd comes over TCP at once. */
class ScriptedPrimary {
  script: Script = () => 'hang up';
  readonly server: Server = createServer((socket) => {
    const messages = new MessageStream();
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      messages.push(chunk);
      for (let request = messages.next(); request; request = messages.next()) {
        const type = request[request.length - 3]! === 0 && request.length < 40 ? request.at(-3)! : 0;
        const name = 12 + request.subarray(12).indexOf(0) + 1;
        const answers = this.script(
          (request[name]! << 8) | request[name + 1]! || type,
          (request[0]! << 8) | request[1]!,
        );
        if (answers === 'hang up') return void socket.destroy();
        for (const answer of answers) socket.write(framed(answer));
      }
    });
  });

  async listen(ip: string): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(5300, ip, resolve));
  }
}

/** A right answer for a zone with this serial. */
function good(serial: number): Script {
  return (type, id) => {
    const first = soa(ZONE, serial, [60, 60, 5, 300]);
    return [
      message(type === 6 ? [first] : [first, ns(ZONE, 'ns.zone.test'), a('www.zone.test', serial), first], { id }),
    ];
  };
}

function newRoot(ip: string): string {
  const root = temporaryDirectory();
  layOutRoot(root);
  writeFileSync(`${root}/servers/${ZONE}`, `${ip}:5300\n`);
  return root;
}

function startGetd(root: string, ip: string, env: Record<string, string> = {}): Running {
  return start('axfr-getd', [], { env: { ...getdEnvironment(root, ip), MINREFRESH: '1', ...env } });
}

function copyOf(root: string, place = 'zones'): string {
  try {
    return readFileSync(`${root}/${place}/${ZONE}`, 'latin1');
  } catch {
    return '';
  }
}

describe('axfr-getd and primaries that misbehave', () => {
  const ip = '127.48.0.1';
  const root = newRoot(ip);
  const primary = new ScriptedPrimary();
  let getd: Running;
  after(async () => {
    await getd.stop();
    primary.server.close();
  });

  test('each answer that is not right has its line, the copy stays, and a right one is taken afterwards', async () => {
    await primary.listen(ip);
    primary.script = good(1);
    getd = startGetd(root, '127.48.0.2');
    await eventually('the first copy', () => copyOf(root).startsWith('#1 '), getd.log);
    const first = soa(ZONE, 9);
    const bad: readonly (readonly [script: Script, why: RegExp])[] = [
      [(_, id) => [message([], { id, flags: 0x8005 })], /refused$/],
      [(type, id) => (type === 6 ? [message([first], { id })] : 'hang up'), /cut off after 0 records$/],
      [
        (type, id) =>
          type === 6 ? [message([first], { id })] : [message([first, ns(ZONE, 'x'), soa(ZONE, 8)], { id })],
        /changed while it was sent$/,
      ],
      [
        (type, id) =>
          type === 6 ? [message([first], { id })] : [message([first, a('x.zone.test', 1), first], { id })],
        /no NS$/,
      ],
      [(_, id) => [message([first], { id, flags: 0x8000 })], /lame$/],
      [(_, id) => [message([first], { id: id ^ 1 })], /malformed$/],
      [
        (type, id) => (type === 6 ? [message([first], { id })] : [message([a('x.zone.test', 1)], { id })]),
        /no SOA first$/,
      ],
      [(_, id) => [message([soa(ZONE, 0)], { id })], /./],
    ];
    for (const [script, why] of bad) {
      primary.script = script;
      const seen = getd.log().length;
      getd.process.kill('SIGALRM');
      const said = (): string => getd.log().slice(seen);
      await eventually(
        String(why),
        () =>
          said()
            .split('\n')
            .some((line) => /^(fail|older) zone\.test/.test(line) && why.test(line)),
        getd.log,
      );
      assert.ok(copyOf(root).startsWith('#1 '));
      assert.ok(isWhole(copyOf(root), ZONE));
      assert.deepEqual(readdirSync(`${root}/tmp`), []);
    }
    primary.script = good(2);
    getd.process.kill('SIGALRM');
    await eventually('the new copy', () => copyOf(root).startsWith('#2 '), getd.log);
  });

  test('a copy that is too old is withdrawn by a check that fails, and comes back', async () => {
    primary.script = () => 'hang up';
    await getd.stop();
    const old = Date.now() / 1000 - 1000;
    utimesSync(`${root}/zones/${ZONE}`, old, old);
    getd = startGetd(root, '127.48.0.2');
    await eventually('expiry', () => /^expire zone\.test 2$/m.test(getd.log()), getd.log);
    assert.ok(copyOf(root, 'held').startsWith('#2 '));
    assert.equal(copyOf(root), '');
    primary.script = good(2);
    getd.process.kill('SIGALRM');
    await eventually('the copy is back', () => copyOf(root).startsWith('#2 '), getd.log);
  });

  test('an old copy is not withdrawn while its primary answers', async () => {
    await getd.stop();
    utimesSync(`${root}/zones/${ZONE}`, 1000, 1000);
    getd = startGetd(root, '127.48.0.2');
    await eventually('the check', () => /^same zone\.test 2/m.test(getd.log()), getd.log);
    assert.doesNotMatch(getd.log(), /^expire/m);
  });

  test('a removed copy is fetched whole, whatever its serial; a zone without a file is held', async () => {
    rmSync(`${root}/zones/${ZONE}`);
    primary.script = good(1);
    getd.process.kill('SIGALRM');
    await eventually('the older copy', () => copyOf(root).startsWith('#1 '), getd.log);
    writeFileSync(`${root}/servers/${ZONE}`, `${ip}:5300 kye=x\n`);
    getd.process.kill('SIGHUP');
    await eventually('the bad file', () => /^bad servers\/zone\.test line 1$/m.test(getd.log()), getd.log);
    assert.ok(copyOf(root).startsWith('#1 '));
    rmSync(`${root}/servers/${ZONE}`);
    getd.process.kill('SIGHUP');
    await eventually('the zone is held', () => /^hold zone\.test 1$/m.test(getd.log()), getd.log);
    assert.ok(copyOf(root, 'held').startsWith('#1 '));
  });

  test('a second axfr-getd on the same directory ends', async () => {
    const other = startGetd(root, '127.48.0.3');
    await eventually('its end', () => other.process.exitCode !== null, other.log);
    assert.match(other.log(), /^axfr-getd: fatal: unable to lock .*: temporary failure$/m);
  });
});

test('a zone that comes below another while the program runs waits: never do both speak for its names', async (t) => {
  const [parent, child] = ['parent.test', 'child.parent.test'];
  const primary = await new VersionedPrimary('127.48.3.1').listen();
  primary.versions.set(parent, 1);
  primary.more.set(parent, [ns(child, 'ns.other.test'), a(`www.${child}`, 98)]);
  primary.more.set(child, [a(`www.${child}`, 99)]);
  const home = new GetdHome('127.48.3.2', primary);
  const getd = home.start();
  t.after(async () => {
    await getd.stop();
    primary.close();
  });
  const look = (): string => home.addresses(`www.${child}`).sort().join(' ');
  await eventually('the parent', () => home.serves([parent], 1) && /\npublished \d+\n$/.test(getd.log()), getd.log);
  // The program begins and waits until the child has come, or does not come.
  home.publishBy(`echo >begun; for i in 1 2 3 4 5 6 7 8; do [ -e ../root/zones/${child} ] || sleep 0.2; done
exec ${command('tinydns-data')}`);
  primary.versions.set(parent, 2);
  home.notify([parent]);
  await eventually('the program', () => existsSync(`${home.dns}/begun`), getd.log);
  primary.versions.set(child, 1);
  home.configure(child);
  getd.process.kill('SIGHUP');
  const seen = ['']; // a referral
  await eventually(
    'the child',
    () => {
      const now = look();
      if (seen.at(-1) !== now) seen.push(now);
      return now === '10.0.0.99';
    },
    getd.log,
  );
  assert.deepEqual(seen, ['', '10.0.0.99']);
});
