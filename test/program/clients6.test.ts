// The clients over IPv6: the recorded facts of djbdns with the IPv6 patch, and what is better or stricter here.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, before, describe, test } from 'node:test';
import { facts, unpacked } from '../support/golden.ts';
import { needs, runBeside } from '../support/programs.ts';

interface ClientFact {
  program: string;
  args: string[];
  env: Record<string, string>;
  stdin: string;
  /** The words of a line may come in any order. */
  unordered: boolean;
  /** Question (name and type) and response; every other question is answered with NXDOMAIN. */
  replies: [question: string, reply: string][];
  rc: number;
  stdout: string;
  stderr: string;
}

const HEADER = 12;
const played = facts<ClientFact>('ipv6', 'client6');
const isProgram =
  (...programs: string[]) =>
  (fact: ClientFact) =>
    programs.includes(fact.program);

/** Lines as sorted words, where the order of words is left to chance. */
function comparable(text: string, unordered: boolean): unknown {
  return unordered ? text.split('\n').map((line) => line.split(' ').sort()) : text;
}

describe('the recorded facts of clients on ::1', { skip: needs('root') }, () => {
  const server = createSocket('udp6');
  let replies = new Map<string, Buffer>();

  before(async () => {
    server.on('message', (query, { port, address }) => {
      let end = HEADER;
      while (query[end] !== 0) end += query[end]! + 1;
      const question = query
        .subarray(HEADER, end + 3)
        .toString('latin1')
        .toLowerCase();
      const known = replies.get(question);
      const nxdomain = Buffer.concat([
        Buffer.of(0, 0, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0),
        query.subarray(HEADER, end + 5),
      ]);
      const reply = Buffer.from(known ?? nxdomain);
      query.copy(reply, 0, 0, 2);
      server.send(reply, port, address);
    });
    await new Promise<void>((resolve) => server.bind(53, '::1', resolve));
  });
  after(() => server.close());

  test('there are facts to play, of each program', () => {
    assert.equal(played.length, 40);
    for (const program of ['dnsip', 'dnsip6', 'dnsip6q', 'dnsname', 'dnsq', 'dnsqr', 'dnsfilter']) {
      assert.ok(played.some(isProgram(program)), program);
    }
  });

  for (const fact of played) {
    const { program, args, env, stdin, unordered } = fact;
    test(`${program} ${args.join(' ')} does as recorded`, async () => {
      replies = new Map(
        fact.replies.map(([question, reply]) => [unpacked(question).toString('latin1').toLowerCase(), unpacked(reply)]),
      );
      const { code, stdout, stderr } = await runBeside(program, args, { env, input: Buffer.from(stdin, 'latin1') });
      assert.equal(stderr, fact.stderr);
      assert.deepEqual(comparable(stdout.toString('latin1'), unordered), comparable(fact.stdout, unordered));
      assert.equal(code, fact.rc);
    });
  }

  test('dnsfilter -6 looks IPv6 addresses up, as whole words only; without it they stay as they are', async () => {
    const fact = played.find(
      ({ program, replies, stdout }) => program === 'dnsname' && replies.length > 0 && stdout !== '\n',
    )!;
    replies = new Map(
      fact.replies.map(([question, reply]) => [unpacked(question).toString('latin1').toLowerCase(), unpacked(reply)]),
    );
    const address = fact.args[0]!;
    const host = fact.stdout.trim();
    const input = Buffer.from(`${address} a\n${address}x b\n[${address}] c\n${address}\td\n${address}`);
    for (const args of [['-6'], ['-6c2'], ['-c', '2', '-6', '-l1']]) {
      const { code, stdout } = await runBeside('dnsfilter', args, { env: fact.env, input });
      const named = `${address}=${host}`;
      assert.equal(stdout.toString(), `${named} a\n${address}x b\n[${address}] c\n${named}\td\n${named}`);
      assert.equal(code, 0);
    }
    const { stdout } = await runBeside('dnsfilter', [], { env: fact.env, input });
    assert.deepEqual(stdout, input);
  });

  test('IPv6 addresses come first, each kind in an order of its own', async () => {
    const fact = played.find(({ program, stdout }) => program === 'dnsip6' && / ::ffff:.* ::ffff:/.test(` ${stdout}`))!;
    replies = new Map(
      fact.replies.map(([question, reply]) => [unpacked(question).toString('latin1').toLowerCase(), unpacked(reply)]),
    );
    for (let i = 0; i < 5; i++) {
      const { stdout } = await runBeside('dnsip6', fact.args, { env: fact.env });
      const kinds = stdout
        .toString()
        .trim()
        .split(' ')
        .map((word) => word.startsWith('::ffff:'));
      assert.deepEqual(kinds, [...kinds].sort());
    }
  });
});

const SILENCE = { DNSCACHEIP: '[::1]:5', DNSREWRITEFILE: '/dev/null' };

const REFUSED: readonly (readonly [program: string, arg: string, stderr: string])[] = [
  ['dnsip6', 'fe80::1%lo', 'unable to find IPv6 address for fe80::1%lo: invalid argument'],
  ['dnsip6', '12345::1', 'unable to find IPv6 address for 12345::1: invalid argument'],
  ['dnsip6', 'x.test', 'unable to find IPv6 address for x.test: connection refused'],
  ['dnsip6q', 'a:b', 'unable to find IP6 address for a:b: invalid argument'],
  ['dnsip6q', 'x.test', 'unable to find IP6 address for x.test: connection refused'],
  ['dnsname', '[::1]', 'unable to parse IP address [::1]'],
  ['dnsname', '00000000000000000000000000000001', 'unable to parse IP address 00000000000000000000000000000001'],
];

for (const [program, arg, message] of REFUSED) {
  test(`${program} ${arg}: ${message}`, async () => {
    const { code, stdout, stderr } = await runBeside(program, [arg], { env: SILENCE });
    assert.deepEqual([code, stdout.toString(), stderr], [111, '', `${program}: fatal: ${message}\n`]);
  });
}

const LITERALS: readonly (readonly [program: string, arg: string, stdout: string])[] = [
  ['dnsip6', '[2001:DB8::0]', '2001:db8:: \n'],
  ['dnsip6', '[1.2.3].4.5.6.7.8', '::ffff:1.2.3.4 ::ffff:5.6.7.8 \n'],
  ['dnsip6', '::ffff:1.2.3.4', '::ffff:1.2.3.4 \n'],
  ['dnsip6q', '::', ':: :: \n'],
];

for (const [program, arg, text] of LITERALS) {
  test(`${program} ${arg} asks nobody`, async () => {
    const { code, stdout, stderr } = await runBeside(program, [arg], { env: SILENCE });
    assert.deepEqual([code, stdout.toString(), stderr], [0, text, '']);
  });
}
