#!/usr/bin/env node
// dnsq: asks the given servers, without recursion, and prints the reply.
import { UsageError } from '../src/base/errors.ts';
import { argText, TYPE_NOTES } from '../src/program/args.ts';
import { askServers, mannerOf, orUnable, REWRITE_NOTES, serversOf } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';
import { QUERY_OPTIONS, queryMannerOf, questionOf, report } from '../src/program/query-tool.ts';

run(
  {
    name: 'dnsq',
    synopsis: 'type name server',
    about: 'Asks a DNS server one question, without recursion, and prints its reply.',
    options: QUERY_OPTIONS,
    notes: `${TYPE_NOTES}
A server is an address, several with dots between them, each with a port if need be (127.0.0.1:5353, [::1]:5353), or a
name.

${REWRITE_NOTES}`,
  },
  async (args, options) => {
    const question = questionOf(args);
    if (args[2] === undefined) throw new UsageError();
    const manner = queryMannerOf(options);
    const servers = await orUnable('unable to parse', serversOf(argText(args, 2), mannerOf(options)));
    await report(question, await askServers(question, servers, manner), options);
  },
);
