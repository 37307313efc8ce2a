// Zones to and from BIND, NSD, Knot and PowerDNS, without a key and with three: the first copy, a change that NOTIFY
// tells of, by IXFR wherever the peer can. Both ends have the same records afterwards.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { PEERS, type Peer, type PeerKey, type PeerKind, type PeerZone } from '../support/dns-peers.ts';
import { command, find, needs, type Running, run, start, temporaryDirectory, untilSo } from '../support/programs.ts';

const OURS = '127.46.0.53';
const GETD = 5353;
const KEYED = 5300;
const OPEN = 5301;
const SECRET = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

const KEYS: readonly (PeerKey | undefined)[] = [
  undefined,
  ...['hmac-sha1', 'hmac-sha256', 'hmac-sha512'].map((algorithm) => ({
    name: `k-${algorithm.slice(5)}`,
    algorithm,
    secret: SECRET,
  })),
];

const HOSTS = 100;

/** The zone as a zone file: `serial`, and a host that only this version has. */
function zoneFile(serial: number): string {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `host${i} A 10.0.0.${i}`);
  return `$TTL 300
@ SOA ns hostmaster ${serial} 3600 60 100000 300
@ NS ns
ns A 127.0.0.1
* MX 10 mail
text TXT "a text" "and another"
_sip._tcp SRV 1 2 5060 ns
six AAAA 2001:db8::1
version${serial} A 10.1.1.1
${hosts.join('\n')}
`;
}

/** The same as lines for tinydns-data. */
function zoneLines(zone: string, serial: number): string {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `+host${i}.${zone}:10.0.0.${i}:300`);
  return [
    `Z${zone}:ns.${zone}.:hostmaster.${zone}.:${serial}:3600:60:100000:300:300`,
    `&${zone}::ns.${zone}.:300`,
    `+ns.${zone}:127.0.0.1:300`,
    `@*.${zone}::mail.${zone}.:10:300`,
    `'text.${zone}:a text:300`,
    `:six.${zone}:28:\\040\\001\\015\\270${'\\000'.repeat(11)}\\001:300`,
    `+version${serial}.${zone}:10.1.1.1:300`,
    ...hosts,
    '',
  ].join('\n');
}

/** The records of a zone as dig gets them from a server, in a fixed order. */
function records(ip: string, port: number, zone: string, key?: PeerKey): string[] {
  const signed = key ? ['-y', `${key.algorithm}:${key.name}:${key.secret}`] : [];
  const args = [
    `@${ip}`,
    '-p',
    String(port),
    ...signed,
    zone,
    'AXFR',
    '+noall',
    '+answer',
    '+onesoa',
    '+time=5',
    '+tries=1',
  ];
  const lines = run(find('dig')!, args).stdout.toString('latin1').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith(';') && !/\sTSIG\s/.test(line))
    .map((line) => line.replace(/\s+/g, ' ').toLowerCase())
    .sort();
}

for (const [index, kind] of PEERS.entries()) {
  const missing = needs('dig', ...kind.programs);
  describe(`zones to and from ${kind.name}`, { skip: missing }, () => pairs(kind, index));
}

