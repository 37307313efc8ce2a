// rbldns, walldns and pickdns set up by their -conf programs under daemontools.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { find, needs, run } from '../support/programs.ts';
import { DAEMONTOOLS, dig, lives, Services } from './daemontools.ts';

const services = new Services();
after(() => services.stop());

/** What each is set up with, a query, and the answer. */
const SERVERS = [
  {
    name: 'rbldns',
    ip: '127.44.4.1',
    rest: ['rbl.test'],
    data: '127.44.4.9\n',
    query: ['9.4.44.127.rbl.test'],
    answer: /^127\.0\.0\.2\n$/,
  },
  {
    name: 'walldns',
    ip: '127.44.5.1',
    rest: [],
    query: ['-x', '127.44.5.9'],
    answer: /^9\.5\.44\.127\.in-addr\.arpa\.\n$/,
  },
  {
    name: 'pickdns',
    ip: '127.44.6.1',
    rest: [],
    data: '+pick.test:127.44.6.9\n',
    query: ['pick.test'],
    answer: /^127\.44\.6\.9\n$/,
  },
] as const;

for (const server of SERVERS) {
  const { name, ip, rest, query, answer } = server;
  test(`from ${name}-conf to answers`, { skip: needs(...DAEMONTOOLS, 'make', 'dig') }, async () => {
    const directory = services.directory(name);
    assert.equal(run(`${name}-conf`, ['nobody', 'daemon', directory, ip, ...rest]).code, 0);
    if ('data' in server) {
      writeFileSync(`${directory}/root/data`, server.data);
      const { code, stderr } = run(find('make') as string, [], { cwd: `${directory}/root` });
      assert.equal(code, 0, stderr);
    }
    const service = services.add(name);
    await lives(service, () => dig(ip, ...query), answer);
    await service.confined('nobody', `${directory}/root`, { 'Max data size': 300000000 });
  });
}
