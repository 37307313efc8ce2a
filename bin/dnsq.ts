#!/usr/bin/env node
import { Fatal, UsageError } from '../src/base/errors.ts';
// dnsq: asks the given servers, without recursion, and prints the reply.
import { codeText } from '../src/base/oserror.ts';
import { stdout } from '../src/base/output.ts';
import { argText } from '../src/program/args.ts';
import { askServers, orUnable, serversOf } from '../src/program/lookup-tool.ts';
import { run } from '../src/program/main.ts';
import { scanType } from '../src/wire/constants.ts';
import { formatName, nameOf } from '../src/wire/name.ts';
import { formatPacket } from '../src/wire/print.ts';

run(
  { name: 'dnsq', synopsis: 'type name server', about: 'Asks a DNS server one question and prints its reply.' },
  async (args) => {
    const type = args[0] === undefined ? -1 : scanType(args[0]);
    if (type < 0 || args[1] === undefined) throw new UsageError();
    const name = nameOf(argText(args, 1));
    if (!name) throw new Fatal('unable to parse: protocol error');
    if (args[2] === undefined) throw new UsageError();
    const servers = await orUnable('unable to parse', serversOf(argText(args, 2)));
    const { reply, error } = await askServers(name, type, servers);
    const packet = reply ? formatPacket(reply) : `${codeText(error)}\n`;
    if (packet === undefined) throw new Fatal('unable to parse: protocol error');
    stdout.putText(`${type} ${formatName(name)}:\n${packet}`);
  },
);
