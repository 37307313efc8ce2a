#!/usr/bin/env node
// dnsip6: the IPv6 addresses of host names, fully qualified as they stand, and their IPv4 addresses in IPv6 form.
import { stdout } from '../src/base/output.ts';
import { addresses6Of, forEachArgument, formatMapped } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnsip6',
    synopsis: 'name ...',
    about: 'Prints the IPv6 addresses of each name, then its IPv4 addresses as ::ffff:a.b.c.d, a line for a name.',
  },
  (args) =>
    forEachArgument(args, 'unable to find IPv6 address for', async (name) => {
      for (const ip of await addresses6Of(name)) stdout.putText(`${formatMapped(ip)} `);
      stdout.putText('\n');
    }),
);
