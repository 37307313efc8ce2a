#!/usr/bin/env node
// walldns-conf: a service directory for walldns. Counterpart: walldns-conf.c.
import { CONF_NOTES, CONF_OPTIONS, confRequest, confUdp } from '../src/program/conf.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'walldns-conf',
    synopsis: 'acct logacct /walldns myip',
    about: 'Creates the service directory /walldns for walldns on the address myip.',
    options: CONF_OPTIONS,
    notes: CONF_NOTES,
  },
  (args, options) => {
    const request = confRequest(args, options, { least: 4, paths: [2] });
    confUdp(request, 'walldns', { IP: request.rest[0] as string });
  },
);
