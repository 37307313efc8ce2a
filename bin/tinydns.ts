#!/usr/bin/env node
// tinydns: answers from data.cdb over UDP. The skeleton is src/program/dns-server.ts, the lookup src/lookup/tinydns.ts.
import { serveContent } from '../src/program/dns-server.ts';
import { run } from '../src/program/main.ts';
import { tinydnsLookup } from '../src/program/tinydns.ts';

run(
  {
    name: 'tinydns',
    synopsis: '',
    about: 'Answers DNS questions over UDP from data.cdb in $ROOT, which tinydns-data compiles.',
    notes: `Environment:
  IP            address to listen on
  PORT          port to listen on instead of 53
  ROOT          directory to serve from; tinydns chroots there
  UID, GID      numbers of the user and group to run as
  UNPRIVILEGED  set: do not chroot nor change user, only chdir to $ROOT
  TAI64N        set: begin each log line with a TAI64N label`,
  },
  () => serveContent('tinydns', tinydnsLookup),
);
