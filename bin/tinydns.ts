#!/usr/bin/env node
// tinydns: answers from data.cdb over UDP. The skeleton is src/program/dns-server.ts, the lookup src/answer/tinydns.ts.
import { SERVER_NOTES, serveContent } from '../src/program/dns-server.ts';
import { run } from '../src/program/main.ts';
import { tinydnsLookup } from '../src/program/tinydns.ts';

run(
  {
    name: 'tinydns',
    synopsis: '',
    about: 'Answers DNS questions over UDP from data.cdb in $ROOT, which tinydns-data compiles.',
    notes: SERVER_NOTES,
  },
  () => serveContent('tinydns', tinydnsLookup),
);
