// What is wrong with the signature of a primary's answer, in the words of the log.

import * as FLAG from '../wire/flag.ts';
import { rcodeWords } from '../wire/rcode.ts';
import type { TsigChain } from './tsig.ts';
import { BADKEY, BADSIG, BADTIME } from './tsig-record.ts';

/** Why the signature of a message is not right, or that there should be one; undefined when all is well. */
export function signatureProblem(chain: TsigChain, message: Uint8Array, now: number): string | undefined {
  const verdict = chain.verify(message, now);
  const error = chain.record?.error ?? 0;
  if (error === BADKEY) return 'they say bad key';
  if (error === BADSIG) return 'they say bad signature';
  if (error === BADTIME) return 'they say bad time';
  switch (verdict) {
    case 'right':
      return undefined;
    case 'malformed':
      return 'malformed';
    case 'unsigned': {
      if (!chain.isOverdue) return undefined;
      const rcode = message[3]! & FLAG.RCODE;
      return rcode === 0 ? 'unsigned' : rcodeWords(rcode);
    }
    case 'cut signature':
      return 'bad signature';
    case 'bad time':
      return `bad time, their clock is ${chain.ahead} s ahead`;
    default:
      return verdict;
  }
}
