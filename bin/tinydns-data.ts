#!/usr/bin/env node
// tinydns-data: compiles data to data.cdb. The lines are in src/data/tinydns-text.ts, the files in
// src/program/compile.ts.
import { TinydnsCompiler } from '../src/data/tinydns-text.ts';
import { compileData } from '../src/program/compile.ts';
import { isSet } from '../src/program/env.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'tinydns-data',
    synopsis: '',
    about: 'Compiles data in the current directory to data.cdb, in one step; tinydns serves it at once.',
    notes: `Environment:
  RFC4592  set: data.cdb says which names exist, so that wildcards are as in RFC 4592`,
  },
  () => compileData((maker, stats) => new TinydnsCompiler(maker, Math.floor(stats.mtimeMs / 1000), isSet('RFC4592'))),
);
