#!/usr/bin/env node
// pickdns: load balancing by DNS. The skeleton is src/program/dns-server.ts, the responder src/answer/pickdns.ts.

import { PickdnsResponder } from '../src/answer/pickdns.ts';
import { randomBelow } from '../src/base/random.ts';
import { SERVER_NOTES, serveContent } from '../src/program/dns-server.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'pickdns',
    synopsis: '',
    about: 'Answers with three addresses of a name at random, from data.cdb in $ROOT, which pickdns-data compiles.',
    notes: SERVER_NOTES,
  },
  () => serveContent('pickdns', (data) => new PickdnsResponder(data, randomBelow)),
);
