#!/usr/bin/env node
// dnsfilter: puts host names behind the IP addresses at the beginnings of lines.
import { filter, filterLimits } from '../src/program/dnsfilter.ts';
import { CACHE_NOTES } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnsfilter',
    synopsis: '[ -c concurrency ] [ -l lines ]',
    about: 'Copies stdin to stdout and puts host names behind the IP addresses at the beginnings of lines.',
    notes: `Options of the original:
  -c concurrency  questions out at a time (10; 1 to 1000)
  -l lines        lines held at a time (1000; 1 to 1000000); -n is the same
Ours:
  -6              look IPv6 addresses up too

${CACHE_NOTES}`,
  },
  (args) => filter(filterLimits(args)),
);
