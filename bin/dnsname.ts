#!/usr/bin/env node
// dnsname: the host names of IP addresses, by their first PTR records.
import { ip4Of, scanIp6 } from '../src/base/address.ts';
import { bytesOf } from '../src/base/bytes.ts';
import { Fatal } from '../src/base/errors.ts';
import { stdout } from '../src/base/output.ts';
import { CACHE_NOTES, CLIENT_OPTIONS, forEachArgument, lookupName, mannerOf } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';
import { hostNameIn } from '../src/stub/extract.ts';
import { reverseName } from '../src/wire/address-name.ts';
import { formatName } from '../src/wire/name.ts';
import * as TYPE from '../src/wire/type.ts';

run(
  {
    name: 'dnsname',
    synopsis: 'ip ...',
    about: 'Prints the host name of each IP address, a line for an address.',
    options: CLIENT_OPTIONS,
    notes: CACHE_NOTES,
  },
  async (args, options) => {
    const manner = mannerOf(options);
    await forEachArgument(args, 'unable to find host name for', async (text) => {
      const ip = ip4Of(bytesOf(text)) ?? scanIp6(text);
      if (!ip) throw new Fatal(`unable to parse IP address ${text}`);
      const host = await lookupName({ name: reverseName(ip), type: TYPE.PTR }, hostNameIn, manner);
      stdout.putText(host ? `${formatName(host)}\n` : '\n');
    });
  },
);
