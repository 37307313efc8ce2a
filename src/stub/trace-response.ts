// What a response means to dnstrace. Counterpart: parsepacket() of dnstrace.c. Only records of names inside the zone
// are believed: what a server says of other zones is for their servers to say.

import { copyIp4, copyIp6 } from '../base/address.ts';
import { DNS_PORT } from '../base/endpoint.ts';
import { codeText } from '../base/oserror.ts';
import { CLASS_IN } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { copyName, formatName, isWithin, NAME_MAX, nameEqual } from '../wire/name.ts';
import { formatRecord, type PrintStyle } from '../wire/print.ts';
import * as RCODE from '../wire/rcode.ts';
import { ANSWER, AUTHORITY, RecordCursor } from '../wire/record.ts';
import * as TYPE from '../wire/type.ts';
import type { Fact, Task } from './trace-line.ts';

const cursor = new RecordCursor(true);
const { reader } = cursor;
const owner = new Uint8Array(NAME_MAX);
const data = new Uint8Array(NAME_MAX);

/**
 * How a response is read: whether AAAA records of servers count, and how records are shown that answer the question.
 */
export interface Reading {
  readonly withIp6: boolean;
  readonly style: PrintStyle;
}

/** What the response to the task says, in the order in which dnstrace prints it. */
export function readResponse(response: Uint8Array, task: Task, reading: Reading): Fact[] {
  const facts: Fact[] = [];
  const trouble = learn(response, task, reading, facts);
  if (trouble) facts.push({ kind: 'alert', text: `unable to parse response packet; ${codeText(trouble)}` });
  return facts;
}

/** Returns the code of what is wrong with the response, or the empty string. */
function learn(response: Uint8Array, task: Task, reading: Reading, facts: Fact[]): '' | 'EPROTO' | 'EIO' {
  const { name, zone } = task;
  const outcome = summarize(response, task);
  if (!outcome) return 'EPROTO';
  const { isNxdomain, hasAnswer, hasSoa, target, referral } = outcome;
  if (!target && !isNxdomain && !hasAnswer && referral && !hasSoa) {
    if (nameEqual(referral, 0, zone, 0) || !isWithin(referral, 0, zone, 0)) {
      facts.push({ kind: 'alert', text: `lame server; refers to ${formatName(referral)}` });
      return '';
    }
  }
  if (!learnServers(response, zone, reading.withIp6, facts)) return 'EPROTO';
  if (target) facts.push({ kind: 'cname', target });
  else if (isNxdomain) facts.push({ kind: 'nxdomain' });
  else if (hasAnswer) return learnAnswers(response, task, reading.style, facts) ? '' : 'EPROTO';
  else if (hasSoa || !referral) facts.push({ kind: 'nodata' });
  else if (!isWithin(name, 0, referral, 0)) return 'EIO';
  else facts.push({ kind: 'see', zone: referral });
  return '';
}

interface Outcome {
  readonly isNxdomain: boolean;
  hasAnswer: boolean;
  hasSoa: boolean;
  /** Of the question's CNAME record. */
  target: Uint8Array | undefined;
  /** The owner of the NS records of the authority section. */
  referral: Uint8Array | undefined;
}

/** Answer and authority section in short; undefined when they cannot be read. */
function summarize(response: Uint8Array, { name, type }: Task): Outcome | undefined {
  cursor.start(response);
  const isNxdomain = (cursor.flags & FLAG.RCODE) === RCODE.NXDOMAIN;
  const outcome: Outcome = { isNxdomain, hasAnswer: false, hasSoa: false, target: undefined, referral: undefined };
  for (let left = cursor.count(ANSWER) + cursor.count(AUTHORITY); left > 0 && cursor.next(owner); left--) {
    if (cursor.section === AUTHORITY) {
      if (cursor.type === TYPE.SOA) outcome.hasSoa = true;
      else if (cursor.type === TYPE.NS) outcome.referral = copyName(owner);
    } else if (cursor.class === CLASS_IN && nameEqual(owner, 0, name, 0)) {
      if (type === TYPE.ANY || cursor.type === type) outcome.hasAnswer = true;
      else if (cursor.type === TYPE.CNAME) {
        if (reader.name(data) === 0) break;
        outcome.target = copyName(data);
      }
    }
  }
  return cursor.failed ? undefined : outcome;
}

/** NS and address records of names inside the zone, from all sections. False when the response cannot be read. */
function learnServers(response: Uint8Array, zone: Uint8Array, withIp6: boolean, facts: Fact[]): boolean {
  cursor.start(response);
  while (cursor.next(owner)) {
    if (cursor.class !== CLASS_IN || !isWithin(owner, 0, zone, 0)) continue;
    if (cursor.type === TYPE.NS) {
      if (reader.name(data) === 0) break;
      facts.push({ kind: 'ns', zone: copyName(owner), server: copyName(data) });
    } else if (cursor.type === TYPE.A || (withIp6 && cursor.type === TYPE.AAAA)) {
      const length = cursor.type === TYPE.A ? 4 : 16;
      if (cursor.dataEnd - cursor.dataAt !== length) continue;
      reader.skip(length);
      if (reader.failed) break;
      const ip = length === 4 ? copyIp4(response, cursor.dataAt) : copyIp6(response, cursor.dataAt);
      facts.push({ kind: 'a', owner: copyName(owner), server: { ip, port: DNS_PORT } });
    }
  }
  return !cursor.failed;
}

/** The records that answer the question, from all sections. False when one cannot be printed. */
function learnAnswers(response: Uint8Array, { name, type }: Task, style: PrintStyle, facts: Fact[]): boolean {
  cursor.start(response);
  while (cursor.next(owner)) {
    if (!nameEqual(owner, 0, name, 0) || (type !== TYPE.ANY && cursor.type !== type)) continue;
    const record = formatRecord(cursor, owner, style);
    if (cursor.failed) break;
    facts.push({ kind: 'answer', record });
  }
  return !cursor.failed;
}
