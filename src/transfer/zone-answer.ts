// What a primary answers to a question for a zone's SOA, for the whole zone (AXFR, RFC 5936) or for its changes (IXFR,
// RFC 1995), judged message by message. Unlike axfr-get's ZoneTransfer it believes nothing: ID, flags, question, class,
// sections, serials, signatures and the end of each message are checked, and every way in which an answer can be wrong
// has its words. No sockets, no clock, no files: records go to a sink, which is told nothing that it may use before the
// outcome says so.

import { unpack32 } from '../base/bytes.ts';
import type { Taken } from '../data/zone-copy.ts';
import { CLASS_IN, UDP_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { NAME_MAX, nameEqual } from '../wire/name.ts';
import * as RCODE from '../wire/rcode.ts';
import { rcodeWords } from '../wire/rcode.ts';
import type { Reader } from '../wire/reader.ts';
import { ADDITIONAL, ANSWER, RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import { signatureProblem } from './answer-problem.ts';
import { isNewer } from './serial.ts';
import type { AnswerOutcome, ZoneQuestion } from './zone-question.ts';

/** Where the records of an answer go. Owners and data are good during the call only. */
export interface AnswerSink {
  /** Octets of a whole zone's text so far. */
  readonly octets: number;
  /** The changes so far are more than it will hold. */
  readonly changes: { readonly isTooLarge: boolean };
  /** The zone's new SOA, before anything else. False when its data are malformed. */
  soa(ttl: number, data: Reader): boolean;
  /** The records that follow are the whole zone. */
  whole(): void;
  record(owner: Uint8Array, type: number, ttl: number, data: Reader): Taken;
  /** A record that a change takes out or puts in. */
  change(isAdded: boolean, owner: Uint8Array, type: number, ttl: number, data: Reader): Taken | 'impossible';
}

export interface AnswerLimits {
  readonly records: number;
  readonly octets: number;
}

const MORE: AnswerOutcome = { kind: 'more' };

const cursor = new RecordCursor();
const owner = new Uint8Array(NAME_MAX);

/** The judge of one answer: `received` for each message, until the outcome is no longer `more`. */
export class ZoneAnswer {
  /** Records that came, SOAs too. */
  records = 0;
  /** Records left out: outside the zone, and such as no data line can say or axfrdns could send. */
  outside = 0;
  notForData = 0;
  /** The new serial, once the first record is here. */
  serial = 0;
  private readonly question: ZoneQuestion;
  private readonly limits: AnswerLimits;
  private readonly sink: AnswerSink;
  private state: 'first' | 'second' | 'whole' | 'removing' | 'adding' | 'over' = 'first';
  private hasServers = false;
  private outcome: AnswerOutcome = MORE;
  // In changes: the serial that the step comes from or leads to, and how many records have changed.
  private step = 0;
  private removed = 0;
  private added = 0;

  constructor(question: ZoneQuestion, limits: AnswerLimits, sink: AnswerSink) {
    this.question = question;
    this.limits = limits;
    this.sink = sink;
  }

  /** A message over TCP, at `now` in Unix seconds. */
  received(message: Uint8Array, now: number): AnswerOutcome {
    const { chain, type } = this.question;
    const problem = chain ? signatureProblem(chain, message, now) : undefined;
    if (problem !== undefined) return this.fail(problem);
    this.outcome = MORE;
    if (type === TYPE.SOA) this.soaAnswer(message);
    else this.transferMessage(message);
    const { outcome } = this;
    if (chain && !chain.isComplete && outcome.kind !== 'more' && outcome.kind !== 'failed')
      return this.fail('unsigned');
    return outcome;
  }

  /** A datagram: undefined for what is not the answer. */
  datagram(message: Uint8Array, now: number): AnswerOutcome | undefined {
    cursor.start(message);
    if (cursor.failed || cursor.id !== this.question.id || (cursor.flags & FLAG.QR) === 0) return undefined;
    if (message.length > UDP_MAX) return undefined;
    return this.received(message, now);
  }

  /**
   * The connection has ended, or nothing came for so long that nothing will: `why` when that is not an end of stream.
   */
  ended(why?: string): AnswerOutcome {
    if (this.question.type === TYPE.IXFR && this.records <= 1) return { kind: 'useless', isLasting: false };
    const records = this.records > 0 ? ` after ${this.records} records` : '';
    return this.fail(why === undefined ? `cut off after ${this.records} records` : `${why}${records}`);
  }

  /** Header and question, as far as SOA answers and transfers have them in common. False when the answer is judged. */
  private begin(message: Uint8Array): boolean {
    cursor.start(message);
    const { id, type, zone } = this.question;
    const { flags } = cursor;
    const isOurs = !cursor.failed && cursor.id === id && (flags & (FLAG.QR | FLAG.OPCODE)) === FLAG.QR;
    if (!isOurs || cursor.count(0) > 1) return this.judge('malformed');
    if (cursor.nextQuestion(owner)) {
      if (cursor.type !== type || cursor.class !== CLASS_IN || !nameEqual(owner, 0, zone, 0))
        return this.judge('malformed');
    }
    const rcode = flags & FLAG.RCODE;
    if (rcode === RCODE.NOERROR) return true;
    if (type === TYPE.IXFR && this.records === 0) {
      const isLasting = rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP;
      this.end({ kind: 'useless', isLasting });
      return false;
    }
    return this.judge(this.records > 0 ? `${rcodeWords(rcode)} after ${this.records} records` : rcodeWords(rcode));
  }

  private soaAnswer(message: Uint8Array): void {
    if (!this.begin(message)) return;
    if (cursor.flags & FLAG.TC) return this.end({ kind: 'truncated' });
    const isAuthoritative = (cursor.flags & FLAG.AA) !== 0;
    let found = false;
    while (cursor.next(owner)) {
      if (cursor.section !== ANSWER || cursor.type !== TYPE.SOA || !this.isZone()) continue;
      if (!this.readSerial()) break;
      found = true;
    }
    if (!cursor.isAtEnd) return void this.judge('malformed');
    if (!isAuthoritative || !found) return void this.judge('lame');
    this.end(this.compare() ?? { kind: 'newer', serial: this.serial });
  }

  private transferMessage(message: Uint8Array): void {
    if (!this.begin(message)) return;
    const hasAnswers = cursor.count(ANSWER) > 0;
    while (cursor.next(owner)) {
      if (cursor.section === ANSWER) {
        this.answer();
        cursor.reader.end = message.length; // while its data were read they ended with the record
      } else if (hasAnswers && !(cursor.section === ADDITIONAL && isMeta(cursor.type))) this.judge('malformed');
      if (this.outcome.kind !== 'more' && this.state !== 'over') return;
    }
    if (!cursor.isAtEnd) return void this.judge('malformed');
    if (hasAnswers || this.records > 0 || this.outcome.kind !== 'more') return;
    if (this.question.type === TYPE.IXFR) this.end({ kind: 'useless', isLasting: true });
    else this.judge('no SOA first');
  }

  /** A record of the answer section. Those behind the last SOA of a transfer, in its message, are too many. */
  private answer(): void {
    if (this.state === 'over') {
      const { kind } = this.outcome;
      if (kind === 'changes') this.badChanges('they go on after the last serial');
      else if (kind === 'whole') this.judge('malformed');
      return;
    }
    if (cursor.class !== CLASS_IN) return void this.judge('malformed');
    if (++this.records > this.limits.records) return void this.judge('over MAXRECORDS');
    const isZoneSoa = cursor.type === TYPE.SOA && this.isZone();
    switch (this.state) {
      case 'first':
        return isZoneSoa ? this.first() : void this.judge('no SOA first');
      case 'second':
        return this.second(isZoneSoa);
      case 'whole':
        return isZoneSoa ? this.last() : this.record();
      default:
        return isZoneSoa ? this.nextPart() : this.change();
    }
  }

  /** The first record: the SOA of the version that is offered. */
  private first(): void {
    if (!this.readSerial() || !this.sink.soa(cursor.ttl, this.data())) return void this.judge('malformed');
    const compared = this.compare();
    if (compared) return this.end(compared, true);
    if (this.question.type === TYPE.IXFR && this.question.serial !== undefined) this.state = 'second';
    else this.beginWhole();
  }

  /** The record after the SOA of an IXFR says what it is: changes begin with the SOA that is here. */
  private second(isZoneSoa: boolean): void {
    if (!isZoneSoa) {
      this.beginWhole();
      return this.record();
    }
    const serial = this.serialHere();
    if (serial < 0) return void this.judge('malformed');
    if (serial !== this.question.serial) return this.badChanges(`they start at ${serial}`);
    this.state = 'removing';
    this.step = serial;
  }

  private beginWhole(): void {
    this.state = 'whole';
    this.sink.whole();
  }

  private record(): void {
    const taken = this.sink.record(owner, cursor.type, cursor.ttl, this.data());
    this.count(taken);
    if (taken === 'taken' && cursor.type === TYPE.NS && this.isZone()) this.hasServers = true;
    if (this.sink.octets > this.limits.octets) this.judge('over MAXBYTES');
  }

  private last(): void {
    const serial = this.serialHere();
    if (serial < 0) this.judge('malformed');
    else if (serial !== this.serial) this.judge('changed while it was sent');
    else if (!this.hasServers) this.judge('no NS');
    else this.end({ kind: 'whole', serial });
  }

  /** An SOA within changes: between what is removed and what is added, between two steps, or at the end. */
  private nextPart(): void {
    const serial = this.serialHere();
    if (serial < 0) return void this.judge('malformed');
    if (this.state === 'removing') {
      if (!isNewer(serial, this.step)) return this.badChanges(`${serial} is not newer than ${this.step}`);
      this.step = serial;
      this.state = 'adding';
    } else if (serial !== this.step) this.badChanges(`a gap from ${this.step} to ${serial}`);
    else if (serial !== this.serial) this.state = 'removing';
    else this.end({ kind: 'changes', serial, removed: this.removed, added: this.added });
  }

  private change(): void {
    const isAdded = this.state === 'adding';
    const taken = this.sink.change(isAdded, owner, cursor.type, cursor.ttl, this.data());
    if (taken === 'impossible') {
      return this.badChanges(isAdded ? 'addition of what is there' : 'deletion of what is not there');
    }
    this.count(taken);
    if (taken !== 'taken') return;
    if (isAdded) this.added++;
    else this.removed++;
    if (this.sink.changes.isTooLarge) this.badChanges('too many');
  }

  private count(taken: Taken): void {
    if (taken === 'malformed') this.judge('malformed');
    else if (taken === 'outside') this.outside++;
    else if (taken === 'not for data') this.notForData++;
  }

  /** The reader at the record's data, which end where it ends. */
  private data(): Reader {
    const { reader } = cursor;
    reader.pos = cursor.dataAt;
    reader.end = cursor.dataEnd;
    return reader;
  }

  private isZone(): boolean {
    return nameEqual(owner, 0, this.question.zone, 0);
  }

  private readSerial(): boolean {
    const serial = this.serialHere();
    if (serial >= 0) this.serial = serial;
    return serial >= 0;
  }

  /** The serial of the SOA that the cursor stands on; -1 when its data are malformed. */
  private serialHere(): number {
    const { reader, dataAt, dataEnd } = cursor;
    reader.pos = dataAt;
    if (!reader.skipName() || !reader.skipName() || reader.pos + 20 !== dataEnd) return -1;
    return unpack32(reader.bytes, reader.pos);
  }

  /** How the serial offered compares with ours; undefined when it is newer, or there is nothing here. */
  private compare(): AnswerOutcome | undefined {
    const { serial } = this.question;
    if (serial === undefined || isNewer(this.serial, serial)) return undefined;
    return this.serial === serial ? { kind: 'same' } : { kind: 'older', serial: this.serial };
  }

  private badChanges(why: string): void {
    this.outcome = { kind: 'bad changes', why: `ixfr: ${why}` };
    this.state = 'first';
  }

  private end(outcome: AnswerOutcome, ignoresTheRest = false): void {
    this.outcome = outcome;
    this.state = ignoresTheRest ? 'first' : 'over';
  }

  private judge(why: string): false {
    this.outcome = { kind: 'failed', why };
    this.state = 'first';
    return false;
  }

  private fail(why: string): AnswerOutcome {
    this.judge(why);
    return this.outcome;
  }
}

/** Records that belong to the message and not to the zone. */
function isMeta(type: number): boolean {
  return type === TYPE.OPT || type === TYPE.TSIG;
}
