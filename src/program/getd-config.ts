// What the administrator says to axfr-getd: servers/ZONE, whom a zone is copied from, and tsig/KEY, the keys. A file
// that cannot be read as it should is bad as a whole: `bad FILE line N` in the log.
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { pathBytes } from '../base/files.ts';
import { errorCode } from '../base/oserror.ts';
import { scanKeyFile } from '../data/key-file.ts';
import { type Primary, scanPrimaries } from '../data/primaries.ts';
import type { TsigKey } from '../transfer/tsig-record.ts';
import { formatName, nameOf, ROOT } from '../wire/name.ts';

/** Read by others than owner and group: no secret. */
const OTHERS_MAY_READ = 0o004;

export interface GetdConfig {
  /** By the key's name as `formatName` writes it. */
  readonly keys: ReadonlyMap<string, TsigKey>;
  /** By the zone's name as `formatName` writes it; undefined for a zone whose file is bad. */
  readonly zones: ReadonlyMap<string, readonly Primary[] | undefined>;
}

/** Reads both directories; `bad` gets what to say of each bad file. Throws what reading a directory throws. */
export function readConfig(bad: (line: string) => void): GetdConfig {
  const keys = new Map<string, TsigKey>();
  for (const file of filesIn('tsig')) {
    const key = readKey(file);
    if (key) keys.set(formatName(key.name), key);
    else bad(`bad tsig/${file} line 1`);
  }
  const zones = new Map<string, readonly Primary[] | undefined>();
  for (const file of filesIn('servers')) {
    const name = file === '@' ? ROOT : nameOf(file);
    const scanned = name && readPrimaries(file, keys);
    if (!scanned || 'badLine' in scanned) bad(`bad servers/${file} line ${scanned ? scanned.badLine : 1}`);
    if (name) zones.set(formatName(name), scanned && 'primaries' in scanned ? scanned.primaries : undefined);
  }
  return { keys, zones };
}

function readPrimaries(file: string, keys: ReadonlyMap<string, TsigKey>) {
  try {
    return scanPrimaries(readFileSync(pathBytes(`servers/${file}`)), (name) => keys.has(name));
  } catch {
    return { badLine: 1 };
  }
}

/** The files of a directory in the order of their octets, as Latin-1 text. */
function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory, 'latin1')
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && directory === 'tsig') return [];
    throw error;
  }
}

/** The key in `tsig/FILE` below the working directory; undefined when the file is bad or not there. */
export function readKey(file: string): TsigKey | undefined {
  return readKeyFile(`tsig/${file}`, file);
}

/** The key `name` in the file at `path`. */
export function readKeyFile(path: string, name: string): TsigKey | undefined {
  try {
    const fd = openSync(pathBytes(path), 'r');
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile() || stats.mode & OTHERS_MAY_READ) return undefined;
      return scanKeyFile(name, readFileSync(fd));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
