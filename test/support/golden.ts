// The recorded facts of the original programs, test/golden/*.jsonl. One JSON object a line; bytes are base64, larger
// ones zlib-compressed first.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { repository } from './programs.ts';
import { alikeReply, equalReply, sameReply } from './same-reply.ts';
import { messagesIn, withoutQuestion } from './transfer.ts';

export const goldenFolder = `${repository}/test/golden`;

/** A query that a server got from an address, and its reply; null for silence. */
export interface QueryFact {
  source: string;
  client: string;
  query: string;
  reply: string | null;
}

/** What a compiler made of an odd data file, and the files that it left. */
export interface TextFact {
  text: string;
  rc: number;
  stderr: string;
  left: string[];
  cdb: string | null;
}

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

/**
 * Throws unless what axfrdns sent for a recorded `input` states what is recorded: the same octets, less the question of
 * a transfer's first message, several answers in any order, and as `alikeReply` says for queries with EDNS.
 */
export function assertStream(got: Buffer, fact: { readonly input: string; readonly output: string }, about = ''): void {
  const messages = messagesIn(got).map(withoutQuestion);
  const wanted = messagesIn(inflated(fact.output));
  assert.equal(messages.length, wanted.length, about);
  const queries = messagesIn(unpacked(fact.input));
  for (const [i, message] of messages.entries()) {
    const query = queries.find((query) => query.readUInt16BE(0) === message.readUInt16BE(0));
    const same = message.readUInt16BE(6) > 1 ? sameReply : equalReply;
    const isAlike = alikeReply(query ?? Buffer.alloc(0), message, wanted[i]!, same);
    assert.ok(isAlike, `${about}, message ${i}: ${message.toString('hex')}`);
  }
}
