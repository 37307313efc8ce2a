#!/usr/bin/env node
// rbldns-conf: a service directory for rbldns. Counterpart: rbldns-conf.c.
import { CONF_NOTES, CONF_OPTIONS, confData, confRequest, confUdp } from '../src/program/conf.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'rbldns-conf',
    synopsis: 'acct logacct /rbldns myip base',
    about: 'Creates the service directory /rbldns for rbldns, which lists addresses below base, on the address myip.',
    options: CONF_OPTIONS,
    notes: CONF_NOTES,
  },
  (args, options) => {
    const request = confRequest(args, options, { least: 5, paths: [2] });
    const [ip, base] = request.rest as [string, string];
    const service = confUdp(request, 'rbldns', { IP: ip, BASE: base });
    confData(service, `${request.bin}/rbldns-data`);
  },
);
