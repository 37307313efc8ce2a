#!/usr/bin/env node
// tinydns-notify: tells secondaries that a zone has changed.
import { run } from '../src/program/main.ts';
import { tinydnsNotify } from '../src/program/tinydns-notify.ts';

run(
  {
    name: 'tinydns-notify',
    synopsis: 'zone [server ...] | -',
    about: 'Tells secondary name servers that a zone has changed (RFC 1996), and prints who has heard it.',
    options: [
      ['-s, --source <address>', 'send from this address, or address:port'],
      ['-k, --key <file>', "sign with the key in this file, whose name is the key's"],
    ],
    notes: `A server is an address, address:port, [v6]:port or a name. Without any, those are told that data.cdb in the
working directory lists as name servers of the zone, but for the primary named in its SOA.
With - the zones are those that lines on standard input begin with. notify/ZONE says whom to tell, for ZONE and all below
it; notify/@ for all; without such a file it is the name servers.`,
  },
  (args, { source, key }) =>
    tinydnsNotify(args, typeof source === 'string' ? source : undefined, typeof key === 'string' ? key : undefined),
);
