// A reverse DNS wall: every address has a name, `d.c.b.a.in-addr.arpa` itself, and that name has the address. Knows no
// data. Counterpart: walldns.c.

import { scanAddressLabels } from '../wire/address-name.ts';
import { nameOf, ROOT } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { type Question, type Responder, refuse, startAnswer } from './responder.ts';

/** Seconds. */
const TTL = 655360;

const IN_ADDR_ARPA = nameOf('in-addr.arpa')!;
const labels = new Uint8Array(4);
const ip = new Uint8Array(4);

/** The wall: `a.b.c.d` and `d.c.b.a.in-addr.arpa` have their address, names below in-addr.arpa point to themselves. */
export const walldns: Responder = {
  begin() {},

  respond(question, response) {
    const { name, type } = question;
    const wantsAddress = type === TYPE.A || type === TYPE.ANY;
    const wantsPointer = type === TYPE.PTR || type === TYPE.ANY;
    if (!wantsAddress && !wantsPointer) return refuse(response);
    if (scanAddressLabels(name, ROOT, labels) === 4) {
      if (wantsAddress) putAddress(question, response, labels);
      return true;
    }
    const count = scanAddressLabels(name, IN_ADDR_ARPA, labels);
    if (count < 0) return refuse(response);
    if (wantsAddress && count === 4) {
      for (let i = 0; i < 4; i++) ip[i] = labels[3 - i]!;
      putAddress(question, response, ip);
    }
    if (wantsPointer) {
      const mark = startAnswer(question, response, TYPE.PTR, TTL);
      response.name(name, 0);
      response.endRecord(mark);
    }
    return true;
  },
};

function putAddress(question: Question, response: Writer, address: Uint8Array): void {
  const mark = startAnswer(question, response, TYPE.A, TTL);
  response.put(address);
  response.endRecord(mark);
}
