// The environment of the servers beyond djbdns 1.05, process by process: that each variable arrives, and what is fatal.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { run, start, temporaryDirectory } from '../support/programs.ts';
import { messagesIn } from '../support/transfer.ts';
import { queryPacket, UdpClients } from '../support/udp.ts';

const IP = '127.45.8.1';
const PORT = 5393;
const A = 1;
const PTR = 12;
const AAAA = 28;
const ANY = 255;

const LINES = [
  '.z.test:192.0.2.1:a',
  '+h.z.test:192.0.2.2',
  "'h.z.test:text",
  'Cc.z.test:h.z.test',
  '+a.ent.z.test:192.0.2.3',
];
LINES.push('+*.z.test:192.0.2.4');
for (let i = 1; i < 20; i++) LINES.push(`+many.z.test:10.0.0.${i}`);

function compiled(env: Record<string, string> = {}): string {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/data`, `${LINES.join('\n')}\n`);
  const { code, stderr } = run('tinydns-data', [], { cwd: directory, env });
  assert.deepEqual([code, stderr], [0, '']);
  return directory;
}

/** The response as `RCODE: types of the answer`, or `silence`. */
function read(response: Buffer | null): string {
  if (!response) return 'silence';
  const { rcode, answers = [] } = decode(response) as unknown as { rcode: string; answers: { type: string }[] };
  return `${rcode}: ${answers.map(({ type }) => type).join(' ')}`;
}

let port = PORT;
/** What a server with this environment answers. */
async function answer(program: string, env: Record<string, string>, name: string, type: number): Promise<string> {
  const server = start(program, [], { env: { IP, PORT: String(++port), UNPRIVILEGED: '1', ...env } });
  const clients = new UdpClients(IP, port);
  try {
    await server.logged(/^starting /);
    const known = program === 'walldns' ? '1.2.3.4' : 'z.test';
    return read(await clients.askBefore(queryPacket(name, type), UdpClients.sentinel(known, A), '127.0.0.1'));
  } finally {
    clients.close();
    await server.stop();
  }
}

const ROOT = compiled();
for (const [variable, value, name, type, without, withIt] of [
  ['REFUSE', '', 'other', A, 'silence', 'REFUSED: '],
  ['MINIMALANY', '', 'h.z.test', ANY, 'NOERROR: TXT A', 'NOERROR: A'],
  ['FOLLOWCNAME', '', 'c.z.test', A, 'NOERROR: CNAME', 'NOERROR: CNAME A'],
  ['MAXADDRESSES', '3', 'many.z.test', A, `NOERROR:${' A'.repeat(8)}`, 'NOERROR: A A A'],
  ['MAXADDRESSES', '0', 'many.z.test', A, `NOERROR:${' A'.repeat(8)}`, `NOERROR:${' A'.repeat(19)}`],
] as const) {
  test(`tinydns with ${variable}=${value} gives ${withIt}, without it ${without}`, async () => {
    assert.equal(await answer('tinydns', { ROOT }, name, type), without);
    assert.equal(await answer('tinydns', { ROOT, [variable]: value }, name, type), withIt);
  });
}

test('tinydns-data with RFC4592 makes names exist that are only above others', async () => {
  assert.equal(await answer('tinydns', { ROOT }, 'ent.z.test', A), 'NOERROR: A');
  assert.equal(await answer('tinydns', { ROOT: compiled({ RFC4592: '' }) }, 'ent.z.test', A), 'NOERROR: ');
});

test('walldns with IP6ARPA knows names below ip6.arpa', async () => {
  const name = `${'0.'.repeat(32)}ip6.arpa`;
  for (const [type, want] of [
    [PTR, 'NOERROR: PTR'],
    [AAAA, 'NOERROR: AAAA'],
  ] as const) {
    assert.equal(await answer('walldns', { ROOT }, name, type), 'REFUSED: ');
    assert.equal(await answer('walldns', { ROOT, IP6ARPA: '' }, name, type), want);
  }
});

test('axfrdns takes REFUSE, FOLLOWCNAME and MAXADDRESSES as tinydns does, and not MINIMALANY', () => {
  const ask = (env: Record<string, string>) => {
    const queries = [
      queryPacket('c.z.test', A),
      queryPacket('many.z.test', A),
      queryPacket('h.z.test', ANY),
      queryPacket('other', A),
    ];
    const input = Buffer.concat(queries.map((query) => Buffer.concat([Buffer.from([0, query.length]), query])));
    const base = { ROOT, UNPRIVILEGED: '1', TCPREMOTEIP: '127.0.0.1', TCPREMOTEPORT: '4000' };
    const { code, stdout } = run('axfrdns', [], { input, env: { ...base, ...env } });
    return [code, ...messagesIn(stdout).map(read)];
  };
  const eight = `NOERROR:${' A'.repeat(8)}`;
  assert.deepEqual(ask({ MINIMALANY: '' }), [111, 'NOERROR: CNAME', eight, 'NOERROR: TXT A']);
  assert.deepEqual(ask({ REFUSE: '', FOLLOWCNAME: '', MAXADDRESSES: '2' }), [
    0,
    'NOERROR: CNAME A',
    'NOERROR: A A',
    'NOERROR: TXT A',
    'REFUSED: ',
  ]);
});

for (const value of ['', 'x', '-1', '8x']) {
  test(`$MAXADDRESSES of ${JSON.stringify(value)} is fatal`, () => {
    for (const program of ['tinydns', 'axfrdns']) {
      const env = { IP, PORT: String(PORT), ROOT, UNPRIVILEGED: '1', MAXADDRESSES: value };
      const { code, stderr } = run(program, [], { env });
      assert.deepEqual([code, stderr], [111, `${program}: fatal: unable to parse $MAXADDRESSES\n`]);
    }
  });
}
