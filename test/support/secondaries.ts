// BIND, NSD and Knot as secondaries of ours, and as primaries to fetch back from: each with one zone, on its own
// address.
import { mkdirSync, writeFileSync } from 'node:fs';
import { find, type Running, start, temporaryDirectory } from './programs.ts';

/** Where a server listens. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** A name server that copies `zone` from `primary`, takes NOTIFY from its address and lets anybody transfer. */
export interface SecondaryOptions {
  readonly zone: string;
  readonly local: Address;
  readonly primary: Address;
}

export interface SecondaryKind {
  readonly name: string;
  readonly program: string;
  /** The only address that it can listen on, where it insists on one that an interface has. */
  readonly ip?: string;
  start(options: SecondaryOptions): Running;
}

function folder(): string {
  return temporaryDirectory();
}

/** Runs in the foreground with everything it writes in `directory`; the programs log to stderr. */
function startIn(program: string, args: readonly string[], directory: string): Running {
  return start(find(program)!, args, { cwd: directory });
}

const bind: SecondaryKind = {
  name: 'BIND',
  program: 'named',
  ip: '127.0.0.1',
  start({ zone, local, primary }) {
    const directory = folder();
    writeFileSync(
      `${directory}/named.conf`,
      `options {
        directory "${directory}"; pid-file none; session-keyfile none; lock-file none; managed-keys-directory "${directory}";
        listen-on port ${local.port} { ${local.ip}; }; listen-on-v6 { none; };
        query-source address ${local.ip}; transfer-source ${local.ip}; notify no;
        recursion no; dnssec-validation no; allow-transfer { any; }; serial-query-rate 1000;
        min-refresh-time 1; min-retry-time 1; max-retry-time 2;
      };
      controls { };
      zone "${zone}" {
        type secondary; file "zone"; masterfile-format text; primaries { ${primary.ip} port ${primary.port}; };
      };`,
    );
    return startIn('named', ['-g', '-n', '1', '-c', `${directory}/named.conf`], directory);
  },
};

const nsd: SecondaryKind = {
  name: 'NSD',
  program: 'nsd',
  start({ zone, local, primary }) {
    const directory = folder();
    writeFileSync(
      `${directory}/nsd.conf`,
      `server:
  ip-address: ${local.ip}@${local.port}
  username: ""
  chroot: ""
  pidfile: "${directory}/nsd.pid"
  zonesdir: "${directory}"
  xfrdfile: "${directory}/xfrd.state"
  zonelistfile: "${directory}/zone.list"
  xfrdir: "${directory}"
  verbosity: 2
  server-count: 1
  database: ""
  xfrd-reload-timeout: 0
remote-control:
  control-enable: no
zone:
  name: "${zone}"
  zonefile: "zone"
  allow-notify: ${primary.ip} NOKEY
  request-xfr: ${primary.ip}@${primary.port} NOKEY
  outgoing-interface: ${local.ip}
  provide-xfr: 0.0.0.0/0 NOKEY
`,
    );
    return startIn('nsd', ['-d', '-c', `${directory}/nsd.conf`], directory);
  },
};

const knot: SecondaryKind = {
  name: 'Knot',
  program: 'knotd',
  start({ zone, local, primary }) {
    const directory = folder();
    mkdirSync(`${directory}/run`);
    writeFileSync(
      `${directory}/knot.conf`,
      `server:
  rundir: "${directory}/run"
  listen: ${local.ip}@${local.port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: info
database:
  storage: "${directory}"
  timer-db-max-size: 10M
  journal-db-max-size: 50M
remote:
  - id: primary
    address: ${primary.ip}@${primary.port}
    via: ${local.ip}
acl:
  - id: notify
    address: ${primary.ip}
    action: notify
  - id: transfer
    address: 0.0.0.0/0
    action: transfer
zone:
  - domain: ${zone}
    storage: "${directory}"
    file: zone
    master: primary
    acl: [notify, transfer]
`,
    );
    return startIn('knotd', ['-c', `${directory}/knot.conf`], directory);
  },
};

/** The three, in the order in which their addresses are numbered. */
export const SECONDARIES: readonly SecondaryKind[] = [bind, nsd, knot];
