#!/usr/bin/env node
import { stampLines } from '../src/log/tai64n.ts';
// tai64n: puts the moment of its arrival before each line. Counterpart: tai64n.c of daemontools.
import { run } from '../src/program/main.ts';

run(
  {
    name: 'tai64n',
    synopsis: '',
    about: 'Copies standard input to standard output, with a TAI64N label and a space before each line.',
  },
  () => stampLines(0),
);
