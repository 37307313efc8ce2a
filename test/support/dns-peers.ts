// BIND, NSD, Knot and PowerDNS, each as the primary of some zones and the secondary of others, with or without keys:
// one process a kind, on an address of its own.
import { writeFileSync } from 'node:fs';
import { type Address, startBind, startKnot, startNsd } from './name-servers.ts';
import { find, type Running, run, start, temporaryDirectory } from './programs.ts';

export interface PeerKey {
  readonly name: string;
  readonly algorithm: string;
  readonly secret: string;
}

export interface PeerZone {
  readonly name: string;
  readonly key: PeerKey | undefined;
}

/** Where the peer listens, and what it has to do with ours. */
export interface PeerOptions extends Address {
  /** Ours: NOTIFY goes to `getd`, zones come from `primary` or, without a key, from `open`. All at address `ours`. */
  readonly ours: string;
  readonly getd: number;
  readonly primary: number;
  readonly open: number;
  /** Zones it has, each with a text; and zones it copies. */
  readonly own: readonly PeerZone[];
  readonly copied: readonly PeerZone[];
}

export interface Peer {
  readonly server: Running;
  /** Gives a zone that it has another content. */
  change(zone: string, text: string): void;
}

export interface PeerKind {
  readonly name: string;
  readonly programs: readonly string[];
  /** Its differences are IXFR. */
  readonly hasIxfr: boolean;
  /** What it logs when it has taken a change of one record of a zone as differences; undefined: it asks for none. */
  readonly tookChange: ((zone: string) => RegExp) | undefined;
  start(options: PeerOptions, texts: ReadonlyMap<string, string>): Peer;
}

function keysOf({ own, copied }: PeerOptions): PeerKey[] {
  const keys = new Map([...own, ...copied].flatMap(({ key }) => (key ? [[key.name, key] as const] : [])));
  return [...keys.values()];
}

function writeZones(directory: string, texts: ReadonlyMap<string, string>): void {
  for (const [zone, text] of texts) writeFileSync(`${directory}/${zone}.zone`, text);
}

const bind: PeerKind = {
  name: 'BIND',
  programs: ['named', 'rndc'],
  hasIxfr: true,
  tookChange: (zone) => new RegExp(`transfer of '${zone}/IN' .* Transfer completed: 1 messages, 6 records,`),
  start(options, texts) {
    const { ip, port, ours, getd, primary, open, own, copied } = options;
    const directory = temporaryDirectory();
    writeZones(directory, texts);
    const keys = keysOf(options).map(
      (key) => `key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secret}"; };`,
    );
    const control = `key "control" { algorithm hmac-sha256; secret "MDEyMzQ1Njc4OWFiY2RlZg=="; };`;
    const zones = [
      ...own.map(({ name, key }) => {
        const named = key ? ` key "${key.name}"` : '';
        return `zone "${name}" { type primary; file "${name}.zone"; allow-transfer { ${key ? `${named}; 127.0.0.1` : 'any'}; };
          notify explicit; also-notify { ${ours} port ${getd}${named}; }; ixfr-from-differences yes; };`;
      }),
      ...copied.map(({ name, key }) => {
        const from = key ? `${ours} port ${primary} key "${key.name}"` : `${ours} port ${open}`;
        return `zone "${name}" { type secondary; file "${name}.copy"; masterfile-format text; primaries { ${from}; };
          allow-notify { ${ours}; }; notify no; };`;
      }),
    ];
    writeFileSync(
      `${directory}/rndc.conf`,
      `${control} options { default-server ${ip}; default-port ${port + 1}; default-key "control"; };`,
    );
    const controls = `controls { inet ${ip} port ${port + 1} allow { any; } keys { "control"; }; };`;
    const server = startBind(directory, options, [control, ...keys, controls, ...zones].join('\n'));
    return {
      server,
      change(zone, text) {
        writeFileSync(`${directory}/${zone}.zone`, text);
        run(find('rndc')!, ['-c', `${directory}/rndc.conf`, 'reload', zone]);
      },
    };
  },
};

const nsd: PeerKind = {
  name: 'NSD',
  programs: ['nsd'],
  hasIxfr: true,
  tookChange: (zone) => new RegExp(`zone ${zone}\\. received update to serial 2 .* of \\d{3} bytes`),
  start(options, texts) {
    const { ip, ours, getd, primary, open, own, copied } = options;
    const directory = temporaryDirectory();
    writeZones(directory, texts);
    const keys = keysOf(options).map(
      (key) => `key:\n  name: "${key.name}"\n  algorithm: ${key.algorithm}\n  secret: "${key.secret}"\n`,
    );
    const zones = [
      ...own.map(({ name, key }) => {
        const word = key?.name ?? 'NOKEY';
        return `zone:\n  name: "${name}"\n  zonefile: "${name}.zone"\n  provide-xfr: ${ours} ${word}
  provide-xfr: 0.0.0.0/0 NOKEY\n  notify: ${ours}@${getd} ${word}\n  store-ixfr: yes\n  create-ixfr: yes\n  outgoing-interface: ${ip}\n`;
      }),
      ...copied.map(({ name, key }) => {
        const from = key ? `${ours}@${primary} ${key.name}` : `${ours}@${open} NOKEY`;
        return `zone:\n  name: "${name}"\n  zonefile: "${name}.copy"\n  allow-notify: ${ours} ${key?.name ?? 'NOKEY'}
  request-xfr: ${from}\n  outgoing-interface: ${ip}\n  provide-xfr: 0.0.0.0/0 NOKEY\n`;
      }),
    ];
    const server = startNsd(directory, options, [...keys, ...zones].join(''));
    return {
      server,
      change(zone, text) {
        writeFileSync(`${directory}/${zone}.zone`, text);
        server.process.kill('SIGHUP');
      },
    };
  },
};

