#!/usr/bin/env node
// tinydns-export: a zone out of data.cdb, or out of data lines, as a zone file.
import { run } from '../src/program/main.ts';
import { tinydnsExport } from '../src/program/tinydns-export.ts';

run(
  {
    name: 'tinydns-export',
    synopsis: 'zone [file]',
    about: 'Prints a zone of data.cdb in the current directory, or of another file, as a zone file.',
    options: [
      ['--location <lo>', 'take the records that clients in this location see'],
      ['--now', 'take the records with timestamps that are there at this moment'],
    ],
    notes: `A file whose name ends in .cdb is taken for a data.cdb, any other for data lines.`,
  },
  tinydnsExport,
);
