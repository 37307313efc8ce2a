// A zone as the messages of a transfer. Counterpart: doaxfr() of axfrdns.c. Who may have it, whether there is such a
// zone, and the stream: SOA, every record of the zone in the order of the file, SOA; one record a message, no
// compression, AA set. No sockets, no clock: both modes of axfrdns drive the same stream, and memory stays the same
// however large the zone is. Only the first message has a question (the original's has none, and BIND refuses that).

import { pack16, pack32 } from '../base/bytes.ts';
import type { Tai } from '../base/tai.ts';
import { CdbFileScan } from '../cdb/file-scan.ts';
import type { CdbSearch, ReadAt } from '../cdb/search.ts';
import { MALFORMED, RecordView, VALUE_MAX, VISIBLE } from '../data/record.ts';
import { CLASS_IN, HEADER_SIZE } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { checkedNameLength, isWithin, NAME_MAX, nameEqual, nameLength, scanName } from '../wire/name.ts';
import { rdataLength } from '../wire/rdata.ts';
import * as TYPE from '../wire/type.ts';

const KEY_MAX = 512;
/** Where the header counts the records of the additional section. */
const ARCOUNT = 10;
/** The TTL of records that have a time to die: a secondary must not keep them longer. */
export const DYING_TTL = 2;
const SLASH = 47;
const STAR = 42;
/** The longest message with its length: header, question, owner with a `*` label, the fixed fields, the data. */
const MESSAGE_ROOM = 2 + HEADER_SIZE + NAME_MAX + 4 + NAME_MAX + 2 + 10 + VALUE_MAX;

/** What an access list says of a zone. */
export type Access = 'allowed' | 'disallowed' | 'undecodable';

/**
 * Whether `zone` is in the list, text like `example.com/2.0.192.in-addr.arpa`: it must equal an element, ignoring case;
 * empty elements count for nothing. `undecodable` when an element before it is no name. No list allows everything.
 */
export function zoneAccess(list: Uint8Array | undefined, zone: Uint8Array): Access {
  if (!list) return 'allowed';
  const name = new Uint8Array(NAME_MAX + 1);
  for (let from = 0; from < list.length; ) {
    const slash = list.indexOf(SLASH, from);
    const to = slash < 0 ? list.length : slash;
    if (to > from) {
      if (scanName(list, from, to, name, 0) === 0) return 'undecodable';
      if (nameEqual(name, 0, zone, 0)) return 'allowed';
    }
    from = to + 1;
  }
  return 'disallowed';
}

/** Why a zone cannot be sent: it is not there, or the file is corrupt. */
export type ZoneProblem = 'absent' | 'protocol error';

/**
 * The fields of a record that a message needs; a `RecordView` has them. The data is `[dataPos..dataEnd]` of its bytes.
 */
interface RecordFields {
  readonly type: number;
  readonly ttl: number;
  readonly isWild: boolean;
  readonly isDying: boolean;
  readonly dataPos: number;
  readonly dataEnd: number;
}

/** The first SOA of a zone that a client sees, and a copy of its data. */
export interface ZoneSoa extends RecordFields {
  readonly data: Uint8Array;
}

/** The SOA that was looked for, or why there is none. */
export type FoundSoa = { readonly soa: ZoneSoa } | { readonly problem: ZoneProblem };

/** Finds the SOA of `zone` (lowercased) in the cdb file `db`, as a client at `location` sees it at `now`. */
export function findSoa<File>(
  cursor: CdbSearch<File>,
  db: File,
  zone: Uint8Array,
  location: number,
  now: Tai,
): FoundSoa {
  const record = new RecordView();
  cursor.start(db, zone);
  while (cursor.next()) {
    const { bytes } = cursor;
    const seen = record.read(bytes, cursor.dataPos, cursor.dataLength, location, now, false);
    if (seen === MALFORMED) return { problem: 'protocol error' };
    if (seen !== VISIBLE || record.type !== TYPE.SOA) continue;
    const { type, ttl, isWild, isDying, dataPos, dataEnd } = record;
    const data = bytes.slice(dataPos, dataEnd);
    if (rdataLength(TYPE.SOA, data, 0, data.length) < 0) return { problem: 'protocol error' };
    return { soa: { type, ttl, isWild, isDying, dataPos: 0, dataEnd: data.length, data } };
  }
  return { problem: cursor.failed ? 'protocol error' : 'absent' };
}

