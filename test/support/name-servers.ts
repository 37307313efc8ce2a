// BIND, NSD and Knot in the foreground, their files in a directory, their log on stderr: what every configuration of
// theirs in the tests has in common. Zones, keys and access are the caller's.
import { mkdirSync, writeFileSync } from 'node:fs';
import { find, type Running, start } from './programs.ts';

/** Where a server listens. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** Starts named in `directory`; `statements` follow its options. It listens on addresses of interfaces only. */
export function startBind(directory: string, { ip, port }: Address, statements: string): Running {
  writeFileSync(
    `${directory}/named.conf`,
    `options { directory "${directory}"; pid-file none; session-keyfile none; lock-file none;
  managed-keys-directory "${directory}"; listen-on port ${port} { ${ip}; }; listen-on-v6 { none; };
  query-source address ${ip}; transfer-source ${ip}; notify-source ${ip}; recursion no; dnssec-validation no;
  allow-transfer { any; }; serial-query-rate 1000; min-refresh-time 1; min-retry-time 1; max-retry-time 2; };
${statements}`,
  );
  return start(find('named')!, ['-g', '-n', '1', '-c', `${directory}/named.conf`], { cwd: directory });
}

/** Starts nsd in `directory`; `clauses` are those after `server:` and `remote-control:`. */
export function startNsd(directory: string, { ip, port }: Address, clauses: string): Running {
  writeFileSync(
    `${directory}/nsd.conf`,
    `server:
  ip-address: ${ip}@${port}
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
${clauses}`,
  );
  return start(find('nsd')!, ['-d', '-c', `${directory}/nsd.conf`], { cwd: directory });
}

/** Starts knotd in `directory`; `sections` are those after `server`, `log` and `database`. */
export function startKnot(directory: string, { ip, port }: Address, sections: string): Running {
  mkdirSync(`${directory}/run`);
  writeFileSync(
    `${directory}/knot.conf`,
    `server:
  rundir: "${directory}/run"
  listen: ${ip}@${port}
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
${sections}`,
  );
  return start(find('knotd')!, ['-c', `${directory}/knot.conf`], { cwd: directory });
}
