// Labels in and out of streams of lines. Counterpart: tai64n.c and tai64nlocal.c of daemontools. Bytes that are no
// label pass unchanged, a last line without a newline too, and whatever has been read is written before the next read,
// so that a pipe shows each line when it comes.
import { orFatal } from '../base/errors.ts';
import { readSome } from '../base/lines.ts';
import { formatLocalSecond } from '../base/local-time.ts';
import { stdout } from '../base/output.ts';
import { formatTai64nNowAt, LABEL_SIZE, unixOfTai } from '../base/tai.ts';
import { hexDigit } from '../base/text.ts';

const NEWLINE = 10;

/** Copies `fd` to standard output with `LABEL ` before each line: the moment when its first octet was read. */
export function stampLines(fd: number): void {
  stdout.mustWrite();
  const chunk = Buffer.allocUnsafe(65536);
  const out = Buffer.allocUnsafe(65536);
  let atStart = true;
  for (let length = read(fd, chunk); length > 0; length = read(fd, chunk)) {
    let used = 0;
    for (let from = 0; from < length; ) {
      const newline = chunk.indexOf(NEWLINE, from);
      const ends = newline >= 0 && newline < length;
      const to = ends ? newline + 1 : length;
      if (used + LABEL_SIZE + 1 + to - from > out.length) {
        stdout.put(out, 0, used);
        used = 0;
      }
      if (atStart) {
        used = formatTai64nNowAt(out, used);
        out[used++] = 32;
      }
      if (used + to - from > out.length) {
        stdout.put(out, 0, used);
        stdout.put(chunk, from, to);
        used = 0;
      } else used += chunk.copy(out, used, from, to);
      atStart = ends;
      from = to;
    }
    stdout.put(out, 0, used);
    stdout.flush();
  }
}

/** Copies `fd` to standard output; a label at the very start of a line becomes `YYYY-MM-DD HH:MM:SS.NNNNNNNNN`. */
export function localLines(fd: number): void {
  stdout.mustWrite();
  const chunk = new Uint8Array(65536);
  const held = new Uint8Array(LABEL_SIZE); // what may become a label, where a line has just begun
  let holding = 0; // octets of `held`; -1 in the rest of a line
  for (let length = read(fd, chunk); length > 0; length = read(fd, chunk)) {
    for (let from = 0; from < length; ) {
      if (holding < 0) {
        const newline = chunk.indexOf(NEWLINE, from);
        const ends = newline >= 0 && newline < length;
        const to = ends ? newline + 1 : length;
        stdout.put(chunk, from, to);
        from = to;
        if (ends) holding = 0;
        continue;
      }
      const octet = chunk[from]!;
      if (holding < LABEL_SIZE && (holding === 0 ? octet === 64 : hexDigit(octet) >= 0)) {
        held[holding++] = octet;
        from++;
        continue;
      }
      release(held, holding, hexDigit(octet) < 0);
      holding = -1;
    }
    stdout.flush();
  }
  if (holding > 0) release(held, holding, true);
}

function read(fd: number, chunk: Uint8Array): number {
  return orFatal('unable to read input', () => readSome(fd, chunk));
}

/** Writes what was held: as local time when it is a whole label, else as it came. */
function release(held: Uint8Array, length: number, complete: boolean): void {
  if (length < LABEL_SIZE || !complete) return stdout.put(held, 0, length);
  stdout.putText(localTime(number(held, 1), number(held, 9), number(held, 17)));
}

function number(held: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) value = value * 16 + hexDigit(held[i]!);
  return value;
}

/**
 * The local time of TAI64 seconds `hi * 2^32 + lo` and nanoseconds, as tai64nlocal prints it; a label again when Date
 * cannot hold it.
 */
function localTime(hi: number, lo: number, nanoseconds: number): string {
  const second = formatLocalSecond(unixOfTai(hi, lo));
  if (second !== '') return `${second}.${String(nanoseconds).padStart(9, '0')}`;
  return `@${[hi, lo, nanoseconds].map((part) => part.toString(16).padStart(8, '0')).join('')}`;
}
