// A question as a lookup gets it, and the shape of all lookups: the one hole in the server skeleton.

import { type Address, ANY4 } from '../base/address.ts';
import { LOWER, viewOf } from '../base/bytes.ts';
import { NAME_MAX } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import type { Request } from '../wire/request.ts';
import type { Writer } from '../wire/writer.ts';

/** One question; reused for every query. */
export class Question {
  /** The name, lowercased, `length` octets. */
  readonly name: Uint8Array = new Uint8Array(NAME_MAX);
  /** The same octets. */
  readonly nameView: DataView = viewOf(this.name);
  length = 0;
  type = 0;
  /** The client's address; good until the next question. */
  ip: Address = ANY4;

  /** Takes name and type from what was read of a request. The name is copied, the address is not. */
  set(asked: Pick<Request, 'name' | 'nameAt' | 'nameLength' | 'type'>, ip: Address): void {
    const { name, nameAt, nameLength } = asked;
    for (let i = 0; i < nameLength; i++) this.name[i] = LOWER[name[nameAt + i]!]!;
    this.length = nameLength;
    this.type = asked.type;
    this.ip = ip;
  }
}

/** Answers questions out of data of its own. */
export interface Lookup {
  /** Called before each batch of questions: time and data are looked at here, once. */
  begin(): void;
  /**
   * Answers into `reply`, which holds header and question already. False: there is no answer, send nothing. A reply
   * whose writer `failed` is not sent either.
   */
  respond(question: Question, reply: Writer): boolean;
}

const ANSWER = 1;

/**
 * Begins a record of the answer section that the question's name owns; its data follows, then `reply.endRecord` with the
 * mark returned. `ttl` is in seconds.
 */
export function startAnswer({ name }: Question, reply: Writer, type: number, ttl: number): number {
  const owner = reply.questionOffset(name, 0);
  if (owner >= 0) return reply.startRecordAt(ANSWER, owner, type, ttl);
  return reply.startRecord(ANSWER, name, 0, type, ttl);
}

/** Makes the reply a refusal, AA clear; true, for a refusal is a reply. */
export function refuse(reply: Writer): true {
  reply.setRcode(RCODE.REFUSED);
  reply.setAuthoritative(false);
  return true;
}
