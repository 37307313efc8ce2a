#!/usr/bin/env node
// pickdns-data: compiles data to data.cdb. The lines are in src/data/pickdns-text.ts, the files in
// src/program/compile.ts.
import { PickdnsCompiler } from '../src/data/pickdns-text.ts';
import { compileData } from '../src/program/compile.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'pickdns-data',
    synopsis: '',
    about: 'Compiles data in the current directory to data.cdb, in one step; pickdns serves it at once.',
  },
  () => compileData((maker) => new PickdnsCompiler(maker)),
);
