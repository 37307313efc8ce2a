// When two replies state the same: equal but for the order of records within a section, and, where the answer is a
// random selection of addresses, equal but for which eight.
import { decode } from 'dns-packet';

interface Taken {
  head: string;
  sections: string[][];
  rest: string;
}

function skipName(message: Buffer, at: number): number {
  for (;;) {
    const label = message[at]!;
    if (label === 0) return at + 1;
    if (label >= 192) return at + 2;
    at += 1 + label;
  }
}

function take(message: Buffer): Taken {
  let at = 12;
  for (let i = 0; i < message.readUInt16BE(4); i++) at = skipName(message, at) + 4;
  const head = message.toString('latin1', 0, at);
  const sections = [6, 8, 10].map((count) => {
    const records: string[] = [];
    for (let i = 0; i < message.readUInt16BE(count) && at < message.length; i++) {
      const from = at;
      at = skipName(message, at) + 10;
      at += message.readUInt16BE(at - 2);
      records.push(message.toString('latin1', from, at));
    }
    return records;
  });
  return { head, sections, rest: message.toString('latin1', at) };
}

/** An A record owned by the question's name. */
const isAddress = (record: string) => record.startsWith('\xc0\x0c\0\x01');

/** True when both are null, or state the same. */
export function sameReply(a: Buffer | null, b: Buffer | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.equals(b)) return true;
  if (a.length !== b.length) return false;
  const [x, y] = [take(a), take(b)];
  if (x.head !== y.head || x.rest !== y.rest) return false;
  const sorted = (sections: string[][]) => JSON.stringify(sections.map((records) => records.toSorted()));
  if (sorted(x.sections) === sorted(y.sections)) return true;
  const others = ({ sections: [answer, ...more] }: Taken) =>
    JSON.stringify([answer!.filter((record) => !isAddress(record)), ...more]);
  const addresses = ({ sections: [answer] }: Taken) => answer!.filter(isAddress).length;
  return addresses(x) === 8 && addresses(y) === 8 && others(x) === others(y);
}

/** What an independent decoder makes of a packet; throws on what it cannot read. */
export { decode };
