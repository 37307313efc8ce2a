#!/usr/bin/env node
// random-ip: distinct IP addresses in random order, their leading octets as given.
import { formatIp4At } from '../src/base/address.ts';
import { pack32 } from '../src/base/bytes.ts';
import { stdout } from '../src/base/output.ts';
import { Decimal, scanDecimal } from '../src/base/text.ts';
import { argBytes } from '../src/program/args.ts';
import { run } from '../src/program/main.ts';
import { randomPermutation } from '../src/program/random-ip.ts';

const DEFAULT_COUNT = 10000;
const LINE_MAX = 16;

run(
  {
    name: 'random-ip',
    synopsis: '[count [b1 [b2 [b3 [b4]]]]]',
    about:
      'Prints distinct IP addresses in random order, 10000 unless count says otherwise; b1 to b4 are octets to keep.',
  },
  (args) => {
    const fixed = args.slice(1, 5).map((_, i) => numberAt(args, i + 1) & 255);
    const bits = 32 - 8 * fixed.length;
    const wanted = args.length > 0 ? numberAt(args, 0) : DEFAULT_COUNT;
    const count = fixed.length > 0 ? Math.min(wanted, 2 ** bits) : wanted;
    const permute = bits > 0 ? randomPermutation(bits) : () => 0;
    const prefix = fixed.reduce((all, octet, i) => (all | (octet << (24 - 8 * i))) >>> 0, 0);
    const lines = new Uint8Array(8192);
    const ip = new Uint8Array(4);
    let used = 0;
    for (let i = 0; i < count; i++) {
      pack32(ip, 0, (prefix | permute(i >>> 0)) >>> 0);
      used = formatIp4At(lines, used, ip, 0);
      lines[used++] = 10;
      if (used + LINE_MAX > lines.length) {
        stdout.put(lines, 0, used);
        used = 0;
      }
    }
    stdout.put(lines, 0, used);
  },
);

/** The number that the argument begins with, 0 where there is none. */
function numberAt(args: readonly string[], index: number): number {
  const number = new Decimal();
  const text = argBytes(args, index);
  scanDecimal(text, 0, text.length, number);
  return number.value;
}
