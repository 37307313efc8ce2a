#!/usr/bin/env node
// tinydns-conf: a service directory for tinydns. Counterpart: tinydns-conf.c.
import { CONF_NOTES, CONF_OPTIONS, confData, confRequest, confUdp } from '../src/program/conf.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'tinydns-conf',
    synopsis: 'acct logacct /tinydns myip',
    about: 'Creates the service directory /tinydns for tinydns on the address myip.',
    options: [
      ...CONF_OPTIONS,
      ['--check', 'let the Makefile compile only what tinydns-check finds nothing in'],
      ['--notify', 'make tells the secondaries of each zone that has changed'],
    ],
    notes: CONF_NOTES,
  },
  (args, options) => {
    const request = confRequest(args, options, { least: 4, paths: [2] });
    const { bin, rest } = request;
    const service = confUdp(request, 'tinydns', { IP: rest[0] as string });
    const modes = ['ns', 'childns', 'host', 'alias', 'mx', ...(rest[0]!.includes(':') ? ['host6', 'alias6'] : [])];
    const tell = `${bin}/axfrdns-data | ${bin}/tinydns-notify -s ${rest[0]} - &`;
    const steps = [`${bin}/tinydns-data`];
    if (options['check']) steps.unshift(`${bin}/tinydns-check`);
    if (options['notify']) steps.push(tell);
    confData(service, steps.join('\n\t'), () => {
      for (const what of modes) {
        const edit = `exec ${bin}/tinydns-edit data data.new add ${what} \${1+"$@"}`;
        service.write(`root/add-${what}`, `#!/bin/sh\n${edit}\n`, 0o755);
      }
    });
  },
);
