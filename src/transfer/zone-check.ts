// One check of a zone: which primary is asked what, one after the other, until one is good. No sockets, no clock: `ask`
// says what to do now, `answered` takes what came of it.

import type { Primary } from '../data/primaries.ts';
import * as TYPE from '../wire/type.ts';
import type { AnswerOutcome } from './zone-question.ts';

/** What a check asks now. */
export interface Ask {
  readonly primary: Primary;
  readonly over: 'udp' | 'stream';
  readonly type: typeof TYPE.SOA | typeof TYPE.AXFR | typeof TYPE.IXFR;
}

/** What came of asking: an answer's outcome, or that none came (`why` in words). */
export type Asked = AnswerOutcome | { readonly kind: 'silent'; readonly why: string };

/** What came of a check. */
export type CheckResult = 'current' | 'taken' | 'failed';

export interface CheckOptions {
  /** The primaries to ask, the first one first. */
  readonly primaries: readonly Primary[];
  /** There is a copy, so a question for the SOA or for changes makes sense. */
  readonly hasCopy: boolean;
  /** NOTIFY began it: changes are asked for at once. */
  readonly isNotified: boolean;
  /** Whether IXFR was found to be no use with a primary lately. */
  readonly isIxfrUseless: (primary: Primary) => boolean;
}

export class ZoneCheck {
  /** What to do now; undefined when the check is over. */
  ask: Ask | undefined;
  result: CheckResult = 'failed';
  private readonly options: CheckOptions;
  private index = 0;

  constructor(options: CheckOptions) {
    this.options = options;
    this.begin();
  }

  /** What came of `ask`. */
  answered(outcome: Asked): void {
    const { ask } = this;
    if (!ask) return;
    const { primary, over, type } = ask;
    switch (outcome.kind) {
      case 'same':
        return this.end('current');
      case 'whole':
      case 'changes':
        return this.end('taken');
      case 'newer':
        return this.transfer(primary);
      case 'truncated':
        this.ask = { primary, over: 'stream', type };
        return;
      case 'silent':
        if (over === 'udp') this.ask = { primary, over: 'stream', type };
        else this.next();
        return;
      case 'useless':
      case 'bad changes':
        this.ask = { primary, over: 'stream', type: TYPE.AXFR };
        return;
      default:
        this.next();
    }
  }

  /** The primary that is asked now is left alone: it is known not to answer. */
  skip(): void {
    this.next();
  }

  private end(result: CheckResult): void {
    this.result = result;
    this.ask = undefined;
  }

  private next(): void {
    this.index++;
    this.begin();
  }

  /** The first question to the next primary. */
  private begin(): void {
    const { primaries, hasCopy, isNotified } = this.options;
    const primary = primaries[this.index];
    if (!primary) return this.end('failed');
    if (!hasCopy) this.ask = { primary, over: 'stream', type: TYPE.AXFR };
    else if (isNotified && !primary.axfrOnly) this.transfer(primary);
    else this.ask = { primary, over: primary.tls === undefined ? 'udp' : 'stream', type: TYPE.SOA };
  }

  /** The primary has something newer, or says so. */
  private transfer(primary: Primary): void {
    const { hasCopy, isIxfrUseless } = this.options;
    const isWhole = !hasCopy || primary.axfrOnly || isIxfrUseless(primary);
    this.ask = { primary, over: 'stream', type: isWhole ? TYPE.AXFR : TYPE.IXFR };
  }
}
