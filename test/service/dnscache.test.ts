// dnscache set up by dnscache-conf under daemontools, with tinydns for the names it looks up.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { find, needs, run } from '../support/programs.ts';
import { DAEMONTOOLS, dig, lives, Services } from './daemontools.ts';

const IP = '127.44.3.1';
const TINYDNS = '127.44.3.2';
const services = new Services();
after(() => services.stop());

test('from dnscache-conf to answers out of the cache', { skip: needs(...DAEMONTOOLS, 'make', 'dig') }, async () => {
  const [tinydns, dnscache] = [services.directory('tinydns'), services.directory('dnscache')];
  assert.equal(run('tinydns-conf', ['nobody', 'daemon', tinydns, TINYDNS]).code, 0);
  writeFileSync(`${tinydns}/root/data`, `.heaven.example:${TINYDNS}:a\n=lion.heaven.example:127.44.3.9\n`);
  assert.equal(run(find('make') as string, [], { cwd: `${tinydns}/root` }).code, 0);
  assert.equal(run('dnscache-conf', ['nobody', 'daemon', dnscache, IP]).code, 0);
  writeFileSync(`${dnscache}/root/servers/heaven.example`, `${TINYDNS}\n`);
  services.add('tinydns');
  const service = services.add('dnscache');
  await lives(service, () => dig(IP, 'lion.heaven.example'), /^127\.44\.3\.9\n$/);
  await service.confined('nobody', `${dnscache}/root`, { 'Max data size': 300000000 });
  assert.equal(dig(IP, '+tcp', 'lion.heaven.example'), '127.44.3.9\n');
  const shown = run('dnslog', [dnscache]).stdout.toString();
  assert.match(shown, / {2}ask +A lion\.heaven\.example of 127\.44\.3\.2 \(zone heaven\.example\)\n/);
  assert.match(shown, / {2}from cache +#\d+ \d+ bytes in [\d.]+ ms: A lion\.heaven\.example for 127\.0\.0\.1\n/);
  const report = run('dnslog', ['--stats', dnscache]).stdout.toString();
  assert.match(report, / {2}from cache +\d+ /);
  assert.match(report, /Time to answer: half in /);
  assert.equal(readFileSync(`${dnscache}/env/CACHESIZE`, 'latin1'), '1000000\n');
});
