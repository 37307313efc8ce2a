// Dialogues: servers that have IPv6 addresses, where `$IPSEND` has a way to them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/base/bytes.ts';
import { formatEndpoint } from '../../src/base/endpoint.ts';
import { scanServers } from '../../src/resolve/roots.ts';
import { Dialogue, type Server } from '../support/dialogue.ts';
import { isWithin, NXDOMAIN } from '../support/scripted.ts';

const A = 1;
const AAAA = 28;
const BOTH = [A, AAAA];
const answers: Server = ({ name }) => ({ answer: [`${name} 60 A 192.0.2.1`] });

/** The root refers to b.test with these NS and glue records. */
function referring(authority: string[], additional: string[], hosts: string[] = []): Server {
  return ({ name, type }) => {
    if (isWithin(name, 'b.test')) return { flags: 0, authority, additional };
    const answer = hosts.filter((host) => host.startsWith(`${name} `) && host.split(' ')[2] === type);
    return answer.length > 0 ? { answer } : { rcode: hosts.some((host) => host.startsWith(`${name} `)) ? 0 : NXDOMAIN };
  };
}

const NS = ['b.test 3600 NS ns.b.test'];

test('a zone whose servers have IPv6 addresses alone is found over IPv6, first and from the cache', () => {
  const servers = { '10.0.0.1': referring(NS, ['ns.b.test 3600 AAAA 2001:db8::1']), '2001:db8::1': answers };
  const dialogue = new Dialogue(servers, { families: BOTH });
  const { records, log } = dialogue.ask('x.b.test');
  assert.deepEqual(records, ['x.b.test 60 A 192.0.2.1']);
  assert.match(log.join('\n'), /^tx 0 1 x\.b\.test\. b\.test\. 20010db8000000000000000000000001$/m);
  assert.match(log.join('\n'), /^cached 28 ns\.b\.test\.$/m);
  assert.deepEqual(
    dialogue.ask('y.b.test').sent.map(({ server }) => server),
    ['2001:db8::1'],
  );
  // Without a way for IPv6 nobody is asked there.
  assert.equal(new Dialogue(servers).ask('x.b.test').flags, 0x8182);
});

test('servers that have both are asked at both', () => {
  const glue = ['ns.b.test 3600 A 10.0.2.1', 'ns.b.test 3600 AAAA 2001:db8::1'];
  const servers = { '10.0.0.1': referring(NS, glue), '10.0.2.1': answers, '2001:db8::1': answers };
  const dialogue = new Dialogue(servers, { families: BOTH });
  const asked = new Set(Array.from({ length: 60 }, (_, i) => dialogue.ask(`n${i}.b.test`).sent.at(-1)!.server));
  assert.deepEqual([...asked].sort(), ['10.0.2.1', '2001:db8::1']);
});

test('a server without glue is looked up for A, then for AAAA if it has no A', () => {
  const root = referring(['b.test 3600 NS ns.c.test'], [], ['ns.c.test 60 AAAA 2001:db8::1']);
  const dialogue = new Dialogue({ '10.0.0.1': root, '2001:db8::1': answers }, { families: BOTH });
  const { records, sent } = dialogue.ask('x.b.test');
  assert.deepEqual(records, ['x.b.test 60 A 192.0.2.1']);
  assert.deepEqual(
    sent.map(({ server, question }) => `${server} ${question}`),
    ['10.0.0.1 A x.b.test', '10.0.0.1 A ns.c.test', '10.0.0.1 AAAA ns.c.test', '2001:db8::1 A x.b.test'],
  );
});

test('AAAA is looked up too when the A address does not answer for a round', () => {
  const hosts = ['ns.c.test 60 A 10.0.2.1', 'ns.c.test 60 AAAA 2001:db8::1'];
  const root = referring(['b.test 3600 NS ns.c.test'], [], hosts);
  const servers: Record<string, Server> = { '10.0.0.1': root, '10.0.2.1': () => 'silent', '2001:db8::1': answers };
  const { records, seconds } = new Dialogue(servers, { families: BOTH }).ask('x.b.test');
  assert.deepEqual([records, seconds], [['x.b.test 60 A 192.0.2.1'], 1]);
});

test('without IPv4 in $IPSEND everything goes over IPv6', () => {
  const glue = ['ns.b.test 3600 A 10.0.2.1', 'ns.b.test 3600 AAAA 2001:db8::1'];
  const servers = { '2001:db8::53': referring(NS, glue), '10.0.2.1': answers, '2001:db8::1': answers };
  const dialogue = new Dialogue(servers, { families: [AAAA], roots: { '.': ['2001:db8::53'] } });
  for (let i = 0; i < 10; i++) assert.equal(dialogue.ask(`n${i}.b.test`).sent.at(-1)!.server, '2001:db8::1');
});

test('::1 is localhost only where there is IPv6', () => {
  const reverse = `1.${'0.'.repeat(31)}ip6.arpa`;
  const servers = { '10.0.0.1': (() => ({ rcode: NXDOMAIN })) as Server };
  const with6 = new Dialogue(servers, { families: BOTH });
  assert.deepEqual(with6.ask('localhost', 'AAAA').records, ['localhost 655360 AAAA ::1']);
  assert.deepEqual(with6.ask('localhost', 'A').records, ['localhost 655360 A 127.0.0.1']);
  assert.deepEqual(with6.ask(reverse, 'PTR').records, [`${reverse} 655360 PTR localhost`]);
  const without = new Dialogue(servers);
  assert.deepEqual(without.ask('localhost', 'AAAA').records, []);
  assert.equal(without.ask(reverse, 'PTR').sent.length, 1);
});

test('a file of servers/ has addresses of both families, sixteen of each; those that are not sent to are skipped', () => {
  const text = bytesOf(
    `1.2.3.4 a\n2001:db8::1 b\n[2001:db8::2]:5353\n2001:db8::3x\n::\n# ::9\n${'2001:db8::4\n'.repeat(20)}`,
  );
  const texts = (families: number[]) => scanServers(text, families).map(formatEndpoint);
  assert.deepEqual(texts([A]), ['1.2.3.4']);
  const both = texts(BOTH);
  assert.deepEqual(both.slice(0, 3), ['1.2.3.4', '2001:db8::1', '[2001:db8::2]:5353']);
  assert.equal(both.length, 1 + 15);
  assert.equal(texts([AAAA]).length, 15);
});
