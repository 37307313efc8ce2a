// What the lookup programs do beyond the originals, as built programs: JSON, trees, graphs, more types.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
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

  test('--tree shows questions, zones, servers, times and results, in no colours for a file', async () => {
    const tree = await output('dnstrace', '--tree', 'a', 'one.test', SERVER);
    assert.match(tree, /^A one\.test\n {2}\.\n {4}127\.42\.22\.1 +[0-9.]+ ms {2}one\.test 300 A 10\.0\.0\.1\n$/);
    const problem = await output('dnstrace', '--tree', 'a', 'servfail.test', SERVER);
    assert.match(problem, /ALERT: query failed; temporary failure\n$/);
    assert.ok(!problem.includes('\x1b'));
  });

  test('--dot prints a graph whose strings are closed', async () => {
    const dot = await output('dnstrace', '--dot', 'any', 'all.test', SERVER);
    assert.match(dot, /^digraph dnstrace \{\n[\s\S]*\}\n$/);
    assert.match(dot, /"zone \." -> "server 127\.42\.22\.1";/);
    for (const line of dot.split('\n')) {
      assert.equal((line.replaceAll(/\\[\\"]/g, '').match(/"/g) ?? []).length % 2, 0, line);
    }
    assert.match(dot, /he\\"l\\\\134/);
  });
});
