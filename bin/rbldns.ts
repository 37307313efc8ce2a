#!/usr/bin/env node
// rbldns: answers from a list of addresses. The skeleton is src/program/dns-server.ts, the responder
// src/answer/rbldns.ts.

import { RbldnsResponder } from '../src/answer/rbldns.ts';
import { Fatal } from '../src/base/errors.ts';
import { SERVER_NOTES, serveContent } from '../src/program/dns-server.ts';
import { required } from '../src/program/env.ts';
import { run } from '../src/program/main.ts';
import { nameOf } from '../src/wire/name.ts';

run(
  {
    name: 'rbldns',
    synopsis: '',
    about: 'Tells over DNS whether an IP address is in the list that rbldns-data compiled to data.cdb in $ROOT.',
    notes: `${SERVER_NOTES}
  BASE          name below which addresses are looked up: d.c.b.a.$BASE`,
  },
  () =>
    serveContent('rbldns', (data) => {
      const base = nameOf(required('BASE'));
      if (!base) throw new Fatal('unable to parse $BASE');
      return new RbldnsResponder(data, base);
    }),
);
