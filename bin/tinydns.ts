#!/usr/bin/env node
// tinydns: answers from data.cdb over UDP. The skeleton is src/program/dns-server.ts, the responder
// src/answer/tinydns.ts.

import { TinydnsResponder } from '../src/answer/tinydns.ts';
import { SERVER_NOTES, serveContent } from '../src/program/dns-server.ts';
import { isSet } from '../src/program/env.ts';
import { run } from '../src/program/main.ts';
import { TINYDNS_NOTES, tinydnsOptions } from '../src/program/tinydns-options.ts';

run(
  {
    name: 'tinydns',
    synopsis: '',
    about: 'Answers DNS questions over UDP from data.cdb in $ROOT, which tinydns-data compiles.',
    notes: `${SERVER_NOTES}
${TINYDNS_NOTES}
  MINIMALANY    set: answer type ANY with the records of one type`,
  },
  () =>
    serveContent('tinydns', (data) => {
      const options = { ...tinydnsOptions(), minimalAny: isSet('MINIMALANY') };
      return new TinydnsResponder(data, options);
    }),
);
