// Wildcards and names that exist for those below them, beside NSD: the same zone, the same questions. tinydns-data has
// $RFC4592 set.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { startNsd } from '../support/name-servers.ts';
import { needs, run, start, temporaryDirectory } from '../support/programs.ts';
import { queryPacket, UdpClients } from '../support/udp.ts';

const OURS = '127.45.9.1';
const THEIRS = '127.45.9.2';
const PORT = 5396;
const A = 1;
const SOA = 6;

/** Numbers that look random and are the same every time. */
function random(seed: number): (below: number) => number {
  return (below) => ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 8) % below;
}

const pick = random(4592);
const label = () => ['a', 'b', 'c', '*'][pick(4)]!;
const name = () => `${Array.from({ length: 1 + pick(4) }, label).join('.')}.z.test`;

// No owner has a `*` label behind its first: a wildcard that exists only for names below it is where tinydns differs.
const owners = new Set(Array.from({ length: 40 }, name).filter((owner) => !owner.slice(2).includes('*')));
const questions = new Set(Array.from({ length: 600 }, name));

test('NSD and tinydns agree on every name', { skip: needs('nsd', 'root') }, async () => {
  const directory = temporaryDirectory();
  const data = ['.z.test:192.0.2.1:a.ns.other', ...[...owners].map((owner) => `+${owner}:192.0.2.7`)];
  writeFileSync(`${directory}/data`, `${data.join('\n')}\n`);
  assert.equal(run('tinydns-data', [], { cwd: directory, env: { RFC4592: '' } }).code, 0);
  const zone = ['$TTL 60', '@ IN SOA a.ns.other. h.z.test. 1 1 1 1 1', '@ IN NS a.ns.other.'];
  writeFileSync(
    `${directory}/zone`,
    `${[...zone, ...[...owners].map((owner) => `${owner}. IN A 192.0.2.7`)].join('\n')}\n`,
  );
  const env = { ROOT: directory, IP: OURS, PORT: String(PORT), UNPRIVILEGED: '1' };
  const servers = [
    start('tinydns', [], { env }),
    startNsd(directory, { ip: THEIRS, port: PORT }, 'zone:\n  name: z.test\n  zonefile: zone\n'),
  ];
  const sentinel = UdpClients.sentinel('z.test', SOA);
  const [ours, theirs] = [new UdpClients(OURS, PORT), new UdpClients(THEIRS, PORT)];
  try {
    for (const clients of [ours, theirs]) await clients.ready(sentinel);
    const outcomes = new Map<string, number>();
    for (const asked of questions) {
      const [mine, yours] = await Promise.all(
        [ours, theirs].map(async (clients) =>
          outcome(await clients.askBefore(queryPacket(asked, A), sentinel, '127.0.0.1')),
        ),
      );
      assert.equal(mine, yours, `${asked} of ${[...owners].join(' ')}`);
      outcomes.set(mine!, (outcomes.get(mine!) ?? 0) + 1);
    }
    assert.deepEqual([...outcomes.keys()].sort(), ['NOERROR 0', 'NOERROR 1', 'NXDOMAIN 0']);
  } finally {
    for (const clients of [ours, theirs]) clients.close();
    for (const server of servers) await server.stop('SIGTERM');
  }
});

function outcome(response: Buffer | null): string {
  assert.ok(response);
  const { rcode, answers = [] } = decode(response) as unknown as { rcode: string; answers: unknown[] };
  return `${rcode} ${answers.length}`;
}
