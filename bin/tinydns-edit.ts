#!/usr/bin/env node
// tinydns-edit: adds a line to a data file, in one step. What line is decided by src/data/tinydns-edit.ts.
import { fstatSync, openSync } from 'node:fs';
import { ip4Of } from '../src/base/address.ts';
import { Fatal, orFatal, UsageError } from '../src/base/errors.ts';
import { pathBytes, Replacement } from '../src/base/files.ts';
import { LineReader } from '../src/base/lines.ts';
import { Output } from '../src/base/output.ts';
import { trimmedEnd } from '../src/data/fields.ts';
import { Addition, EDIT_MODES, type EditMode } from '../src/data/tinydns-edit.ts';
import { argBytes, argText } from '../src/program/args.ts';
import { run } from '../src/program/main.ts';
import { nameOf } from '../src/wire/name.ts';

run(
  {
    name: 'tinydns-edit',
    synopsis: `data data.new add [${EDIT_MODES.join('|')}] domain a.b.c.d`,
    about: 'Adds a name server, a delegation, a host, an alias or a mail exchanger to a data file.',
  },
  (args) => {
    const mode = args[3] as EditMode;
    if (args.length < 6 || args[2] !== 'add' || !EDIT_MODES.includes(mode)) throw new UsageError();
    const domain = nameOf(argBytes(args, 4));
    if (!domain) throw new Fatal('out of memory');
    const ip = ip4Of(argBytes(args, 5));
    if (!ip) throw new UsageError();
    edit(argText(args, 0), argText(args, 1), () => new Addition(mode, domain, ip));
  },
);

// The addition is made when both files are open: what fails first is what the original reports. The prefix stands twice in messages about these two files, and the exit code is 100, as in the original.
function edit(path: string, temporary: string, make: () => Addition): void {
  const unreadable = `tinydns-edit: fatal: unable to read ${path}`;
  const unwritable = `tinydns-edit: fatal: unable to write ${temporary}`;
  process.umask(0o077);
  const fd = orFatal(unreadable, () => openSync(pathBytes(path), 'r'), 100);
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