const knot: PeerKind = {
  name: 'Knot',
  programs: ['knotd'],
  hasIxfr: true,
  tookChange: (zone) => new RegExp(`\\[${zone}\\.\\] IXFR, incoming, .* finished`),
  start(options, texts) {
    const { ip, ours, getd, primary, open, own, copied } = options;
    const directory = temporaryDirectory();
    writeZones(directory, texts);
    const keys = keysOf(options);
    const section = (title: string, items: readonly string[]): string =>
      items.length > 0 ? `${title}:\n${items.join('')}` : '';
    const remotes = [undefined, ...keys].flatMap((key) => {
      const id = key?.name ?? 'none';
      const line = key ? `    key: ${key.name}\n` : '';
      return [
        `  - id: getd-${id}\n    address: ${ours}@${getd}\n    via: ${ip}\n${line}`,
        `  - id: from-${id}\n    address: ${ours}@${key ? primary : open}\n    via: ${ip}\n${line}`,
      ];
    });
    const acls = [undefined, ...keys].flatMap((key) => {
      const id = key?.name ?? 'none';
      const line = key ? `    key: ${key.name}\n` : `    address: ${ours}\n`;
      return [`  - id: out-${id}\n    action: transfer\n${line}`, `  - id: in-${id}\n    action: notify\n${line}`];
    });
    acls.push('  - id: all\n    address: 0.0.0.0/0\n    action: transfer\n');
    const zones = [
      ...own.map(
        ({ name, key }) => `  - domain: ${name}
    storage: "${directory}"
    file: "${name}.zone"
    acl: [out-${key?.name ?? 'none'}, all]
    notify: getd-${key?.name ?? 'none'}
    zonefile-load: difference
    journal-content: changes
`,
      ),
      ...copied.map(
        ({ name, key }) => `  - domain: ${name}
    storage: "${directory}"
    file: "${name}.copy"
    master: from-${key?.name ?? 'none'}
    acl: [in-${key?.name ?? 'none'}, all]
`,
      ),
    ];
    const sections = [
      section(
        'key',
        keys.map((key) => `  - id: ${key.name}\n    algorithm: ${key.algorithm}\n    secret: ${key.secret}\n`),
      ),
      section('remote', remotes),
      section('acl', acls),
      section('zone', zones),
    ];
    const server = startKnot(directory, options, sections.join(''));
    return {
      server,
      change(zone, text) {
        writeFileSync(`${directory}/${zone}.zone`, text);
        server.process.kill('SIGHUP');
      },
    };
  },
};

const powerdns: PeerKind = {
  name: 'PowerDNS',
  programs: ['pdns_server', 'pdnsutil', 'pdns_control'],
  hasIxfr: false,
  tookChange: undefined,
  start(options, texts) {
    const { ip, port, ours, getd, primary, open, own, copied } = options;
    const directory = temporaryDirectory();
    writeZones(directory, texts);
    const zones = [
      ...own.map(({ name }) => `zone "${name}" { type master; file "${directory}/${name}.zone"; };`),
      ...copied.map(({ name, key }) => {
        writeFileSync(`${directory}/${name}.copy`, '');
        return `zone "${name}" { type slave; file "${directory}/${name}.copy"; masters { ${ours}:${key ? primary : open}; }; };`;
      }),
    ];
    writeFileSync(`${directory}/named.conf`, zones.join('\n'));
    writeFileSync(
      `${directory}/pdns.conf`,
      `launch=bind
bind-config=${directory}/named.conf
bind-dnssec-db=${directory}/db
bind-check-interval=0
primary=yes
secondary=yes
local-address=${ip}
local-port=${port}
query-local-address=${ip}
allow-axfr-ips=0.0.0.0/0
allow-notify-from=${ours}
also-notify=${ours}:${getd}
only-notify=
socket-dir=${directory}
xfr-cycle-interval=1
daemon=no
guardian=no
setuid=
setgid=
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
`,
    );
    const util = (...args: string[]) => run(find('pdnsutil')!, [`--config-dir=${directory}`, ...args]);
    util('create-bind-db', `${directory}/db`);
    for (const key of keysOf(options)) util('import-tsig-key', key.name, key.algorithm, key.secret);
    for (const { name, key } of own) if (key) util('activate-tsig-key', name, key.name, 'primary');
    for (const { name, key } of copied) if (key) util('activate-tsig-key', name, key.name, 'secondary');
    const server = start(find('pdns_server')!, [`--config-dir=${directory}`], { cwd: directory });
    return {
      server,
      change(zone, text) {
        writeFileSync(`${directory}/${zone}.zone`, text);
        const control = (...args: string[]) => run(find('pdns_control')!, [`--socket-dir=${directory}`, ...args]);
        control('bind-reload-now', zone);
        control('notify', zone);
      },
    };
  },
};

export const PEERS: readonly PeerKind[] = [bind, nsd, knot, powerdns];