function pairs(kind: PeerKind, index: number): void {
  const ip = kind.name === 'BIND' ? '127.0.0.1' : `127.46.${index + 1}.1`;
  const port = 5310 + 2 * index;
  const own: readonly PeerZone[] = KEYS.map((key, i) => ({ name: `a${i}.test`, key }));
  const copied: readonly PeerZone[] = KEYS.map((key, i) => ({ name: `b${i}.test`, key }));
  const root = temporaryDirectory();
  const getdRoot = `${root}/getd`;
  const running: Running[] = [];
  let peer: Peer;
  let getd: Running;
  const logs = (): string => `getd: ${getd?.log()}\npeer: ${peer?.server.log().slice(-4000)}`;

  /** Compiles our zones at a serial, and tells the peer as a Makefile of ours would. */
  function publish(serial: number): string {
    writeFileSync(`${root}/data`, `${copied.map(({ name }) => zoneLines(name, serial)).join('')}Igetd/zones\n`);
    assert.equal(run('tinydns-data', [], { cwd: root }).stderr, '');
    const changed = run('axfrdns-data', [], { cwd: root });
    assert.equal(changed.stderr, '');
    return changed.stdout.toString('latin1');
  }

  before(async () => {
    for (const name of ['servers', 'tsig', 'zones', 'held', 'tmp'])
      mkdirSync(`${getdRoot}/${name}`, { recursive: true });
    mkdirSync(`${root}/tsig`);
    mkdirSync(`${root}/notify`);
    for (const key of KEYS) {
      if (!key) continue;
      const line = `${key.algorithm}:${key.name}:${key.secret}\n`;
      for (const folder of [getdRoot, root]) writeFileSync(`${folder}/tsig/${key.name}`, line, { mode: 0o640 });
    }
    for (const { name, key } of own) {
      writeFileSync(`${getdRoot}/servers/${name}`, `${ip}:${port}${key ? ` key=${key.name}` : ''}\n`);
    }
    for (const { name, key } of copied) {
      writeFileSync(`${root}/notify/${name}`, `${ip}:${port}${key ? ` key=${key.name}` : ''}\n`);
    }
    publish(1);
    run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') });
    const common = { ROOT: root, UNPRIVILEGED: '1', IP: OURS };
    const keys = KEYS.flatMap((key) => (key ? [key.name] : [])).join('/');
    const listening = (env: Record<string, string>) =>
      start('axfrdns', ['--listen', '--udp'], { cwd: root, env: { ...common, ...env } });
    running.push(listening({ PORT: String(KEYED), KEY: keys }), listening({ PORT: String(OPEN) }));
    for (const server of running) await server.logged(/starting axfrdns/);
    peer = kind.start(
      { ip, port, ours: OURS, getd: GETD, primary: KEYED, open: OPEN, own, copied },
      new Map(own.map(({ name }) => [name, zoneFile(1)])),
    );
    running.push(peer.server);
    await untilSo(
      `${kind.name} has its zones`,
      () => records(ip, port, own[0]!.name).length > 0,
      () => peer.server.log(),
    );
    getd = start('axfr-getd', [command('tinydns-data')], {
      cwd: root,
      env: { ROOT: getdRoot, UNPRIVILEGED: '1', IP: OURS, PORT: String(GETD), MINREFRESH: '2' },
    });
    running.push(getd);
    await getd.logged(/starting axfr-getd/);
  });
  after(async () => {
    for (const server of running) await server.stop();
  });

  const copyOf = (zone: string): string => {
    try {
      return readFileSync(`${getdRoot}/zones/${zone}`, 'latin1');
    } catch {
      return '';
    }
  };

  test('we copy its zones, and what we serve of them is equal', async () => {
    for (const { name } of own) {
      await untilSo(`the copy of ${name}`, () => copyOf(name).startsWith('#1 '), logs);
      await untilSo(
        `${name} is served as ${kind.name} has it`,
        () => JSON.stringify(records(OURS, OPEN, name)) === JSON.stringify(records(ip, port, name)),
        logs,
      );
    }
  });

  test(`NOTIFY brings its changes${kind.hasIxfr ? ', by IXFR' : ''}`, async () => {
    for (const { name } of own) peer.change(name, zoneFile(2));
    for (const { name } of own) {
      await untilSo(`the change of ${name}`, () => copyOf(name).startsWith('#2 '), logs);
      if (kind.hasIxfr) assert.match(getd.log(), new RegExp(`^ixfr ${name} 1 2 \\S+ -1\\+1 `, 'm'));
      await untilSo(
        `the new ${name} is served as ${kind.name} has it`,
        () => JSON.stringify(records(OURS, OPEN, name)) === JSON.stringify(records(ip, port, name)),
        logs,
      );
      assert.match(getd.log(), new RegExp(`^notify \\S+ ${name} `, 'm'));
    }
  });

  test(`it copies our zones, and takes their changes when it is told${kind.tookChange ? ', by IXFR' : ''}`, async () => {
    for (const serial of [1, 2]) {
      if (serial === 2) {
        const told = run('tinydns-notify', ['-s', OURS, '-'], { cwd: root, input: Buffer.from(publish(2)) });
        assert.equal(told.stderr, '', told.stdout.toString('latin1'));
        assert.equal(told.stdout.toString('latin1').match(/acknowledged/g)?.length, copied.length);
      }
      for (const { name, key } of copied) {
        await untilSo(
          `${kind.name} has ${name} with the serial ${serial}`,
          () => records(ip, port, name).some((line) => line.startsWith(`version${serial}.${name}. `)),
          logs,
        );
        const ours = key ? records(OURS, KEYED, name, key) : records(OURS, OPEN, name);
        assert.deepEqual(records(ip, port, name), ours);
        const took = serial === 2 && kind.tookChange?.(name);
        if (took) await untilSo(`differences of ${name}`, () => took.test(peer.server.log()), logs);
      }
    }
  });
}
