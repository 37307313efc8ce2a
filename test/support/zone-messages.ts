// Messages of zone transfers as tests want them: right ones, and wrong in any way that a primary can be wrong.
import { pack16 } from '../../src/base/bytes.ts';
import { nameOf } from '../../src/wire/name.ts';
import { Writer } from '../../src/wire/writer.ts';

/** A record: `[owner, type, data, ttl]`; strings in data are names, numbers are 32 bits. */
export type TestRecord = readonly [
  owner: string,
  type: number,
  data: readonly (string | number | Uint8Array)[],
  ttl?: number,
];

export interface MessageOptions {
  readonly id?: number;
  readonly flags?: number;
  /** The question, if any. */
  readonly question?: readonly [name: string, type: number];
  readonly authority?: readonly TestRecord[];
  readonly additional?: readonly TestRecord[];
  readonly class?: number;
  /** Octets behind the last record. */
  readonly tail?: number;
}

export function soa(zone: string, serial: number, timers: readonly number[] = [3600, 60, 100000, 300]): TestRecord {
  return [zone, 6, [`ns.${zone}`, `hostmaster.${zone}`, serial, ...timers]];
}

export function ns(owner: string, target: string): TestRecord {
  return [owner, 2, [target]];
}

export function a(owner: string, last: number, ttl = 300): TestRecord {
  return [owner, 1, [new Uint8Array([10, 0, last >> 8, last])], ttl];
}

const buffer = new Uint8Array(65535 + 300);

/** A response with these answers, names compressed. */
export function message(answers: readonly TestRecord[], options: MessageOptions = {}): Uint8Array {
  const { id = 7, flags = 0x8400, question, authority = [], additional = [] } = options;
  const writer = new Writer();
  writer.start(buffer);
  if (question) writer.question(id, flags, nameOf(question[0])!, 0, question[1], 1);
  else writer.header(id, flags, 0);
  for (const [i, section] of [answers, authority, additional].entries()) {
    for (const [owner, type, data, ttl = 300] of section) {
      const mark = writer.startRecord(i + 1, nameOf(owner)!, 0, type, ttl);
      if (options.class !== undefined) pack16(buffer, mark - 8, options.class);
      for (const part of data) {
        if (typeof part === 'string') writer.name(nameOf(part)!, 0);
        else if (typeof part === 'number') writer.u32(part);
        else writer.put(part);
      }
      writer.endRecord(mark);
    }
  }
  writer.put(new Uint8Array(options.tail ?? 0));
  return buffer.slice(0, writer.length);
}
