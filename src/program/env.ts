// The servers' environment. Counterpart: the env_get ladders of server.c and dnscache.c. Every reader throws Fatal
// with djb's words; a variable set to the empty string counts as set.

import { readFileSync } from 'node:fs';
import { textOf } from '../base/bytes.ts';
import { Fatal, orFatal } from '../base/errors.ts';
import { pathBytes } from '../base/files.ts';
import { wholeDecimal } from '../base/text.ts';
import { envBytes } from './args.ts';

/** For --help: what koffi is not asked for then. */
export const PLAIN_NOTES = "  DJBDNS_PLAIN  set: use Node's own sockets, no calls to libc";

/** The variable's bytes. Fatal: `$NAME not set`. */
export function required(name: string): Uint8Array {
  const value = envBytes(name);
  if (value === undefined) throw new Fatal(`$${name} not set`);
  return value;
}

/** The variable as Latin-1 text, for paths in messages. Fatal: `$NAME not set`. */
export function requiredText(name: string): string {
  return textOf(required(name));
}

/** The text of the file that the variable names. Fatal: `$NAME not set`, `unable to read PATH: ERR`. */
export function requiredFile(name: string): string {
  const path = requiredText(name);
  return orFatal(`unable to read ${path}`, () => readFileSync(pathBytes(path), 'latin1'));
}

/**
 * A user or group number: digits only. Corrected from the original, where text that is no number meant 0, that is
 * root. Fatal: `$NAME not set`, `unable to parse $NAME`.
 */
export function requiredId(name: string): number {
  const id = wholeDecimal(required(name));
  if (id < 0 || id > 0xffffffff) throw new Fatal(`unable to parse $${name}`);
  return id;
}

/** `$PORT`, the port to bind instead of 53 or another. Fatal when it is set and no port number. */
export function port(absent = 53): number {
  const value = envBytes('PORT');
  if (value === undefined) return absent;
  const number = wholeDecimal(value);
  if (number < 1 || number > 65535) throw new Fatal('unable to parse $PORT');
  return number;
}

/** True when the variable is set, to whatever. */
export function isSet(name: string): boolean {
  return process.env[name] !== undefined;
}
