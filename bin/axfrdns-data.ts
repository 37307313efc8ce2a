#!/usr/bin/env node
// axfrdns-data: what has changed in data.cdb, for axfrdns to send as changes.
import { axfrdnsData } from '../src/program/axfrdns-data.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'axfrdns-data',
    synopsis: '',
    about: 'Compares data.cdb in the current directory with the one of the last time; keeps the changes in ixfr.cdb.',
    notes: 'Prints the name and the serial of each zone that is new or has a newer serial: lines for tinydns-notify.',
  },
  axfrdnsData,
);
