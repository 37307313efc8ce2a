#!/usr/bin/env node
// axfrdns-conf: a service directory for axfrdns, under tcpserver or by itself. Counterpart: axfrdns-conf.c. Nobody is
// admitted until `tcp` is edited, and nothing works until `make` has built tcp.cdb.
import { CONF_NOTES, CONF_OPTIONS, confRequest, DATA_LIMIT, Service } from '../src/program/conf.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'axfrdns-conf',
    synopsis: 'acct logacct /axfrdns /tinydns myip',
    about: 'Creates the service directory /axfrdns for axfrdns on the address myip, with the data of /tinydns.',
    options: [...CONF_OPTIONS, ['--listen', 'one axfrdns for all connections, without tcpserver']],
    notes: CONF_NOTES,
  },
  (args, options) => {
    const request = confRequest(args, options, { least: 5, paths: [2, 3] });
    const { account, bin } = request;
    const [tinydns, ip] = request.rest as [string, string];
    const service = new Service(request);
    service.logDirectory();
    service.logRun();
    service.environment({ ROOT: `${tinydns}/root`, IP: ip });
    if (options['listen']) {
      service.run(`exec envuidgid ${account} envdir ./env softlimit -d${DATA_LIMIT} ${bin}/axfrdns --listen`);
    } else {
      // The inner shell gives $IP to tcpserver; envuidgid comes after it because some shells set $UID themselves.
      const server = `tcpserver -vDRHl0 -x tcp.cdb -- "$IP" 53 ${bin}/axfrdns`;
      service.run("exec envdir ./env sh -c '", `  exec envuidgid ${account} softlimit -d${DATA_LIMIT} ${server}`, "'");
    }
    service.write('Makefile', 'tcp.cdb: tcp\n\ttcprules tcp.cdb tcp.tmp < tcp\n', 0o644);
    service.write('tcp', '# sample line:  1.2.3.4:allow,AXFR="heaven.af.mil/3.2.1.in-addr.arpa"\n:deny\n', 0o644);
  },
);
