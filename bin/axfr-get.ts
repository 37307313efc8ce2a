#!/usr/bin/env node
// axfr-get: fetches a zone from another name server into lines for tinydns-data.
import { axfrGet } from '../src/program/axfr-get.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'axfr-get',
    synopsis: 'zone fn fn.tmp',
    about: 'Fetches a zone into a file of tinydns-data lines, if its serial has changed.',
    options: [['--typed', 'write lines with the names of types and data as text']],
    notes: `The lines go to fn.tmp, which then takes the place of fn.
Under tcpclient the connection is on descriptors 6 and 7. With a fourth argument, address[:port], axfr-get
connects by itself.`,
  },
  axfrGet,
);
