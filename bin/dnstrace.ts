#!/usr/bin/env node
// dnstrace: asks every server that may answer a question, and shows all that they say.
import { TYPE_NOTES } from '../src/program/args.ts';
import { dnstrace } from '../src/program/dnstrace.ts';
import { REWRITE_NOTES } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'dnstrace',
    synopsis: 'type name rootip ...',
    about: 'Asks every DNS server on the way from the root servers to a name, and prints all that they say.',
    options: [
      ['--tree', 'print a tree of questions, zones and servers when all is known'],
      ['--dot', 'print a graph for Graphviz when all is known'],
      ['--typed', 'print records of all types by name and as text'],
      ['--timeout <seconds>', 'give up a question after so many seconds (a minute; 4 with --tree and --dot)'],
    ],
    notes: `${TYPE_NOTES}
A root is an address, with a port if need be (127.0.0.1:5353, [::1]:5353), or a name. With --tree and --dot the root
servers are known.

${REWRITE_NOTES}
  NO_COLOR      set: no colours in a tree`,
  },
  dnstrace,
);
