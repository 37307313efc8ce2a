#!/usr/bin/env node
// dnsip6: the IPv6 addresses of host names, fully qualified as they stand, and their IPv4 addresses in IPv6 form.

import {
  addresses6Of,
  CACHE_NOTES,
  CHECK_OPTIONS,
  forEachArgument,
  formatMapped,
  mannerOf,
  noteCheck,
  printAddresses,
} from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnsip6',
    synopsis: 'name ...',
    about: 'Prints the IPv6 addresses of each name, then its IPv4 addresses as ::ffff:a.b.c.d, a line for a name.',
    options: CHECK_OPTIONS,
    notes: CACHE_NOTES,
  },
  async (args, options) => {
    const manner = mannerOf(options);
    await forEachArgument(args, 'unable to find IPv6 address for', async (name) => {
      const addresses = await addresses6Of(name, manner);
      if (options['check']) noteCheck(addresses.length > 0 ? 'found' : 'none');
      printAddresses(addresses, formatMapped);
    });
  },
);