/** A transfer as asked for and as seen by the client. */
export interface ZoneRequest {
  readonly id: number;
  /** The zone's name as the client wrote it, and the class, for the question. */
  readonly qname: Uint8Array;
  readonly qclass: number;
  /** The name lowercased. */
  readonly zone: Uint8Array;
  readonly location: number;
  readonly now: Tai;
  /** An OPT record for the first message, or no octets. */
  readonly opt: Uint8Array;
}

/** Records that are looked at before others have their turn: some 5 ms. */
const LOOKED_MAX = 16384;

/** The messages of a transfer, each with its length before it, in pieces. */
export interface MessageSource {
  /** Set when a file is corrupt: nothing follows what `fill` returned last. */
  readonly failure: '' | 'format error' | 'protocol error';
  /**
   * Nothing was written because a large part of the file had nothing for this zone. Let others have their turn, and
   * call `fill` again.
   */
  readonly isPaused: boolean;
  /**
   * Writes as many whole messages as there is room for into `out` (at least 64 KiB); returns the octets written, 0 at
   * the end, while `isPaused`, or after a failure. Throws what reading the file throws.
   */
  fill(out: Uint8Array): number;
}

/** The records of a zone but for its SOA, as a client sees them, in the order of the file. */
export class ZoneRecords {
  /** Of the record last found: its owner is at `bytes[ownerPos]`, without the label of a wildcard. */
  readonly record: RecordView = new RecordView();
  readonly bytes: Uint8Array;
  ownerPos = 0;
  failure: '' | 'format error' | 'protocol error' = '';
  /** Many records of other zones were passed; the next call goes on. */
  isPaused = false;
  private readonly request: ZoneRequest;
  private readonly scan: CdbFileScan;

  /** `read` reads the data.cdb. */
  constructor(request: ZoneRequest, read: ReadAt) {
    this.request = request;
    this.scan = new CdbFileScan(read, KEY_MAX, VALUE_MAX);
    this.bytes = this.scan.bytes;
  }

  /** Goes to the next record; false at the end, while `isPaused`, or with `failure` set where the file is corrupt. */
  next(): boolean {
    const { scan, record, request } = this;
    this.isPaused = false;
    for (let looked = 0; looked < LOOKED_MAX; looked++) {
      if (!scan.next()) return scan.failed && this.fail('format error');
      const { bytes, keyPos, keyLength } = scan;
      if (keyLength > 1 && bytes[keyPos] === 0) continue; // the table of locations
      if (keyLength === 0 || checkedNameLength(bytes, keyPos, keyPos + keyLength) !== keyLength) {
        return this.fail('format error');
      }
      if (!isWithin(bytes, keyPos, request.zone, 0)) continue;
      const seen = record.read(bytes, scan.dataPos, scan.dataLength, request.location, request.now);
      if (seen === MALFORMED) return this.fail('protocol error');
      if (seen !== VISIBLE || record.type === TYPE.SOA) continue;
      this.ownerPos = keyPos;
      return true;
    }
    this.isPaused = true;
    return false;
  }

  private fail(failure: 'format error' | 'protocol error'): false {
    this.failure = failure;
    return false;
  }
}

