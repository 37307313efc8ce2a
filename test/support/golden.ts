// The recorded facts of the original programs, test/golden/*.jsonl. One JSON object a line; bytes are base64, larger
// ones zlib-compressed first.
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { repository } from './programs.ts';

export const goldenFolder = `${repository}/test/golden`;

/** The facts of one kind in a file. */
export function facts<T>(file: 'servers' | 'clients' | 'ipv6' | 'typed', kind: string): T[] {
  return readFileSync(`${goldenFolder}/${file}.jsonl`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`{"kind": "${kind}"`))
    .map((line) => JSON.parse(line) as T);
}

export function unpacked(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

export function inflated(base64: string): Buffer {
  return inflateSync(unpacked(base64));
}
