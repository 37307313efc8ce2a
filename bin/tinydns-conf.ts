#!/usr/bin/env node
// tinydns-conf: a service directory for tinydns. Counterpart: tinydns-conf.c.
import { CONF_NOTES, CONF_OPTIONS, confData, confRequest, confUdp } from '../src/program/conf.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'tinydns-conf',
    synopsis: 'acct logacct /tinydns myip',
    about: 'Creates the service directory /tinydns for tinydns on the address myip.',
    options: CONF_OPTIONS,
    notes: CONF_NOTES,
  },
  (args, options) => {
    const request = confRequest(args, options, { least: 4, paths: [2] });
    const { bin, rest } = request;
    const service = confUdp(request, 'tinydns', { IP: rest[0] as string });
    confData(service, `${bin}/tinydns-data`, () => {
      for (const what of ['ns', 'childns', 'host', 'alias', 'mx']) {
        const edit = `exec ${bin}/tinydns-edit data data.new add ${what} \${1+"$@"}`;
        service.write(`root/add-${what}`, `#!/bin/sh\n${edit}\n`, 0o755);
      }
    });
  },
);
