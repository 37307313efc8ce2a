#!/usr/bin/env node
// axfr-getd: keeps copies of zones of other primaries, and runs a program when one has changed.
import { axfrGetd } from '../src/program/axfr-getd.ts';
import { READY_NOTES } from '../src/program/listen.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'axfr-getd',
    synopsis: '[program [argument ...]]',
    endsWithCommand: true,
    about: 'Keeps copies of zones of other name servers, and runs a program whenever one has changed.',
    notes: `Environment:
  ROOT          directory with servers, tsig, zones, held, tmp; axfr-getd chroots there
  UID, GID      numbers of the user and group to run as
  IP, PORT      address and port (53) to take NOTIFY on
  IPSEND        addresses to send from, instead of IP
  MINREFRESH, MAXREFRESH            bounds of an SOA's REFRESH in seconds (60, 86400)
  TRANSFERS, PERPRIMARY             connections at a time, in all and to one address (20, 5)
  RATE          SOA questions a second to one address (100)
  MAXRECORDS, MAXBYTES, MAXSECONDS  bounds of one transfer (10000000, 1000000000, 3600)
  TLSCA         file with the authorities of certificates
  UNPRIVILEGED  set: do not chroot nor change user, only chdir to $ROOT
  TAI64N        set: begin each log line with a TAI64N label
${READY_NOTES}
Signals: HUP reads servers and tsig again, ALRM checks every zone now, TERM ends it.`,
  },
  axfrGetd,
);
