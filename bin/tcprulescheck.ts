#!/usr/bin/env node
// tcprulescheck: says what compiled access rules do with a connection.
import { readFileSync } from 'node:fs';
import { bytesOf } from '../src/base/bytes.ts';
import { Fatal, orFatal, UsageError } from '../src/base/errors.ts';
import { pathBytes } from '../src/base/files.ts';
import { stdout } from '../src/base/output.ts';
import { findRule, formatRule, unmatchableKeys } from '../src/data/tcprules.ts';
import { argText, envBytes } from '../src/program/args.ts';
import { complain, run } from '../src/program/main.ts';

const PROGRAM = {
  name: 'tcprulescheck',
  synopsis: 'rules.cdb',
  about: 'Says what access rules do with a connection.',
  notes: `Environment:
  TCPREMOTEIP    the address that connects (0.0.0.0); TCP6REMOTEIP is the same
  TCPREMOTEHOST  its name
  TCPREMOTEINFO  what its ident server says`,
};

run(PROGRAM, (args) => {
  if (args.length < 1) throw new UsageError();
  const path = argText(args, 0);
  const file = orFatal(`unable to read ${path}`, () => readFileSync(pathBytes(path)));
  const rule = findRule(file, {
    ip: envBytes('TCPREMOTEIP') ?? envBytes('TCP6REMOTEIP') ?? bytesOf('0.0.0.0'),
    host: envBytes('TCPREMOTEHOST'),
    info: envBytes('TCPREMOTEINFO'),
  });
  if (!rule) throw new Fatal(`unable to read ${path}: protocol error`);
  stdout.putText(formatRule(rule));
  for (const key of unmatchableKeys(file)) complain(`tcprulescheck: warning: no connection matches ${key}${hint(key)}`);
});

/** How the rule is to be written, where it is known what is meant. */
function hint(key: string): string {
  const [, octets = '', bits] = /^([0-9.]+)\/(8|16|24)$/.exec(key) ?? [];
  if (bits)
    return `: write ${octets
      .split('.')
      .slice(0, Number(bits) / 8)
      .join('.')}.`;
  if (/^[0-9]+(?:\.[0-9]+){0,2}$/.test(key)) return `: write ${key}.`;
  return /[a-z]/i.test(key) && !/[/:]/.test(key) ? `: write =${key}` : '';
}
