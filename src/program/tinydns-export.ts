// The body of tinydns-export: a zone in data or data.cdb to a zone file. There is no counterpart in djbdns.
import { readFileSync, statSync } from 'node:fs';
import { bytesOf } from '../base/bytes.ts';
import { Fatal, orFatal, UsageError } from '../base/errors.ts';
import { pathBytes } from '../base/files.ts';
import { stdout } from '../base/output.ts';
import { taiNow } from '../base/tai.ts';
import { compiled, DataError } from '../data/compiled.ts';
import { Fields } from '../data/fields.ts';
import { ZoneError, zoneRecords } from '../data/zone-records.ts';
import { formatZone } from '../data/zone-writer.ts';
import { lowerName, nameOf } from '../wire/name.ts';
import { argBytes, argText } from './args.ts';
import type { Options } from './main.ts';

/** Runs tinydns-export with its arguments: a zone and perhaps the file that it is in. */
export function tinydnsExport(args: readonly string[], options: Options): void {
  if (args.length < 1 || args.length > 2) throw new UsageError();
  const name = nameOf(argBytes(args, 0));
  if (!name) throw new Fatal(`malformed name ${argText(args, 0)}`);
  const zone = lowerName(name);
  const path = args.length > 1 ? argText(args, 1) : 'data.cdb';
  const { location } = options;
  const seen = {
    location: typeof location === 'string' ? scanLocation(location) : undefined,
    now: options['now'] ? taiNow() : undefined,
  };
  try {
    const records = zoneRecords(database(path), zone, seen);
    for (const line of formatZone(zone, records)) stdout.put(bytesOf(line));
  } catch (error) {
    if (error instanceof ZoneError || error instanceof DataError) throw new Fatal(error.message);
    throw error;
  }
}

/** The octets of a file whose name ends in `.cdb`; of any other, data lines, what tinydns-data would make of them. */
function database(path: string): Uint8Array {
  const octets = orFatal(`unable to read ${path}`, () => readFileSync(pathBytes(path)));
  if (path.endsWith('.cdb')) return octets;
  const { mtimeMs } = orFatal(`unable to stat ${path}`, () => statSync(pathBytes(path)));
  return compiled(octets, Math.floor(mtimeMs / 1000));
}

/** A location as the last field of a data line has it. */
function scanLocation(text: string): number {
  const field = new Fields();
  const bytes = bytesOf(text);
  field.split(bytes, 0, bytes.length);
  return field.location(0);
}
