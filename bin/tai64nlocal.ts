#!/usr/bin/env node
// tai64nlocal: turns labels at the start of lines into local time. Counterpart: tai64nlocal.c of daemontools.
import { localLines } from '../src/log/tai64n.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'tai64nlocal',
    synopsis: '',
    about: 'Copies standard input to standard output; TAI64N labels at the start of lines become local time.',
  },
  () => localLines(0),
);
