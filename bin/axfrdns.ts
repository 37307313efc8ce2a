#!/usr/bin/env node
// axfrdns: answers over TCP from data.cdb, whole zones too. Under tcpserver: src/program/axfrdns.ts.
import { serveDescriptors } from '../src/program/axfrdns.ts';
import { run } from '../src/program/main.ts';

run({ name: 'axfrdns', synopsis: '', about: 'Answers DNS questions and zone transfers over TCP from data.cdb.' }, () =>
  serveDescriptors(),
);
