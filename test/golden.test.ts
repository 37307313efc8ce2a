// The recorded facts of the original programs, played against the built ones. Where a fact has several right forms
// (the random order of addresses, EDNS) `alikeReply` says which.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { facts, goldenFolder, inflated, type QueryFact, type TextFact, unpacked } from './support/golden.ts';
import { command, type Running, run, start, temporaryDirectory } from './support/programs.ts';
import { alikeReply, equalReply } from './support/same-reply.ts';
import { UdpClients } from './support/udp.ts';

const ADDRESS = '127.46.9.1';
const PORT = 5399;
const TYPE_SOA = 6;
const TYPE_ANY = 255;

interface CompileFact {
  source: string;
  mtime: number;
  sha256: string;
  zone?: string;
}
interface LogFact {
  source: string;
  log: string[];
}
interface ListFact {
  text: string;
  rc: number;
  cdb: string;
}
interface DnsqFact {
  type: string;
  name: string;
  reply: string;
  rc: number;
  stdout: string;
  stderr: string;
}

function compiled(fact: CompileFact): string {
  const directory = temporaryDirectory();
  copyFileSync(`${goldenFolder}/sources/${fact.source}.data`, `${directory}/data`);
  utimesSync(`${directory}/data`, fact.mtime, fact.mtime);
  const { code, stderr } = run('tinydns-data', [], { cwd: directory });
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return directory;
}

const compileFacts = facts<CompileFact>('servers', 'compile');

test('there are facts to play', () => {
  assert.equal(compileFacts.length, 6);
  assert.equal(facts('servers', 'tinydns').length, 1800);
  assert.equal(facts('ipv6', 'tinydns').length, 90);
});

for (const fact of compileFacts) {
  test(`tinydns-data compiles ${fact.source}.data to the original's bytes`, () => {
    const bytes = readFileSync(`${compiled(fact)}/data.cdb`);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), fact.sha256);
  });
}

