#!/usr/bin/env node
// dnstracesort: sorts the output of dnstrace for reading.
import { readFileSync } from 'node:fs';
import { textOf } from '../src/base/bytes.ts';
import { orFatal } from '../src/base/errors.ts';
import { stdout } from '../src/base/output.ts';
import { run } from '../src/program/main.ts';
import { sortTrace } from '../src/stub/tracesort.ts';

run(
  { name: 'dnstracesort', synopsis: '', about: 'Sorts what dnstrace printed, from stdin to stdout, for reading.' },
  () => {
    stdout.mustWrite();
    stdout.putText(sortTrace(textOf(orFatal('unable to read input', () => readFileSync(0)))));
  },
);
