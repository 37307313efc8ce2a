#!/usr/bin/env node
// tinydns-import: zone files, as BIND has them, to lines for tinydns-data.
import { run } from '../src/program/main.ts';
import { tinydnsImport } from '../src/program/tinydns-import.ts';

run(
  {
    name: 'tinydns-import',
    synopsis: 'zone file ...',
    about: 'Prints the lines for tinydns-data that say what zone files say.',
    options: [
      ['--include-anywhere', 'let $INCLUDE name files outside the folder of the zone file'],
      ['--new-serials', 'leave serials to tinydns-data, and write `.` lines where they fit'],
    ],
    notes: `Several zones may be given, each with its file: then addresses and their reverse records are one line.`,
  },
  tinydnsImport,
);
