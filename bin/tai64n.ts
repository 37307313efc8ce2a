#!/usr/bin/env node
// tai64n: puts the moment of its arrival before each line. Counterpart: tai64n.c of daemontools.
import { stampLines } from '../src/log/tai64n.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'tai64n',
    synopsis: '',
    about: 'Copies standard input to standard output, with a TAI64N label and a space before each line.',
  },
  () => stampLines(0),
);
