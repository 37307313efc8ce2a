#!/usr/bin/env node
// tinydns-check: says what of a data file compiles but does not work. The checks are src/data/check-*.ts.
import { run } from '../src/program/main.ts';
import { CHECK_FILE_OPTIONS, tinydnsCheck } from '../src/program/tinydns-check.ts';

run(
  {
    name: 'tinydns-check',
    synopsis: '[data | data.cdb]',
    about: 'Says what of a data file for tinydns compiles but does not work.',
    options: CHECK_FILE_OPTIONS,
    notes: 'Exit codes: 0 nothing found, 1 findings, 100 wrong arguments, 111 a file cannot be read.',
  },
  tinydnsCheck,
);
