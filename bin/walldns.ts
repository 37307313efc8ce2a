#!/usr/bin/env node
// walldns: a reverse DNS wall. The skeleton is src/program/dns-server.ts, the responder src/answer/walldns.ts.

import { walldns } from '../src/answer/walldns.ts';
import { SERVER_NOTES, serveContent } from '../src/program/dns-server.ts';
import { isSet } from '../src/program/env.ts';
import { run } from '../src/program/main.ts';

run(
  {
    name: 'walldns',
    synopsis: '',
    about: 'Gives every IP address a name and that name its address: d.c.b.a.in-addr.arpa. Needs no data.',
    notes: `${SERVER_NOTES}
  IP6ARPA       set: names below ip6.arpa are answered too`,
  },
  () => serveContent('walldns', () => walldns(isSet('IP6ARPA'))),
);
