// tinydns set up by tinydns-conf under daemontools, its data entered with the helper scripts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { find, needs, run } from '../support/programs.ts';
import { DAEMONTOOLS, dig, lives, records, Services } from './daemontools.ts';

const IP = '127.44.1.1';
const services = new Services();
after(() => services.stop());

test('from tinydns-conf to answers: add-ns, add-host and their like, make, query', {
  skip: needs(...DAEMONTOOLS, 'make', 'dig'),
}, async () => {
  const directory = services.directory('tinydns');
  assert.equal(run('tinydns-conf', ['nobody', 'daemon', directory, IP]).code, 0);
  const root = `${directory}/root`;
  const add = (what: string, ...args: string[]): void => {
    const { code, stderr } = run(`${root}/add-${what}`, args, { cwd: root });
    assert.deepEqual([code, stderr], [0, ''], what);
  };
  add('ns', 'heaven.test', IP);
  add('ns', '44.127.in-addr.arpa', IP);
  add('childns', 'sub.heaven.test', '127.44.1.9');
  add('host', 'lion.heaven.test', '127.44.1.2');
  add('alias', 'www.heaven.test', '127.44.1.2');
  add('mx', 'heaven.test', '127.44.1.3');
  const again = run(`${root}/add-host`, ['lion.heaven.test', '127.44.1.4'], { cwd: root });
  assert.equal(again.code, 100);
  const compiled = run(find('make') as string, [], { cwd: root });
  assert.equal(compiled.code, 0, compiled.stderr);
  assert.match(run(find('make') as string, [], { cwd: root }).stdout.toString(), /up to date/);

  const service = services.add('tinydns');
  await lives(service, () => dig(IP, 'lion.heaven.test'), /^127\.44\.1\.2\n$/);
  assert.equal(dig(IP, 'www.heaven.test'), '127.44.1.2\n');
  assert.equal(dig(IP, 'MX', 'heaven.test'), '0 a.mx.heaven.test.\n');
  assert.equal(dig(IP, '-x', '127.44.1.2'), 'lion.heaven.test.\n');
  assert.match(
    records(IP, '+noall', '+authority', 'x.sub.heaven.test'),
    /^sub\.heaven\.test\..*\bNS\ta\.ns\.sub\.heaven\.test\./,
  );

  add('host', 'tiger.heaven.test', '127.44.1.5');
  assert.equal(dig(IP, 'tiger.heaven.test'), '', 'not before make');
  assert.equal(run(find('make') as string, [], { cwd: root }).code, 0);
  assert.equal(dig(IP, 'tiger.heaven.test'), '127.44.1.5\n', 'the next query sees the new data');

  await service.confined('nobody', root, { 'Max data size': 300000000 });
  assert.match(run('dnslog', [directory]).stdout.toString(), / {2}answered +127\.0\.0\.1:\d+ +A tiger\.heaven\.test\n/);
  assert.match(
    readFileSync(`${directory}/log/main/current`, 'latin1'),
    /^@[0-9a-f]{24} 7f000001:[0-9a-f]{4}:[0-9a-f]{4} \+ 0001 tiger/m,
  );
});
