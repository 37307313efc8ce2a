// BIND, NSD and Knot as secondaries of ours, and as primaries to fetch back from: each with one zone, on its own
// address.
import { type Address, startBind, startKnot, startNsd } from './name-servers.ts';
import { type Running, temporaryDirectory } from './programs.ts';

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

const bind: SecondaryKind = {
  name: 'BIND',
  program: 'named',
  ip: '127.0.0.1',
  start({ zone, local, primary }) {
    return startBind(
      temporaryDirectory(),
      local,
      `controls { };
zone "${zone}" {
  type secondary; file "zone"; masterfile-format text; notify no; primaries { ${primary.ip} port ${primary.port}; };
};`,
    );
  },
};

const nsd: SecondaryKind = {
  name: 'NSD',
  program: 'nsd',
  start({ zone, local, primary }) {
    return startNsd(
      temporaryDirectory(),
      local,
      `zone:
  name: "${zone}"
  zonefile: "zone"
  allow-notify: ${primary.ip} NOKEY
  request-xfr: ${primary.ip}@${primary.port} NOKEY
  outgoing-interface: ${local.ip}
  provide-xfr: 0.0.0.0/0 NOKEY
`,
    );
  },
};

const knot: SecondaryKind = {
  name: 'Knot',
  program: 'knotd',
  start({ zone, local, primary }) {
    const directory = temporaryDirectory();
    return startKnot(
      directory,
      local,
      `remote:
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
  },
};

/** The three, in the order in which their addresses are numbered. */
export const SECONDARIES: readonly SecondaryKind[] = [bind, nsd, knot];
