// Makes servers of the private internet's data: tinydns (ours, or the C original until there is one), BIND, NSD and
// Knot, each with its own configuration and zone files; signs what is to be signed; waits until every zone answers.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/ask.ts';
import { find } from '../support/programs.ts';
import { type Server, startServer, systemOrOurs } from './resolvers.ts';
import type { Authority, Resource, World, Zone } from './world.ts';

/** The programs that the private internet needs from the system. */
export const AUTHORITY_PROGRAMS = [
  'named',
  'dnssec-signzone',
  'nsd',
  'knotd',
  'tinydns',
  'tinydns-data',
  'root',
] as const;

/** Starts every authority below `directory`, which must be empty; throws when one is not ready within 20 seconds. */
export async function startAuthorities(world: World, directory: string): Promise<Server[]> {
  const zones = join(directory, 'zones');
  mkdirSync(zones, { recursive: true });
  const files = writeZones(world, zones);
  const servers = world.authorities.map((authority, i) => {
    const home = join(directory, `${i}-${authority.software}`);
    mkdirSync(home);
    return START[authority.software](authority, home, files);
  });
  await Promise.all(world.authorities.map(waitUntilReady));
  return servers;
}

/** BIND listens only on addresses that an interface has by name; the others take any in 127/8. Undone at the end. */
function addInterfaceAddress(address: string): void {
  const ip = (verb: string): { status: number | null; stderr: string } =>
    spawnSync(find('ip')!, ['address', verb, `${address}/32`, 'dev', 'lo'], { encoding: 'latin1' });
  const { status, stderr } = ip('add');
  if (status !== 0 && !/exists|already/.test(stderr)) throw new Error(`ip address add ${address}: ${stderr}`);
  process.on('exit', () => ip('del'));
}

/** Where each zone's file is. */
type ZoneFiles = ReadonlyMap<Zone, string>;

const START: Record<Authority['software'], (authority: Authority, home: string, files: ZoneFiles) => Server> = {
  tinydns({ address, zones }, home) {
    const lines = zones.flatMap((zone) => zone.records.map(tinydnsLine));
    writeFileSync(join(home, 'data'), `${[...new Set(lines)].join('\n')}\n`);
    execute(systemOrOurs('tinydns-data'), [], home);
    const env = { IP: address, ROOT: home, UID: '65534', GID: '65534' };
    return startServer(systemOrOurs('tinydns'), [], { cwd: home, env, log: '/dev/null' });
  },

  bind({ address, zones }, home, files) {
    addInterfaceAddress(address);
    const conf = [
      `options { directory "${home}"; pid-file none; session-keyfile none; listen-on { ${address}; };`,
      'listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no; check-names primary ignore; };',
      `logging { channel log { file "${home}/log"; }; category default { log; }; };`,
      'controls { };',
      ...zones.map((zone) => `zone "${dotted(zone.name)}" { type primary; file "${files.get(zone)}"; };`),
    ];
    writeFileSync(join(home, 'named.conf'), conf.join('\n'));
    const args = ['-4', '-n', '1', '-f', '-c', join(home, 'named.conf')];
    return startServer(find('named')!, args, { cwd: home, log: join(home, 'stderr') });
  },

  nsd({ address, zones }, home, files) {
    const conf = [
      `server:\n ip-address: ${address}\n username: ""\n chroot: ""\n zonesdir: "${home}"\n database: ""`,
      ` pidfile: "${home}/pid"\n xfrdfile: "${home}/xfrd"\n zonelistfile: "${home}/list"\n logfile: "${home}/log"`,
      ' server-count: 1\n rrl-ratelimit: 0\n rrl-whitelist-ratelimit: 0\n do-ip6: no',
      'remote-control:\n control-enable: no',
      ...zones.map((zone) => `zone:\n name: "${dotted(zone.name)}"\n zonefile: "${files.get(zone)}"`),
    ];
    writeFileSync(join(home, 'nsd.conf'), conf.join('\n'));
    const args = ['-d', '-c', join(home, 'nsd.conf')];
    return startServer(find('nsd')!, args, { cwd: home, log: join(home, 'stderr') });
  },

  knot({ address, zones }, home, files) {
    const conf = [
      `server:\n  rundir: ${home}\n  listen: ${address}@53\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1`,
      `database:\n  storage: ${home}\ncontrol:\n  listen: ${home}/knot.sock`,
      `log:\n  - target: ${home}/log\n    any: info`,
      `template:\n  - id: default\n    storage: ${home}\n    zonefile-sync: -1\n    zonefile-load: whole`,
      '    journal-content: none\nzone:',
      ...zones.map((zone) => {
        const isKnotsToSign = zone.signed && !files.get(zone)!.endsWith('.signed');
        return `  - domain: ${dotted(zone.name)}\n    file: ${files.get(zone)}${isKnotsToSign ? '\n    dnssec-signing: on' : ''}`;
      }),
    ];
    writeFileSync(join(home, 'knot.conf'), `${conf.join('\n')}\n`);
    return startServer(find('knotd')!, ['-c', join(home, 'knot.conf')], { cwd: home, log: join(home, 'stderr') });
  },
};

