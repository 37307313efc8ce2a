#!/usr/bin/env node
// tinydns-edit: adds a line to a data file, in one step. What line is decided by src/data/tinydns-edit.ts.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Address, ip4Of, scanAnyIp6, scanIp6 } from '../src/base/address.ts';
import { textOf } from '../src/base/bytes.ts';
import { Fatal, orFatal, UsageError } from '../src/base/errors.ts';
import { pathBytes, Replacement } from '../src/base/files.ts';
import { LineReader } from '../src/base/lines.ts';
import { Output } from '../src/base/output.ts';
import { trimmedEnd } from '../src/data/fields.ts';
import { Addition, EDIT_MODES, EDIT_MODES6, type EditMode } from '../src/data/tinydns-edit.ts';
import { argBytes, argText } from '../src/program/args.ts';
import { hasIncludes, lockDirectory } from '../src/program/data-lock.ts';
import { run } from '../src/program/main.ts';
import { nameOf } from '../src/wire/name.ts';

const SYNOPSIS = `data data.new add [${EDIT_MODES.join('|')}] domain a.b.c.d`;
const SYNOPSIS6 = `data data.new add [${EDIT_MODES6.join('|')}] domain a:b:c:d:e:f:g:h`;

run(
  {
    name: 'tinydns-edit',
    synopsis: SYNOPSIS,
    about: 'Adds a name server, a delegation, a host, an alias or a mail exchanger to a data file.',
    notes: `An IPv6 address may stand in place of a.b.c.d. host6 and alias6 take one too, or 32 hexadecimal digits.`,
  },
  (args) => {
    const mode = EDIT_MODES.find((known) => known === args[3]) ?? EDIT_MODES6.find((known) => known === args[3]);
    if (!mode || args[2] !== 'add' || args.length < 6) throw wrongUsage(mode);
    const domain = nameOf(argBytes(args, 4));
    if (!domain) throw new Fatal('out of memory');
    const ip = addressFor(mode, argBytes(args, 5));
    if (!ip) throw wrongUsage(mode);
    edit(argText(args, 0), argText(args, 1), () => new Addition(mode, domain, ip));
  },
);

/** The modes for IPv6 show the usage line of the others too, as the program did that had them first. */
function wrongUsage(mode: EditMode | undefined): UsageError {
  if (mode !== 'host6' && mode !== 'alias6') return new UsageError();
  return new UsageError(`tinydns-edit ${SYNOPSIS}\ntinydns-edit: usage: tinydns-edit ${SYNOPSIS6}`);
}

function addressFor(mode: EditMode, text: Uint8Array): Address | undefined {
  const latin1 = textOf(text);
  if (mode === 'host6' || mode === 'alias6') return latin1.startsWith('[') ? undefined : scanAnyIp6(latin1);
  return ip4Of(text) ?? scanIp6(latin1);
}

// The addition is made when both files are open: what fails first is what the original reports. The prefix stands twice
// in messages about these two files, and the exit code is 100, as in the original.
function edit(path: string, temporary: string, make: () => Addition): void {
  const unreadable = `tinydns-edit: fatal: unable to read ${path}`;
  const unwritable = `tinydns-edit: fatal: unable to write ${temporary}`;
  process.umask(0o077);
  const open = (): number => orFatal(unreadable, () => openSync(pathBytes(path), 'r'), 100);
  let fd = open();
  if (fstatSync(fd).isFile() && hasIncludes(fd, unreadable, 100)) {
    // While data are compiled they stay as they are, or what is added here would be older than data.cdb.
    lockDirectory(dirname(path));
    closeSync(fd);
    fd = open();
  }
  const { mode } = orFatal(unreadable, () => fstatSync(fd), 100);
  const file = new Replacement(path, temporary, { write: unwritable, exitCode: 100 });
  file.chmod(mode & 0o644);
  const addition = make();
  const lines = new LineReader(fd);
  const output = new Output(file.fd, 65536);
  const newline = new Uint8Array([10]);
  while (orFatal(unreadable, () => lines.next(), 100)) {
    const { bytes, from, to } = lines;
    orFatal(
      unwritable,
      () => {
        output.put(bytes, from, to);
        output.put(newline);
      },
      100,
    );
    addition.see(bytes, from, trimmedEnd(bytes, from, to));
  }
  orFatal(
    unwritable,
    () => {
      output.putText(addition.line());
      output.flush();
    },
    100,
  );
  file.commit();
}
