// A reverse DNS wall: every address has a name, `d.c.b.a.in-addr.arpa` itself, and that name has the address. Knows no
// data. Counterpart: walldns.c; IPv6 is ours.

import { IN_ADDR_ARPA, IP6_ARPA, scanAddressLabels, scanNibbleLabels } from '../wire/address-name.ts';
import { ROOT } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { type Question, type Responder, refuse, startAnswer } from './responder.ts';

/** Seconds. */
const TTL = 655360;

const labels = new Uint8Array(4);
const ip = new Uint8Array(4);
const ip6 = new Uint8Array(16);

/**
 * The wall: `a.b.c.d` and `d.c.b.a.in-addr.arpa` have their address, names below in-addr.arpa point to themselves. With
 * `knowsIp6` names below ip6.arpa do so too, and those of 32 digits have their address.
 */
export function walldns(knowsIp6: boolean): Responder {
  return {
    begin() {},
    respond(question, response) {
      if (knowsIp6) {
        const digits = scanNibbleLabels(question.name, IP6_ARPA, ip6);
        if (digits >= 0) return respond6(question, response, digits === 32);
      }
      return respond4(question, response);
    },
  };
}

function respond4(question: Question, response: Writer): boolean {
  const { name, type } = question;
  const wantsAddress = type === TYPE.A || type === TYPE.ANY;
  const wantsPointer = type === TYPE.PTR || type === TYPE.ANY;
  if (!wantsAddress && !wantsPointer) return refuse(response);
  if (scanAddressLabels(name, ROOT, labels) === 4) {
    if (wantsAddress) putAddress(question, response, TYPE.A, labels);
    return true;
  }
  const count = scanAddressLabels(name, IN_ADDR_ARPA, labels);
  if (count < 0) return refuse(response);
  if (wantsAddress && count === 4) {
    for (let i = 0; i < 4; i++) ip[i] = labels[3 - i]!;
    putAddress(question, response, TYPE.A, ip);
  }
  if (wantsPointer) putPointer(question, response);
  return true;
}

/** Of a name below ip6.arpa; an address is whole or not. */
function respond6(question: Question, response: Writer, isWhole: boolean): boolean {
  const { type } = question;
  const wantsAddress = type === TYPE.AAAA || type === TYPE.ANY;
  const wantsPointer = type === TYPE.PTR || type === TYPE.ANY;
  if (!wantsAddress && !wantsPointer && type !== TYPE.A) return refuse(response);
  if (wantsAddress && isWhole) putAddress(question, response, TYPE.AAAA, ip6);
  if (wantsPointer) putPointer(question, response);
  return true;
}

function putAddress(question: Question, response: Writer, type: number, address: Uint8Array): void {
  const mark = startAnswer(question, response, type, TTL);
  response.put(address);
  response.endRecord(mark);
}

/** The question's name points to itself. */
function putPointer(question: Question, response: Writer): void {
  const mark = startAnswer(question, response, TYPE.PTR, TTL);
  response.name(question.name, 0);
  response.endRecord(mark);
}
