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

/** The type of a record as `take` has it. */
function typeOf(record: string): number {
  const bytes = Buffer.from(record, 'latin1');
  return bytes.readUInt16BE(skipName(bytes, 0));
}

const TYPE_AAAA = 28;
const TYPE_OPT = 41;

/** True when the query has an OPT record of version 0, and no other record. */
function knowsEdns(query: Buffer): boolean {
  if (query.length < 23 || query.readUInt16BE(4) !== 1 || query.readUInt32BE(6) !== 0) return false;
  const { sections, rest } = take(query);
  const [record, ...others] = sections[2]!;
  return record?.startsWith('\0\0\x29') === true && record[6] === '\0' && others.length === 0 && rest === '';
}

/** True when both are null, or the same octets. */
export function equalReply(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

/**
 * `same` for replies to `query` where `want` comes from a server without EDNS. Where the query has an OPT record,
 * `got` has one too, as its last record, and it may have what 512 octets had no room for, and AAAA records of hosts.
 */
export function alikeReply(query: Buffer, got: Buffer | null, want: Buffer | null, same = sameReply): boolean {
  if (got === null || want === null || !knowsEdns(query)) return same(got, want);
  const { head, sections, rest } = take(got);
  const [answer, authority, additional] = sections as [string[], string[], string[]];
  const opt = additional.pop();
  if (opt === undefined || typeOf(opt) !== TYPE_OPT || additional.some((record) => typeOf(record) === TYPE_OPT)) {
    return false;
  }
  const flags = (message: Buffer) => message.readUInt16BE(2) & ~0x0200;
  if (rest !== '' || flags(got) !== flags(want) || got.readUInt16BE(0) !== want.readUInt16BE(0)) return false;
  if (want[2]! & 2) return want.toString('latin1', 12) === head.slice(12); // cut to the question
  const wanted = take(want);
  if (wanted.head.slice(12) !== head.slice(12) || wanted.rest !== '') return false;
  const sorted = (records: string[]) => JSON.stringify(records.toSorted());
  const [wantedAnswer, wantedAuthority, wantedAdditional] = wanted.sections as [string[], string[], string[]];
  const others = (records: string[]) => sorted(records.filter((record) => !isAddress(record)));
  const isSelection = wantedAnswer.filter(isAddress).length === 8 && answer.length === wantedAnswer.length;
  if (sorted(answer) !== sorted(wantedAnswer) && !(isSelection && others(answer) === others(wantedAnswer)))
    return false;
  const glue = additional.filter((record) => typeOf(record) !== TYPE_AAAA);
  return (
    (wantedAuthority.length === 0 || sorted(authority) === sorted(wantedAuthority)) &&
    (wantedAdditional.length === 0 ||
      sorted(glue) === sorted(wantedAdditional.filter((record) => typeOf(record) !== TYPE_AAAA)))
  );
}

/** What an independent decoder makes of a packet; throws on what it cannot read. */
export { decode };
