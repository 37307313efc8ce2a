#!/usr/bin/env node
// axfr-getd-conf: a service directory for axfr-getd, whose copies the tinydns of another one serves.
import { existsSync, readFileSync } from 'node:fs';
import { Fatal } from '../src/base/errors.ts';
import { findAccount } from '../src/base/libc.ts';
import { CONF_NOTES, CONF_OPTIONS, confRequest, DATA_LIMIT, Service } from '../src/program/conf.ts';
import { run } from '../src/program/main.ts';

/** Searched by its group, which new files get. */
const SECRET_DIRECTORY_MODE = 0o2750;

run(
  {
    name: 'axfr-getd-conf',
    synopsis: 'acct logacct /axfr-getd /tinydns myip[:port]',
    about: 'Creates the service directory /axfr-getd for axfr-getd, which keeps copies of zones for /tinydns.',
    options: CONF_OPTIONS,
    notes: CONF_NOTES,
  },
  (args, options) => {
    const request = confRequest(args, options, { least: 5, paths: [2, 3] });
    const { account, bin, directory } = request;
    const [tinydns, address] = request.rest as [string, string];
    const { ip, port } = addressOf(address);
    if (port === undefined && isOwnAddress(tinydns, ip)) {
      throw new Fatal(`${ip} is where ${tinydns} listens: give a port, ${ip}:5353 say`, 100);
    }
    const owner = findAccount(account);
    if (!owner) throw new Fatal(`unknown account ${account}`);
    const service = new Service(request);
    service.logDirectory();
    service.logRun();
    service.environment({ ROOT: `${directory}/root`, IP: ip, PORT: port ?? '53' });
    service.run(`exec envuidgid ${account} envdir ./env softlimit -d${DATA_LIMIT} ${bin}/axfr-getd ./publish`);
    service.write('publish', `#!/bin/sh\ncd ${tinydns}/root && exec ${bin}/tinydns-data\n`, 0o755);
    service.mkdir('root');
    service.mkdir('root/servers');
    service.mkdir('root/tsig', { uid: 0, gid: owner.gid }, SECRET_DIRECTORY_MODE);
    for (const name of ['zones', 'held', 'tmp']) service.mkdir(`root/${name}`, owner);
    service.link('root/zones', `${tinydns}/root/zones`);
  },
);

/** An address, and the port behind it where one is given. */
function addressOf(text: string): { ip: string; port: string | undefined } {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d+))?$/.exec(text) ?? /^([0-9A-Fa-f:.]+)()$/.exec(text);
  if (!match) throw new Fatal(`unable to parse IP address ${text}`, 100);
  return { ip: match[1]!.replace(/[[\]]/g, ''), port: match[2] || undefined };
}

/** True when the tinydns of that directory listens on the address. */
function isOwnAddress(tinydns: string, ip: string): boolean {
  const path = Buffer.from(`${tinydns}/env/IP`, 'latin1');
  return (
    existsSync(path) &&
    readFileSync(path, 'latin1')
      .split(/[\s,]+/)
      .includes(ip)
  );
}
