#!/usr/bin/env node
// pickdns-conf: a service directory for pickdns. Counterpart: pickdns-conf.c.
import { CONF_NOTES, CONF_OPTIONS, confData, confRequest, confUdp } from '../src/program/conf.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'pickdns-conf',
    synopsis: 'acct logacct /pickdns myip',
    about: 'Creates the service directory /pickdns for pickdns on the address myip.',
    options: CONF_OPTIONS,
    notes: CONF_NOTES,
  },
  (args, options) => {
    const request = confRequest(args, options, { least: 4, paths: [2] });
    const service = confUdp(request, 'pickdns', { IP: request.rest[0] as string });
    confData(service, `${request.bin}/pickdns-data`);
  },
);
