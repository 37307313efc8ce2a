#!/usr/bin/env node
// dnscache-conf: a service directory for dnscache. Counterpart: dnscache-conf.c. The list of root servers is the
// administrator's where there is one, else the newer of the system's and ours.
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { orFatal } from '../src/base/errors.ts';
import { readIfExists } from '../src/base/files.ts';
import { stdout } from '../src/base/output.ts';
import { CONF_NOTES, CONF_OPTIONS, confRequest, DATA_LIMIT, Service } from '../src/program/conf.ts';
import { run } from '../src/program/main.ts';
import { packageFile } from '../src/program/package-file.ts';

const SEED_SIZE = 128;
/** Octets that no network has to cut into fragments. */
const EDNS_PAYLOAD = '1232';

/** Since when the package's list has been right: b.root-servers.net got its address of today then. */
const LIST_SINCE = Date.UTC(2023, 10, 27);

const LOCAL_LIST = '/etc/dnsroots.local';
const SYSTEM_LIST = '/etc/dnsroots.global';

interface RootServers {
  file: string;
  list: Uint8Array;
}

/**
 * The administrator's list, else the newer of the system's and the package's own. A system's list from before ours, as
 * Debian's is, has addresses where no root server is any more.
 */
function rootServers(): RootServers {
  for (const file of [LOCAL_LIST, SYSTEM_LIST]) {
    const list = orFatal(`unable to open ${file}`, () => readIfExists(file));
    if (list && (file === LOCAL_LIST || statSync(file).mtimeMs >= LIST_SINCE)) return { file, list };
  }
  const own = packageFile('share/dnsroots.global');
  return { file: decodeURI(own.pathname), list: readFileSync(own) };
}

run(
  {
    name: 'dnscache-conf',
    synopsis: 'acct logacct /dnscache [ myip ]',
    about: 'Creates the service directory /dnscache for dnscache on the address myip (127.0.0.1 when not given).',
    options: [...CONF_OPTIONS, ['--edns', 'ask servers with EDNS (RFC 6891), for responses over 512 octets']],
    notes: CONF_NOTES,
  },
  (args, options) => {
    const request = confRequest(args, options, { least: 3, most: 4, paths: [2] });
    const { account, bin, directory } = request;
    const roots = rootServers();
    const service = new Service(request);
    service.logDirectory();
    service.environment({
      ROOT: `${directory}/root`,
      IP: request.rest[0] ?? '127.0.0.1',
      IPSEND: '0.0.0.0',
      CACHESIZE: '1000000',
      DATALIMIT: String(DATA_LIMIT),
      ...(options['edns'] ? { EDNS: EDNS_PAYLOAD } : {}),
    });
    // The inner shell reads $DATALIMIT; envuidgid comes after it because some shells set $UID themselves.
    service.run(
      'exec <seed',
      "exec envdir ./env sh -c '",
      `  exec envuidgid ${account} softlimit -o250 -d "$DATALIMIT" ${bin}/dnscache`,
      "'",
    );
    service.logRun();
    service.mkdir('root');
    service.mkdir('root/ip');
    service.write('root/ip/127.0.0.1', '', 0o600);
    service.mkdir('root/servers');
    service.write('root/servers/@', roots.list, 0o644);
    service.write('seed', randomBytes(SEED_SIZE), 0o600);
    stdout.putText(`root servers from ${roots.file}\n`);
  },
);
