// A file that says whom a zone is copied from (servers/ZONE of axfr-getd), or whom changes are told to (notify/ZONE of
// tinydns-notify): a line a server, an address as in dnscache's servers/ and words. Unlike there, a line that cannot be
// read makes the file bad: a misspelt `key=` must not switch security off.
import { bytesOf, textOf } from '../base/bytes.ts';
import { DNS_PORT, type Endpoint, scanEndpoints } from '../base/endpoint.ts';
import { formatName, nameOf } from '../wire/name.ts';

const TLS_PORT = 853;
const LINES_MAX = 16;

/** A primary of a zone. */
export interface Primary extends Endpoint {
  /** The name of the key, as `formatName` writes it; undefined: nothing is signed. */
  readonly key: string | undefined;
  /** The name that its certificate must be for; undefined: no TLS. */
  readonly tls: string | undefined;
  /** It is never asked for changes alone. */
  readonly axfrOnly: boolean;
  /** NOTIFY is taken from it, and it is never asked. */
  readonly notifyOnly: boolean;
}

/** The lines of a file, or the number of the first bad one. */
export type ScannedPrimaries = { readonly primaries: readonly Primary[] } | { readonly badLine: number };

/**
 * Scans a file. `hasKey` says whether a key is known. A file without a server to ask is bad in the line behind its
 * last, unless `mayBeEmpty`.
 */
export function scanPrimaries(
  content: Uint8Array,
  hasKey: (name: string) => boolean,
  mayBeEmpty = false,
): ScannedPrimaries {
  const primaries: Primary[] = [];
  const lines = textOf(content).replace(/\n$/, '').split('\n');
  for (const [i, line] of lines.entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const primary = primaries.length < LINES_MAX ? scanPrimary(line, hasKey) : undefined;
    if (!primary) return { badLine: i + 1 };
    primaries.push(primary);
  }
  if (!mayBeEmpty && primaries.every(({ notifyOnly }) => notifyOnly)) return { badLine: lines.length + 1 };
  return { primaries };
}

function scanPrimary(line: string, hasKey: (name: string) => boolean): Primary | undefined {
  const [address = '', ...words] = line.trim().split(/\s+/);
  const { endpoints, length } = scanEndpoints(bytesOf(address), 1);
  const [endpoint] = endpoints;
  if (!endpoint || length !== address.length) return undefined;
  let key: string | undefined;
  let tls: string | undefined;
  let axfrOnly = false;
  let notifyOnly = false;
  for (const word of words) {
    if (word.startsWith('key=')) {
      const name = nameOf(word.slice(4));
      if (key !== undefined || !name || name.length === 1 || !hasKey(formatName(name))) return undefined;
      key = formatName(name);
    } else if (word.startsWith('tls=')) {
      if (tls !== undefined || !/^[A-Za-z0-9_.:-]+$/.test(word.slice(4))) return undefined;
      tls = word.slice(4);
    } else if (word === 'axfr') axfrOnly = true;
    else if (word === 'notify') notifyOnly = true;
    else return undefined;
  }
  const { ip } = endpoint;
  const hasPort = /^\[.*\]:|^[^:[]*:[0-9]+$/.test(address);
  const port = tls !== undefined && !hasPort ? TLS_PORT : hasPort ? endpoint.port : DNS_PORT;
  return { ip, port, key, tls, axfrOnly, notifyOnly };
}
