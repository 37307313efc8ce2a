// The directory servers/ of dnscache. Counterpart: init2() in roots.c. Read once, at the start. A file's name is the
// domain, `@` for the root; its lines begin with addresses.
import { readdirSync, readFileSync } from 'node:fs';
import { bytesOf } from '../base/bytes.ts';
import { Roots, scanServers } from '../resolve/roots.ts';
import { lowerName, nameOf, ROOT } from '../wire/name.ts';

/**
 * Reads `directory`, servers of these families: see `scanServers`. Throws the system's error, or one with the code
 * `EPROTO` for a file whose name is no domain.
 */
export function readRoots(directory: string, families: readonly number[]): Roots {
  const roots = new Roots();
  for (const file of readdirSync(directory, { encoding: 'buffer' })) {
    if (file[0] === 46) continue;
    const domain = file.length === 1 && file[0] === 64 ? ROOT : nameOf(file);
    if (!domain) throw Object.assign(new Error('no domain name'), { code: 'EPROTO' });
    const path = Buffer.concat([bytesOf(`${directory}/`), file]);
    roots.add(lowerName(domain), scanServers(readFileSync(path), families));
  }
  return roots;
}
