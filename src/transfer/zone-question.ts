// What a secondary asks a primary: the zone's SOA, the whole zone (AXFR, RFC 5936) or its changes (IXFR, RFC 1995),
// and what may come of it. The answer is judged in zone-answer.ts.

import { CLASS_IN } from '../wire/constants.ts';
import { NAME_MAX } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { Writer } from '../wire/writer.ts';
import type { TsigChain } from './tsig.ts';

/** A question to a primary. */
export interface ZoneQuestion {
  /** The zone, lowercased. */
  readonly zone: Uint8Array;
  readonly type: typeof TYPE.SOA | typeof TYPE.AXFR | typeof TYPE.IXFR;
  readonly id: number;
  /** The serial here; undefined when there is nothing here. */
  readonly serial: number | undefined;
  /** How the question was signed. */
  readonly chain: TsigChain | undefined;
}

/** What came of a question, or may come yet. */
export type AnswerOutcome =
  /** Not at the end yet. */
  | { readonly kind: 'more' }
  /** Theirs is ours. */
  | { readonly kind: 'same' }
  | { readonly kind: 'older'; readonly serial: number }
  /** To a question for the SOA: theirs is newer. */
  | { readonly kind: 'newer'; readonly serial: number }
  /** Over UDP: ask over TCP. */
  | { readonly kind: 'truncated' }
  | { readonly kind: 'whole'; readonly serial: number }
  | { readonly kind: 'changes'; readonly serial: number; readonly removed: number; readonly added: number }
  /** IXFR is no use with this primary: ask AXFR. `isLasting`: it will not be tomorrow either. */
  | { readonly kind: 'useless'; readonly isLasting: boolean }
  /** The changes make no sense: ask AXFR. */
  | { readonly kind: 'bad changes'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * The message of a question; with `type` IXFR its authority section has an SOA with our serial. `now` is Unix seconds,
 * for the signature.
 */
export function composeZoneQuestion(question: ZoneQuestion, now: number): Uint8Array {
  const { zone, type, id, serial, chain } = question;
  const buffer = new Uint8Array(2 * NAME_MAX + 512);
  const writer = new Writer();
  writer.start(buffer);
  writer.question(id, 0, zone, 0, type, CLASS_IN);
  if (type === TYPE.IXFR) {
    // Only the serial matters (RFC 1995 section 3): the names are the zone's and the times are 0.
    const mark = writer.startRecord(2, zone, 0, TYPE.SOA, 0);
    writer.name(zone, 0);
    writer.name(zone, 0);
    writer.u32(serial ?? 0);
    for (let i = 0; i < 4; i++) writer.u32(0);
    writer.endRecord(mark);
  }
  const end = chain ? chain.sign(buffer, 0, writer.length, now) : writer.length;
  return buffer.slice(0, end);
}
