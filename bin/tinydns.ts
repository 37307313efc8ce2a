#!/usr/bin/env node
// tinydns: answers from data.cdb over UDP. The skeleton is src/program/dns-server.ts, the responder src/answer/tinydns.ts.

import { TinydnsResponder } from '../src/answer/tinydns.ts';
import { MappedFile } from '../src/base/mapped-file.ts';
import { randomBelow } from '../src/base/random.ts';
import { SERVER_NOTES, serveContent } from '../src/program/dns-server.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'tinydns',
    synopsis: '',
    about: 'Answers DNS questions over UDP from data.cdb in $ROOT, which tinydns-data compiles.',
    notes: SERVER_NOTES,
  },
  () => serveContent('tinydns', () => new TinydnsResponder(new MappedFile('data.cdb'), randomBelow)),
);
