// axfrdns set up by axfrdns-conf under daemontools and tcpserver.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { find, needs, run } from '../support/programs.ts';
import { DAEMONTOOLS, dig, records, Services, until } from './daemontools.ts';

const IP = '127.44.2.1';
const services = new Services();
after(() => services.stop());

test('from axfrdns-conf to a transfer: tcp, make, dig', {
  skip: needs(...DAEMONTOOLS, 'tcpserver', 'make', 'dig'),
}, async () => {
  const [tinydns, axfrdns] = [services.directory('tinydns'), services.directory('axfrdns')];
  const make = (directory: string): void => {
    const { code, stderr } = run(find('make') as string, [], { cwd: directory });
    assert.equal(code, 0, stderr);
  };
  assert.equal(run('tinydns-conf', ['nobody', 'daemon', tinydns, IP]).code, 0);
  assert.equal(run('axfrdns-conf', ['nobody', 'daemon', axfrdns, tinydns, IP]).code, 0);
  writeFileSync(
    `${tinydns}/root/data`,
    '.heaven.test:127.44.2.1:a\n=lion.heaven.test:127.44.2.2\n.other.test:127.44.2.1:a\n',
  );
  make(`${tinydns}/root`);
  make(axfrdns);
  const service = services.add('axfrdns');
  await service.logged(/tcpserver: status: 0\/40/);
  assert.equal(dig(IP, '+tcp', 'lion.heaven.test'), '', 'nobody is admitted at first');
  await service.logged(/tcpserver: deny /);

  writeFileSync(`${axfrdns}/tcp`, '127.0.0.1:allow,AXFR="heaven.test"\n:deny\n');
  make(axfrdns);
  await until('axfrdns answers', () => dig(IP, '+tcp', 'lion.heaven.test') === '127.44.2.2\n');
  const transfer = (zone: string): string => records(IP, '+time=10', '+noall', '+answer', 'AXFR', zone);
  const zone = transfer('heaven.test');
  assert.match(zone, /^heaven\.test\..*SOA[\s\S]*\nlion\.heaven\.test\.\s+86400\s+IN\s+A\s+127\.44\.2\.2\n[\s\S]*SOA/);
  assert.doesNotMatch(transfer('other.test'), /SOA/);
  await service.logged(/7f000001:[0-9a-f]{4}:[0-9a-f]{4} 00fc heaven\.test$/);
  assert.match(run('dnslog', [axfrdns]).stdout.toString(), / {2}query +127\.0\.0\.1:\d+ +AXFR heaven\.test\n/);

  const connection = connect(53, IP);
  const children = `/proc/${await service.pid()}/task/${await service.pid()}/children`;
  const child = Number(await until('a connection has its axfrdns', () => readFileSync(children, 'latin1').trim()));
  await service.confined('nobody', `${tinydns}/root`, { 'Max data size': 300000000 }, child);
  connection.destroy();

  const pid = await service.pid();
  process.kill(pid, 'SIGKILL');
  await service.pid(pid);
  await until('axfrdns answers again', () => dig(IP, '+tcp', 'lion.heaven.test') === '127.44.2.2\n');

  await service.rotate();
  await until('axfrdns answers still', () => dig(IP, '+tcp', 'lion.heaven.test') === '127.44.2.2\n');
  await until('the log goes on', () => readFileSync(`${axfrdns}/log/main/current`, 'latin1').includes(' 0001 lion'));
  const shown = run('dnslog', [axfrdns]).stdout.toString('latin1');
  assert.ok(
    shown.indexOf(' AXFR heaven.test') < shown.lastIndexOf(' A lion.heaven.test'),
    'rotated files come in order',
  );
});

test('axfrdns-conf --listen needs no tcpserver', { skip: needs(...DAEMONTOOLS, 'make', 'dig') }, async () => {
  const ip = '127.44.2.2';
  const [tinydns, axfrdns] = [services.directory('tinydns2'), services.directory('axfrdns2')];
  assert.equal(run('tinydns-conf', ['nobody', 'daemon', tinydns, ip]).code, 0);
  assert.equal(run('axfrdns-conf', ['--listen', 'nobody', 'daemon', axfrdns, tinydns, ip]).code, 0);
  writeFileSync(`${tinydns}/root/data`, '.heaven.test:127.44.2.2:a\n=lion.heaven.test:127.44.2.3\n');
  writeFileSync(`${axfrdns}/tcp`, '127.0.0.1:allow,AXFR="heaven.test"\n:deny\n');
  for (const directory of [`${tinydns}/root`, axfrdns]) {
    const { code, stderr } = run(find('make') as string, [], { cwd: directory });
    assert.equal(code, 0, stderr);
  }
  const service = services.add('axfrdns2');
  await until('axfrdns answers', () => dig(ip, '+tcp', 'lion.heaven.test') === '127.44.2.3\n');
  await service.confined('nobody', `${tinydns}/root`, { 'Max data size': 300000000 });
  assert.match(records(ip, '+noall', '+answer', 'AXFR', 'heaven.test'), /^lion\.heaven\.test\..*127\.44\.2\.3$/m);
  writeFileSync(`${axfrdns}/tcp`, ':deny\n');
  assert.equal(run(find('make') as string, [], { cwd: axfrdns }).code, 0);
  assert.equal(dig(ip, '+tcp', 'lion.heaven.test'), '', 'new rules count from the next connection on');
});
