#!/usr/bin/env node
// dnslog: makes the servers' logs readable. No counterpart in djbdns.
import { DNSLOG_OPTIONS, dnslog } from '../src/program/dnslog.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnslog',
    synopsis: '[ file | directory ... ]',
    about: 'Prints the logs of tinydns, dnscache and the others for people.',
    options: DNSLOG_OPTIONS,
    notes: `Reads standard input, files, directories of multilog with their rotated files, or service directories.
Exit codes: 0 done, 100 wrong arguments, 111 a log cannot be read.`,
  },
  dnslog,
);
