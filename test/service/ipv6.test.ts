// Servers on IPv6: the recorded facts of djbdns with the IPv6 patch, on ::1, over both transports; several addresses;
// one socket for both families, whose responses leave with the address that was asked.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { assertStream, facts, goldenFolder, type QueryFact, unpacked } from '../support/golden.ts';
import { command, needs, run, start, temporaryDirectory, until } from '../support/programs.ts';
import { alikeReply, equalReply, sameReply } from '../support/same-reply.ts';
import { axfrdns } from '../support/transfer.ts';
import { queryPacket, UdpClients } from '../support/udp.ts';

const PORT = 5391;
const TYPE_A = 1;
const TYPE_SOA = 6;
const TYPE_ANY = 255;

function dataFolder(source: string): string {
  const folder = temporaryDirectory();
  copyFileSync(`${goldenFolder}/sources/${source}.data`, `${folder}/data`);
  const all = facts<{ source: string; mtime: number }>('ipv6', 'compile');
  const { mtime } = all.find((fact) => fact.source === source)!;
  utimesSync(`${folder}/data`, mtime, mtime);
  assert.equal(run('tinydns-data', [], { cwd: folder }).code, 0);
  return folder;
}

function listFolder(): string {
  const folder = temporaryDirectory();
  writeFileSync(`${folder}/data`, facts<{ text: string }>('ipv6', 'rbldns6-compile')[0]!.text, 'latin1');
  assert.equal(run('rbldns-data', [], { cwd: folder }).code, 0);
  return folder;
}

const SERVERS: readonly [program: string, kind: string, source: string | undefined, count: number, sentinel: string][] =
  [
    ['tinydns', 'tinydns6', 'v6-i0', 25, 'beta.test'],
    ['tinydns', 'tinydns6', 'v6-i1', 25, 'mail-db.test'],
    ['walldns', 'walldns6', undefined, 14, '9.9.9.9.in-addr.arpa'],
    ['rbldns', 'rbldns6', undefined, 14, '2.0.0.127.rbl.test'],
  ];

let port = PORT;
for (const [transport, extra] of [
  ['batched', {}],
  ['plain', { DJBDNS_PLAIN: '1' }],
] as const) {
  for (const [program, kind, source, count, name] of SERVERS) {
    const title = `${program}${source ? ` with ${source}.data` : ''} on ::1 over ${transport} sockets`;
    test(`${title} answers and logs every query as the original with the patch`, async () => {
      const queries = facts<QueryFact>('ipv6', kind).filter((fact) => fact.source === source);
      assert.equal(queries.length, count);
      const ROOT = source ? dataFolder(source) : program === 'rbldns' ? listFolder() : temporaryDirectory();
      const env = { ROOT, IP: '::1', PORT: String(++port), UNPRIVILEGED: '1', BASE: 'rbl.test', ...extra };
      const server = start(program, [], { env });
      const clients = new UdpClients('::1', port);
      const sentinel = UdpClients.sentinel(name, program === 'tinydns' ? TYPE_SOA : TYPE_ANY);
      try {
        await server.logged(new RegExp(`starting ${program}\\n`));
        for (const { query, client, reply } of queries) {
          const got = await clients.askBefore(unpacked(query), sentinel, client);
          const want = reply === null ? null : unpacked(reply);
          assert.ok(
            alikeReply(unpacked(query), got, want, program === 'tinydns' ? sameReply : equalReply),
            `${unpacked(query).toString('hex')}: ${got?.toString('hex')}`,
          );
        }
        const all = facts<{ source: string; log: string[] }>('ipv6', `${kind}-log`);
        const want = all.find((fact) => fact.source === source)!.log;
        const lines = () =>
          server
            .log()
            .split('\n')
            .filter((line) => line.includes(':') && !line.includes(':fffe '))
            .map((line) => line.replace(/^([0-9a-f]{32}):[0-9a-f]{4}:/, '$1:*:'));
        await until(() => lines().length >= want.length);
        assert.deepEqual(lines(), want);
      } finally {
        clients.close();
        await server.stop();
      }
    });
  }
}

test('axfrdns behind an IPv6 tcpserver answers and transfers as the original with the patch', () => {
  const all = facts<{ source: string; input: string; output: string; rc: number }>('ipv6', 'axfrdns6');
  assert.equal(all.length, 6);
  for (const { source, rc, ...fact } of all) {
    for (const name of ['TCPREMOTEIP', 'TCP6REMOTEIP']) {
      const got = axfrdns(dataFolder(source), unpacked(fact.input), { [name]: '::1', TCPREMOTEPORT: '4000' });
      assert.equal(got.code, rc);
      assert.match(got.stderr, /^0{31}1:0fa0:/);
      assertStream(got.stdout, fact);
    }
  }
});

test('one server listens on several addresses of both families', async () => {
  const env = {
    ROOT: temporaryDirectory(),
    IP: '127.46.9.7, [::1] 127.46.9.8',
    PORT: String(++port),
    UNPRIVILEGED: '1',
  };
  const server = start('walldns', [], { env });
  try {
    await server.logged(/starting walldns\n/);
    for (const address of ['127.46.9.7', '127.46.9.8', '::1', '127.46.9.7']) {
      const clients = new UdpClients(address, port);
      const client = address === '::1' ? '::1' : '127.0.0.1';
      const reply = await clients.ask(queryPacket('1.2.3.4', TYPE_A), 5000, client);
      assert.equal(reply?.subarray(-4).join('.'), '1.2.3.4', address);
      clients.close();
    }
  } finally {
    await server.stop();
  }
});

