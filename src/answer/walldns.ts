// A reverse DNS wall: every address has a name, `d.c.b.a.in-addr.arpa` itself, and that name has the address. Knows no
// data. Counterpart: walldns.c.

import { scanAddressLabels } from '../wire/address-name.ts';
import { nameOf, ROOT } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import type { Writer } from '../wire/writer.ts';
import { type Lookup, type Question, refuse, startAnswer } from './question.ts';

/** Seconds. */
const TTL = 655360;

const IN_ADDR_ARPA = nameOf('in-addr.arpa')!;
const labels = new Uint8Array(4);
const ip = new Uint8Array(4);

/** The wall: `a.b.c.d` and `d.c.b.a.in-addr.arpa` have their address, names below in-addr.arpa point to themselves. */
export const walldns: Lookup = {
  begin() {},

  respond(question, reply) {
    const { name, type } = question;
    const wantsAddress = type === TYPE.A || type === TYPE.ANY;
    const wantsPointer = type === TYPE.PTR || type === TYPE.ANY;
    if (!wantsAddress && !wantsPointer) return refuse(reply);
    if (scanAddressLabels(name, ROOT, labels) === 4) {
      if (wantsAddress) putAddress(question, reply, labels);
      return true;
    }
    const count = scanAddressLabels(name, IN_ADDR_ARPA, labels);
    if (count < 0) return refuse(reply);
    if (wantsAddress && count === 4) {
      for (let i = 0; i < 4; i++) ip[i] = labels[3 - i]!;
      putAddress(question, reply, ip);
    }
    if (wantsPointer) {
      const mark = startAnswer(question, reply, TYPE.PTR, TTL);
      reply.name(name, 0);
      reply.endRecord(mark);
    }
    return true;
  },
};

function putAddress(question: Question, reply: Writer, address: Uint8Array): void {
  const mark = startAnswer(question, reply, TYPE.A, TTL);
  reply.put(address);
  reply.endRecord(mark);
}
