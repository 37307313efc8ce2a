// What the lookup programs do beyond the originals, as built programs: JSON, trees, graphs, more types.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { after, before, describe, test } from 'node:test';
import { OddServer } from '../support/odd-replies.ts';
import { command, needs } from '../support/programs.ts';

const SERVER = '127.42.22.1';

function output(program: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', DNSCACHEIP: SERVER, DNSREWRITEFILE: '/dev/null' };
    const child = spawn(command(program), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.setEncoding('latin1').on('data', (chunk) => (text += chunk));
    child.stderr.setEncoding('latin1').on('data', (chunk) => (text += `stderr: ${chunk}`));
    child.on('error', reject).on('close', (code) => resolve(code === 0 ? text : `${text}exit ${code}\n`));
  });
}

describe('extensions of the clients', { skip: needs('root') }, () => {
  const server = new OddServer();
  before(() => server.open(SERVER));
  after(() => server.close());

  test('--json prints one object on one line: server, header, typed records', async () => {
    for (const args of [
      ['dnsq', '--json', 'any', 'all.test', SERVER],
      ['dnsqr', '--json', 'any', 'ALL.test'],
    ] as const) {
      const [program, ...rest] = args;
      const text = await output(program, ...rest);
      assert.match(text, /^[^\n]*\n$/);
      const { name, type, server, rcode, answers, recursionAvailable } = JSON.parse(text);
      assert.deepEqual([name, type, server, rcode], ['all.test', 'ANY', SERVER, 'NOERROR']);
      assert.equal(recursionAvailable, true);
      assert.equal(answers.length, 12);
      assert.deepEqual(answers[8].data, { priority: 1, weight: 2, port: 53, target: 'srv.test' });
    }
  });

  test('--json says what went wrong in place of the packet', async () => {
    const { error, name, answers } = JSON.parse(await output('dnsq', '--json', 'a', 'servfail.test', SERVER));
    assert.deepEqual([error, name, answers], ['temporary failure', 'servfail.test', undefined]);
    const text = await output('dnsq', '--json', 'a', 'trailing.test', SERVER);
    assert.equal(text, 'stderr: dnsq: fatal: unable to parse: protocol error\nexit 111\n');
  });

  test('types of the registry are asked for, and others are still wrong usage', async () => {
    assert.match(await output('dnsq', 'https', 'one.test', SERVER), /^65 one\.test:\n/);
    assert.match(await output('dnsqr', 'TYPE1', 'one.test'), /^1 one\.test:\n/);
    assert.equal(
      await output('dnsq', 'nonsense', 'x', SERVER),
      'stderr: dnsq: usage: dnsq type name server\nexit 100\n',
    );
  });

  test('--edns lets a response over UDP be as long as it says', async () => {
    const truncated = await output('dnsq', 'a', 'tcp.test', SERVER);
    assert.match(truncated, /^1 tcp\.test:\n986 bytes, 1\+60\+0\+0 records/);
    const recursive = await output('dnsqr', 'a', 'tcp.test');
    const seen = server.overTcp;
    assert.equal(await output('dnsq', '--edns', 'a', 'tcp.test', SERVER), truncated);
    assert.equal(await output('dnsqr', '--edns=1000', 'a', 'tcp.test'), recursive);
    assert.equal(await output('dnsq', '--do', 'a', 'tcp.test', SERVER), truncated);
    assert.equal(server.overTcp, seen);
    assert.equal(await output('dnsq', '--edns=600', 'a', 'tcp.test', SERVER), truncated);
    assert.equal(server.overTcp, seen + 1);
    for (const size of ['511', '65536', 'x', '1e3']) {
      const text = await output('dnsq', `--edns=${size}`, 'a', 'tcp.test', SERVER);
      assert.equal(text, `stderr: dnsq: usage: --edns takes a size of 512 to 65535 octets, not ${size}\nexit 100\n`);
    }
  });

  test('--tcp asks over TCP at once', async () => {
    const seen = server.overTcp;
    const text = await output('dnsq', '--tcp', 'a', 'one.test', SERVER);
    assert.match(text, /answer: one\.test 300 A 10\.0\.0\.1\n$/);
    assert.match(await output('dnsqr', '--tcp', '--json', 'a', 'one.test'), /10\.0\.0\.1/);
    assert.equal(server.overTcp, seen + 2);
  });

  test('--check tells by the exit code whether there is an answer, none, or no response', async () => {
    for (const [name, code] of [
      ['one.test', ''],
      ['none.test', 'exit 1\n'],
      ['nx.test', 'exit 1\n'],
      ['servfail.test', 'exit 111\n'],
    ] as const) {
      const plain = await output('dnsq', 'a', name, SERVER);
      assert.equal(await output('dnsq', '--check', 'a', name, SERVER), plain + code);
      assert.match(await output('dnsqr', '--check', '--json', 'a', name), new RegExp(`\\}\n${code}$`));
    }
    assert.equal(
      await output('dnsip', '--check', 'one.test', 'none.test', 'one.test'),
      '10.0.0.1 \n\n10.0.0.1 \nexit 1\n',
    );
    assert.equal(await output('dnsip', '--check', 'one.test'), '10.0.0.1 \n');
    assert.equal(await output('dnsip6', '--check', 'nx.test'), '\nexit 1\n');
    assert.match(await output('dnsip', '--check', 'servfail.test'), /temporary failure\nexit 111\n$/);
  });

  test('--timeout gives up before a minute is over', async () => {
    const before = performance.now();
    const text = await output('dnsq', '--timeout', '0.3', '--check', 'a', 'silent.test', SERVER);
    assert.equal(text, '1 silent.test:\ntimed out\nexit 111\n');
    assert.match(await output('dnsip', '--timeout=0.3', 'silent.test'), /silent\.test: timed out\nexit 111\n$/);
    for (const program of ['dnsip6', 'dnsipq', 'dnsip6q', 'dnsmx', 'dnstxt']) {
      assert.match(await output(program, '--timeout', '0.3', 'silent.test'), /silent\.test: timed out\nexit 111\n$/);
    }
    assert.match(await output('dnsname', '--timeout', '0.3', '192.0.2.255'), /192\.0\.2\.255: timed out\nexit 111\n$/);
    assert.ok(performance.now() - before < 60000);
    for (const seconds of ['0', 'x', '-1', '1e9']) {
      const text = await output('dnsq', '--timeout', seconds, 'a', 'one.test', SERVER);
      assert.equal(text, `stderr: dnsq: usage: --timeout takes seconds, not ${seconds}\nexit 100\n`);
    }
  });

  test('--tree shows questions, zones, servers, times and results, in no colours for a file', async () => {
    const tree = await output('dnstrace', '--tree', 'a', 'one.test', SERVER);
    assert.match(tree, /^A one\.test\n {2}\.\n {4}127\.42\.22\.1 +[0-9.]+ ms {2}one\.test 300 A 10\.0\.0\.1\n$/);
    const problem = await output('dnstrace', '--tree', 'a', 'servfail.test', SERVER);
    assert.match(problem, /ALERT: query failed; temporary failure\n$/);
    assert.ok(!problem.includes('\x1b'));
  });

  test('--tree asks the servers of a step side by side, and a silent one twice, for one question', async () => {
    const other = new OddServer();
    await other.open('127.42.22.2');
    const silent = createSocket('udp4');
    let asked = 0;
    silent.on('message', () => asked++);
    await new Promise<void>((resolve) => silent.bind(53, '127.42.22.3', resolve));
    try {
      const tree = await output(
        'dnstrace',
        '--tree',
        '--timeout',
        '1',
        'a',
        'lead.test',
        `${SERVER}.127.42.22.2.127.42.22.3`,
      );
      assert.equal(asked, 2);
      assert.match(
        tree,
        /^A lead\.test\n {2}\.\n {4}127\.42\.22\.1 .*\n {4}127\.42\.22\.2 .*\n {4}127\.42\.22\.3 .*timed out\n/,
      );
      assert.match(tree, /127\.42\.22\.3 +- ms {2}ALERT: not asked; server was silent before\n/);
    } finally {
      other.close();
      silent.close();
    }
  });

  test('dnstrace learns IPv6 addresses where it begins with one', async () => {
    const other = new OddServer('udp6');
    await other.open('::1', 5353);
    try {
      const lines = await output('dnstrace', 'a', 'lead.test', '[::1]:5353');
      assert.match(lines, /^0:\.:\.:start:AAAA:\.:0{31}1:5353$/m);
      assert.match(lines, /^1:lead\.test:\.:0{31}1:5353:AAAA:ns\.lead\.test:0{31}2$/m);
      assert.match(lines, /^28:ns\.lead\.test:\.:0{31}1:5353:tx$/m);
      assert.match(lines, /^1:lead\.test:lead\.test:0{31}2:tx$/m);
      assert.doesNotMatch(await output('dnstrace', 'a', 'lead.test', SERVER), /AAAA|28:/);
    } finally {
      other.close();
    }
  });

  test('--dot prints a graph whose strings are closed', async () => {
    const dot = await output('dnstrace', '--dot', 'any', 'all.test', SERVER);
    assert.match(dot, /^digraph dnstrace \{\n[\s\S]*\}\n$/);
    assert.match(dot, /"zone \." -> "server 127\.42\.22\.1" \[\];/);
    for (const line of dot.split('\n')) {
      assert.equal((line.replaceAll(/\\[\\"]/g, '').match(/"/g) ?? []).length % 2, 0, line);
    }
    assert.match(dot, /he\\"l\\\\134/);
  });
});