test('tinydns-data treats odd lines as the original does: exit code, message, files, octets', () => {
  for (const fact of facts<TextFact>('servers', 'compile-text')) {
    if (/^[S36]./s.test(fact.text)) continue; // letters that are free for extensions
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/data`, fact.text, 'latin1');
    utimesSync(`${directory}/data`, 1700000000, 1700000000);
    const { code, stderr } = run('tinydns-data', [], { cwd: directory });
    const about = JSON.stringify(fact.text.slice(0, 80));
    assert.deepEqual([code, stderr], [fact.rc, fact.stderr], about);
    assert.deepEqual(readdirSync(directory).sort(), fact.left, about);
    const cdb = existsSync(`${directory}/data.cdb`) ? readFileSync(`${directory}/data.cdb`) : null;
    assert.deepEqual(cdb, fact.cdb === null ? null : inflated(fact.cdb), about);
  }
});

// Both transports: recvmmsg and sendmmsg in batches, and Node's own sockets.
for (const [transport, extra, port] of [
  ['batched', {}, PORT],
  ['plain', { DJBDNS_PLAIN: '1' }, PORT + 1],
] as const) {
  for (const fact of [...compileFacts, ...facts<CompileFact>('ipv6', 'compile')]) {
    describe(`tinydns over ${transport} sockets, ${fact.source}.data`, () => {
      const all = [...facts<QueryFact>('servers', 'tinydns'), ...facts<QueryFact>('ipv6', 'tinydns')];
      const queries = all.filter(({ source }) => source === fact.source);
      const clients = new UdpClients(ADDRESS, port);
      const sentinel = UdpClients.sentinel(fact.zone ?? `${fact.source}.test`, TYPE_SOA);
      let server: Running;

      before(async () => {
        const ROOT = compiled(fact);
        server = start('tinydns', [], {
          env: { ROOT, IP: ADDRESS, PORT: String(port), UNPRIVILEGED: '1', ...extra },
        });
        await server.logged(/starting tinydns\n/);
        await clients.ready(sentinel);
      });
      after(async () => {
        clients.close();
        await server?.stop();
      });

      test('answers every query as the original, or as silently', async () => {
        for (const { query, client, reply } of queries) {
          const got = await clients.askBefore(unpacked(query), sentinel, client);
          const want = reply === null ? null : unpacked(reply);
          const hex = unpacked(query).toString('hex');
          assert.ok(
            alikeReply(unpacked(query), got, want),
            `${hex} from ${client}: ${got?.toString('hex')}, not ${want?.toString('hex')}`,
          );
        }
      });

      const [want] = facts<LogFact>('servers', 'tinydns-log').filter(({ source }) => source === fact.source);
      if (!want) return; // of some only the replies are recorded
      test('logs every query as the original', async () => {
        const lines = () =>
          server
            .log()
            .split('\n')
            .filter((line) => line !== '' && !line.startsWith('starting') && !line.includes(':fffe '))
            .map((line) => line.replace(/^([0-9a-f]{8}):[0-9a-f]{4}:/, '$1:*:'));
        for (let i = 0; i < 100 && lines().length < want.log.length; i++) await new Promise((r) => setTimeout(r, 20));
        assert.deepEqual(lines(), want.log);
      });
    });
  }
}

function compiledList(fact: ListFact): string {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/data`, fact.text, 'latin1');
  const { code, stderr } = run('rbldns-data', [], { cwd: directory });
  assert.deepEqual([code, stderr], [fact.rc, '']);
  return directory;
}

const listFacts = facts<ListFact>('servers', 'rbldns-compile');

test('rbldns-data compiles its list to the octets of the original', () => {
  assert.equal(listFacts.length, 1);
  for (const fact of listFacts) {
    assert.deepEqual(readFileSync(`${compiledList(fact)}/data.cdb`), inflated(fact.cdb));
  }
});

for (const [transport, extra, port] of [
  ['batched', {}, PORT + 3],
  ['plain', { DJBDNS_PLAIN: '1' }, PORT + 4],
] as const) {
  for (const [program, settings, sentinelName, root] of [
    ['walldns', {}, '9.9.9.9.in-addr.arpa', temporaryDirectory],
    ['rbldns', { BASE: 'rbl.test' }, '2.0.0.127.rbl.test', () => compiledList(listFacts[0]!)],
  ] as const) {
    test(`${program} over ${transport} sockets answers every query as the original, or as silently`, async () => {
      const queries = facts<QueryFact>('servers', program);
      assert.equal(queries.length, 300);
      const env = { ROOT: root(), IP: ADDRESS, PORT: String(port), UNPRIVILEGED: '1', ...settings, ...extra };
      const server = start(program, [], { env });
      const clients = new UdpClients(ADDRESS, port);
      const sentinel = UdpClients.sentinel(sentinelName, TYPE_ANY);
      try {
        await server.logged(new RegExp(`^starting ${program}\\n`));
        await clients.ready(sentinel);
        for (const { query, client, reply } of queries) {
          const got = await clients.askBefore(unpacked(query), sentinel, client);
          const want = reply === null ? null : unpacked(reply);
          assert.ok(alikeReply(unpacked(query), got, want, equalReply), unpacked(query).toString('hex'));
        }
      } finally {
        clients.close();
        await server.stop();
      }
    });
  }
}

test('dnsq prints every recorded reply as the original', async () => {
  const server = createSocket('udp4');
  let reply: Buffer = Buffer.alloc(0);
  server.on('message', (message, peer) => {
    server.send(Buffer.concat([message.subarray(0, 2), reply.subarray(2)]), peer.port, peer.address);
  });
  server.bind(PORT + 2, ADDRESS);
  await once(server, 'listening');
  const { spawn } = await import('node:child_process');
  try {
    for (const fact of facts<DnsqFact>('clients', 'dnsq')) {
      reply = unpacked(fact.reply);
      const child = spawn(command('dnsq'), [fact.type, fact.name, `${ADDRESS}:${PORT + 2}`]);
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('latin1')));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')));
      const [code] = await once(child, 'close');
      assert.deepEqual({ stdout, stderr, code }, { stdout: fact.stdout, stderr: fact.stderr, code: fact.rc });
    }
  } finally {
    server.close();
  }
});
