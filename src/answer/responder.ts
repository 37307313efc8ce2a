// A question as the content servers hand it on, and the shape of everything that answers one: the hole in the server
// skeleton. Counterpart: respond() as server.c calls it.

import { type Address, ANY4 } from '../base/address.ts';
import { LOWER, viewOf } from '../base/bytes.ts';
import { UDP_MAX } from '../wire/constants.ts';
import { NAME_MAX } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import type { Request } from '../wire/request.ts';
import type { Writer } from '../wire/writer.ts';
import { Section } from './section.ts';

/** One question; reused for every request. */
export class Question {
  /** The name, lowercased, `length` octets. */
  readonly name: Uint8Array = new Uint8Array(NAME_MAX);
  /** The same octets. */
  readonly nameView: DataView = viewOf(this.name);
  length = 0;
  type = 0;
  /** The client's address; good until the next question. */
  ip: Address = ANY4;
  /** The client knows EDNS: it is told AAAA records of hosts that the response names. */
  knowsEdns = false;
  /** Octets that a response should not exceed: what it can do without is left out of a longer one. */
  maxResponse: number = UDP_MAX;

  /** Takes name and type from what was read of a request. The name is copied, the address is not. */
  set(asked: Pick<Request, 'name' | 'nameAt' | 'nameLength' | 'type'>, ip: Address): void {
    const { name, nameAt, nameLength } = asked;
    for (let i = 0; i < nameLength; i++) this.name[i] = LOWER[name[nameAt + i]!]!;
    this.length = nameLength;
    this.type = asked.type;
    this.ip = ip;
  }
}

/** Answers questions from data of its own. */
export interface Responder {
  /** Called before each batch of questions: this is when the clock and the data file are looked at. */
  begin(): void;
  /**
   * Answers into `response`, which holds header (AA set or not, as the caller sees fit) and question already. False
   * when there is no answer: nothing is sent then. Nor is a response whose writer `failed`.
   */
  respond(question: Question, response: Writer): boolean;
}

/** A file that may be replaced while it is served, such as a `MappedFile`. */
export interface DataFile {
  /** Its octets as it is now, good until the next call; undefined while there is none. */
  current(): Uint8Array | undefined;
}

const ANSWER = 1;
const answer = new Section();

/**
 * Begins a record of the answer section that the question's name owns; its data follows, then `response.endRecord` with
 * the mark returned. `ttl` is in seconds.
 */
export function startAnswer({ name }: Question, response: Writer, type: number, ttl: number): number {
  answer.begin(response, ANSWER, name, 0);
  return answer.startRecord(type, ttl);
}

/** Makes the response a refusal, AA clear. Returns true, because a refusal is a response. */
export function refuse(response: Writer): true {
  response.setRcode(RCODE.REFUSED);
  response.setAuthoritative(false);
  return true;
}