/**
 * Writes and signs the zone files, children before parents so that the parents get their DS records. A zone that only
 * Knot serves is signed by Knot itself.
 */
function writeZones(world: World, directory: string): ZoneFiles {
  const files = new Map<Zone, string>();
  const all = [...new Set(world.authorities.flatMap(({ zones }) => zones))];
  const depth = (zone: Zone): number => zone.name.split('.').length;
  for (const zone of all.sort((a, b) => depth(b) - depth(a))) {
    const servedBy = world.authorities.filter(({ zones }) => zones.includes(zone)).map(({ software }) => software);
    const file = join(directory, `${zone.name || 'root'}.zone`);
    writeFileSync(file, `${zone.records.map(zoneFileLine).join('\n')}\n`);
    const isOurs = zone.signed && servedBy.some((software) => software !== 'knot');
    if (isOurs) sign(zone, directory, file);
    files.set(zone, isOurs ? `${file}.signed` : file);
  }
  return files;
}

function sign(zone: Zone, directory: string, file: string): void {
  const keygen = ['-q', '-a', 'ECDSAP256SHA256', '-f', 'KSK', '-K', directory, dotted(zone.name)];
  execute(find('dnssec-keygen')!, keygen, directory);
  const denial = zone.records.length % 2 ? ['-3', '-'] : [];
  const signzone = ['-q', '-S', '-z', '-g', '-K', directory, '-d', directory, ...denial, '-o', dotted(zone.name), file];
  execute(find('dnssec-signzone')!, signzone, directory);
}

function execute(program: string, args: readonly string[], cwd: string): void {
  const result = spawnSync(program, args, { cwd, encoding: 'latin1' });
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr}${result.stdout}`);
}

async function waitUntilReady({ address, zones }: Authority): Promise<void> {
  const asked = zones.filter((_, i) => i === 0 || i === zones.length - 1);
  const deadline = performance.now() + 20000;
  for (const zone of asked) {
    for (;;) {
      const answer = await ask(address, zone.name || '.', 'SOA', 500);
      if (answer.rcode === 0 && answer.records.length > 0) break;
      if (performance.now() > deadline) throw new Error(`${address} does not serve ${dotted(zone.name)}`);
      await sleep(50);
    }
  }
}

function dotted(name: string): string {
  return `${name}.`;
}

function zoneFileLine({ owner, ttl, type, data }: Resource): string {
  return `${dotted(owner)} ${ttl} IN ${type} ${data}`;
}

/** A record as a line of tinydns-data. */
function tinydnsLine({ owner, ttl, type, data }: Resource): string {
  const words = data.split(' ');
  switch (type) {
    case 'A':
      return `+${owner}:${data}:${ttl}`;
    case 'NS':
      return `&${owner || '.'}::${data}:${ttl}`;
    case 'SOA':
      return `Z${owner || '.'}:${words.join(':')}:${ttl}`;
    case 'CNAME':
      return `C${owner}:${data}:${ttl}`;
    case 'PTR':
      return `^${owner}:${data}:${ttl}`;
    case 'MX':
      return `@${owner}::${words[1]}:${words[0]}:${ttl}`;
    case 'TXT':
      return `'${owner}:${data.replaceAll('"', '')}:${ttl}`;
    default:
      return `:${owner}:${genericData(type, words)}:${ttl}`;
  }
}

/** Type number and rdata of the types that tinydns-data has no letter for. */
function genericData(type: string, words: readonly string[]): string {
  switch (type) {
    case 'AAAA':
      return `28:${octal(address6(words[0]!))}`;
    case 'SRV': {
      const numbers = words.slice(0, 3).flatMap((word) => [Number(word) >> 8, Number(word) & 255]);
      const labels = words[3]!.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
      return `33:${octal([...numbers, ...labels])}`;
    }
    case 'CAA': {
      const value = words[2]!.replaceAll('"', '');
      return `257:${octal([Number(words[0]), words[1]!.length, ...Buffer.from(words[1]! + value)])}`;
    }
    default:
      throw new Error(`no tinydns-data line for ${type}`);
  }
}

/** The 16 octets of `2001:db8::X:Y`. */
function address6(text: string): number[] {
  const [left = [], right = []] = text
    .split('::')
    .map((half) => half.split(':').map((group) => Number.parseInt(group, 16)));
  const groups = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return groups.flatMap((group) => [group >> 8, group & 255]);
}

function octal(bytes: readonly number[]): string {
  return bytes.map((octet) => `\\${octet.toString(8).padStart(3, '0')}`).join('');
}
