// The body of tinydns-import: zone files to lines for tinydns-data. There is no counterpart in djbdns.
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { bytesOf } from '../base/bytes.ts';
import { Fatal, UsageError } from '../base/errors.ts';
import { pathBytes } from '../base/files.ts';
import { errorText } from '../base/oserror.ts';
import { stdout } from '../base/output.ts';
import { formatLines } from '../data/import-lines.ts';
import { readZone, type ZoneRecord, type ZoneSource } from '../data/zone-reader.ts';
import { ZoneFileError } from '../data/zone-words.ts';
import { nameOf } from '../wire/name.ts';
import { argBytes, argText } from './args.ts';
import { complain, type Options } from './main.ts';

/** Runs tinydns-import with its arguments: pairs of a zone and its file. */
export function tinydnsImport(args: readonly string[], options: Options): void {
  if (args.length === 0 || args.length % 2 === 1) throw new UsageError();
  const records: ZoneRecord[] = [];
  for (let i = 0; i < args.length; i += 2) {
    const zone = nameOf(argBytes(args, i)) ?? malformed(argText(args, i));
    const path = argText(args, i + 1);
    const include = includer(path, Boolean(options['includeAnywhere']));
    for (const record of failing(() => readZone(source(path), zone, include, warn))) records.push(record);
  }
  const lines = failing(() => formatLines(records, { newSerials: Boolean(options['newSerials']) }));
  for (const line of lines) stdout.put(bytesOf(`${line}\n`));
}

function malformed(text: string): never {
  throw new Fatal(`malformed name ${text}`);
}

/** What is wrong with a file is fatal. */
function failing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ZoneFileError) throw new Fatal(error.message);
    throw error;
  }
}

function warn(message: string): void {
  complain(`tinydns-import: warning: ${message}`);
}

function source(path: string): ZoneSource {
  try {
    return { name: path, text: readFileSync(pathBytes(path)).toString('latin1') };
  } catch (error) {
    throw new Fatal(`unable to read ${path}: ${errorText(error)}`);
  }
}

/**
 * Opens files that $INCLUDE names, relative to the file that has the line. A zone file may come from somebody else:
 * what is not in the folder of `top`, or below it, is read only if `anywhere` allows it.
 */
function includer(top: string, anywhere: boolean): (path: string, from: string) => ZoneSource {
  return (path, from) => {
    const file = resolve(dirname(from), path);
    try {
      if (!anywhere && !realpathSync(file).startsWith(`${realpathSync(dirname(top))}/`)) {
        throw new Error(`${path} is outside the folder of ${top}: see --include-anywhere`);
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error) throw new Error(`unable to read ${path}: ${errorText(error)}`);
      throw error;
    }
    return source(file);
  };
}
