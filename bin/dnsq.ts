#!/usr/bin/env node
// dnsq: asks the given servers, without recursion, and prints the reply.
import { UsageError } from '../src/base/errors.ts';
import { argText } from '../src/program/args.ts';
import { askServers, orUnable, serversOf } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';
import { JSON_OPTION, printJson, printReply, questionOf } from '../src/program/query-tool.ts';

run(
  {
    name: 'dnsq',
    synopsis: 'type name server',
    about: 'Asks a DNS server one question, without recursion, and prints its reply.',
    options: [JSON_OPTION],
  },
  async (args, options) => {
    const question = questionOf(args);
    if (args[2] === undefined) throw new UsageError();
    const servers = await orUnable('unable to parse', serversOf(argText(args, 2)));
    const asked = await askServers(question, servers);
    return options['json'] ? printJson(question, asked) : printReply(question, asked);
  },
);