/** Runs a shell script in a network of its own, `lo` up with the addresses fd53::1 and fd53::2. */
async function inOwnNetwork(script: string, env: Record<string, string>): Promise<string> {
  const setup = 'ip link set lo up; ip addr add fd53::1/128 dev lo nodad; ip addr add fd53::2/128 dev lo nodad';
  const child = spawn('unshare', ['-n', 'sh', '-ec', `${setup}; ${script}`], { env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  return output;
}

const WAIT = 'for i in $(seq 100); do grep -qs ^starting log && break; sleep 0.1; done';

test('a lone :: takes both families, and the response leaves with the address that was asked', {
  skip: needs('root', 'unshare', 'ip', 'dig', 'kdig', 'drill'),
}, async () => {
  const ROOT = temporaryDirectory();
  const env = { ROOT, IP: '::', UNPRIVILEGED: '1', WALLDNS: command('walldns') };
  const script = `cd "$ROOT"; $WALLDNS 2>log & server=$!; ${WAIT}
for at in 127.0.0.1 127.9.9.9 ::1 fd53::1 fd53::2; do
  dig +tries=1 +short @$at 1.2.3.4 a; kdig +retry=0 +short @$at 1.2.3.5 a; drill -Q @$at 1.2.3.6 a
done
kill $server; cat log`;
  const lines = (await inOwnNetwork(script, env)).split('\n');
  const wanted = Array.from({ length: 5 }, () => ['1.2.3.4', '1.2.3.5', '1.2.3.6']).flat();
  assert.deepEqual(lines.slice(0, 15), wanted, lines.join('\n'));
  const clients = new Set(lines.map((line) => /^([0-9a-f]{8,32}):/.exec(line)?.[1]));
  for (const client of ['7f000001', `${'0'.repeat(31)}1`, `fd53${'0'.repeat(27)}1`])
    assert.ok(clients.has(client), client);
});

test('dnscache on :: answers over UDP and TCP from the address that was asked, and looks IPv6 clients up in ip/', {
  skip: needs('root', 'unshare', 'ip', 'dig'),
}, async () => {
  const ROOT = temporaryDirectory();
  for (const name of ['servers', 'ip']) mkdirSync(`${ROOT}/${name}`);
  writeFileSync(`${ROOT}/servers/@`, '127.0.0.1:5300\n');
  for (const name of ['::1', 'fd53:0:0:0:0:0:0', '127']) writeFileSync(`${ROOT}/ip/${name}`, '');
  const data = temporaryDirectory();
  writeFileSync(`${data}/data`, '.:127.0.0.1:a\n+x.test:1.2.3.4\n');
  assert.equal(run('tinydns-data', [], { cwd: data }).code, 0);
  const env = { ROOT, DATA: data, UNPRIVILEGED: '1', CACHE: command('dnscache'), TINYDNS: command('tinydns') };
  const script = `cd "$ROOT"
ROOT="$DATA" IP=127.0.0.1 PORT=5300 $TINYDNS 2>tinydns.log & content=$!
${WAIT.replace(' log ', ' tinydns.log ')}
IP=:: IPSEND=0.0.0.0 CACHESIZE=1000000 FORWARDONLY=1 $CACHE 2>log </dev/null & cache=$!; ${WAIT}
for at in 127.0.0.1 127.9.9.9 ::1 fd53::1 fd53::2; do
  for way in +notcp +tcp; do dig +tries=1 $way +short @$at x.test a; done
done
kill $cache $content; cat log`;
  const output = await inOwnNetwork(script, env);
  assert.deepEqual(output.split('\n').slice(0, 10), Array(10).fill('1.2.3.4'), output);
  assert.match(output, /^query \d+ fd530{27}1:[0-9a-f]{4}:[0-9a-f]{4} 1 x\.test\.$/m);
  assert.match(output, /^tcpopen 0{31}1:[0-9a-f]{4}$/m);
});

const RULES = '::1:allow,AXFR="x.test"\n:deny\n';

test('axfrdns --listen serves IPv6 clients by the rules for their addresses', async () => {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, '.x.test:127.0.0.1:a\n');
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  assert.equal(run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(RULES) }).code, 0);
  const env = { ROOT: root, IP: '::1,127.46.9.7', PORT: String(++port), UNPRIVILEGED: '1' };
  const server = start('axfrdns', ['--listen'], { env, cwd: root });
  try {
    await server.logged(/starting axfrdns\n/);
    const query = queryPacket('x.test', TYPE_SOA);
    for (const host of ['::1', '127.46.9.7']) {
      const socket = connect({ host, port });
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', () => {});
      socket.end(Buffer.concat([Buffer.from([0, query.length]), query]));
      await new Promise((resolve) => socket.on('close', resolve));
      assert.equal(Buffer.concat(chunks).length > 0, host === '::1', host);
    }
    await server.logged(/deny 2 0:127\.46\.9\.7:/);
    assert.match(server.log(), new RegExp(`^axfrdns: ok 1 0:::1:${port} :::1::\\d+\\n`, 'm'));
    assert.match(server.log(), /^0{31}1:[0-9a-f]{4}:0001 0006 x\.test$/m);
  } finally {
    await server.stop();
  }
});