/** A zone as the original sends it: one record a message. */
export class ZoneStream implements MessageSource {
  /** Set when the file is corrupt: nothing follows what `fill` returned last. */
  failure: '' | 'format error' | 'protocol error' = '';
  private readonly request: ZoneRequest;
  private readonly soa: ZoneSoa;
  private readonly records: ZoneRecords;
  private state: 'first' | 'records' | 'over' = 'first';

  /** `read` reads the data.cdb that `soa` was found in. */
  constructor(request: ZoneRequest, soa: ZoneSoa, read: ReadAt) {
    this.request = request;
    this.soa = soa;
    this.records = new ZoneRecords(request, read);
  }

  fill(out: Uint8Array): number {
    let at = 0;
    if (this.state === 'first') {
      at = this.putMessage(out, at, this.request.zone, 0, this.soa, this.soa.data);
      if (this.request.opt.length > 0 && at > 0) at = this.putOpt(out, at);
      this.state = 'records';
    }
    while (this.state === 'records' && at + MESSAGE_ROOM <= out.length) {
      at = this.putNext(out, at);
      if (this.isPaused) break;
    }
    return at;
  }

  get isPaused(): boolean {
    return this.state === 'records' && this.records.isPaused;
  }

  /** Ends the message that fills `out` up to `at` with the OPT record. */
  private putOpt(out: Uint8Array, at: number): number {
    const { opt } = this.request;
    out.set(opt, at);
    at += opt.length;
    pack16(out, 0, at - 2);
    pack16(out, 2 + ARCOUNT, 1);
    return at;
  }

  /** The message of the next record that belongs in the transfer, or the last SOA; returns the offset after it. */
  private putNext(out: Uint8Array, at: number): number {
    const { records } = this;
    if (records.next()) return this.putMessage(out, at, records.bytes, records.ownerPos, records.record, records.bytes);
    if (records.failure !== '') return this.fail(records.failure, at);
    if (records.isPaused) return at;
    this.state = 'over';
    return this.putMessage(out, at, this.request.zone, 0, this.soa, this.soa.data);
  }

  /** One record as a message. Octet by octet: the Writer, which can do more, takes a tenth longer for a whole zone. */
  private putMessage(
    out: Uint8Array,
    start: number,
    owner: Uint8Array,
    ownerAt: number,
    record: RecordFields,
    bytes: Uint8Array,
  ): number {
    const { type, dataPos, dataEnd } = record;
    const length = rdataLength(type, bytes, dataPos, dataEnd);
    if (length < 0) return this.fail('protocol error', start);
    let at = this.putHeader(out, start + 2);
    if (record.isWild) {
      out[at++] = 1;
      out[at++] = STAR;
    }
    at = putWireName(out, at, owner, ownerAt);
    at = pack16(out, at, type);
    at = pack16(out, at, CLASS_IN);
    at = pack32(out, at, record.isDying ? DYING_TTL : record.ttl);
    at = pack16(out, at, length);
    for (let i = 0; i < length; i++) out[at++] = bytes[dataPos + i]!;
    pack16(out, start, at - start - 2);
    return at;
  }

  /** The header: one answer, and in the first message the question. */
  private putHeader(out: Uint8Array, start: number): number {
    const { id, qname, qclass } = this.request;
    const questions = this.state === 'first' ? 1 : 0;
    let at = pack16(out, start, id);
    at = pack16(out, at, FLAG.QR | FLAG.AA);
    at = pack16(out, at, questions);
    at = pack16(out, at, 1);
    at = pack32(out, at, 0);
    if (questions === 0) return at;
    at = putWireName(out, at, qname, 0);
    at = pack16(out, at, TYPE.AXFR);
    return pack16(out, at, qclass);
  }

  private fail(failure: 'format error' | 'protocol error', at: number): number {
    this.failure = failure;
    this.state = 'over';
    return at;
  }
}

function putWireName(out: Uint8Array, at: number, name: Uint8Array, from: number): number {
  const end = from + nameLength(name, from);
  for (; from < end; from++) out[at++] = name[from]!;
  return at;
}
