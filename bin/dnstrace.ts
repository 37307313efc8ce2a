#!/usr/bin/env node
// dnstrace: asks every server that may answer a question, and shows all that they say.
import { dnstrace } from '../src/program/dnstrace.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnstrace',
    synopsis: 'type name rootip ...',
    about: 'Asks every DNS server on the way from the root servers to a name, and prints all that they say.',
    options: [
      ['--tree', 'print a tree of questions, zones and servers when all is known'],
      ['--dot', 'print a graph for Graphviz when all is known'],
    ],
  },
  dnstrace,
);
