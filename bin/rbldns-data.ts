#!/usr/bin/env node
// rbldns-data: compiles data to data.cdb. The lines are in src/data/rbldns-text.ts, the files in
// src/program/compile.ts.
import { RbldnsCompiler } from '../src/data/rbldns-text.ts';
import { compileData } from '../src/program/compile.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'rbldns-data',
    synopsis: '',
    about:
      'Compiles the address list data in the current directory to data.cdb, in one step; rbldns serves it at once.',
  },
  () => compileData((maker) => new RbldnsCompiler(maker)),
);
