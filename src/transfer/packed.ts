// A transfer as many records a message as fit, names compressed, signed if the request was: for clients that ask for
// changes (IXFR) or sign what they ask. Unsigned AXFR is the original's, in axfr.ts.

import { EMPTY, pack16 } from '../base/bytes.ts';
import { MESSAGE_MAX } from '../wire/constants.ts';
import * as FLAG from '../wire/flag.ts';
import { nameLength } from '../wire/name.ts';
import { putRdata } from '../wire/rdata.ts';
import { Writer } from '../wire/writer.ts';
import { DYING_TTL, type MessageSource, type ZoneRecords, type ZoneRequest, type ZoneSoa } from './axfr.ts';
import { StepRecords } from './history.ts';
import type { TsigChain } from './tsig.ts';

/** Octets of a message with its signature, where a single record needs no more: pointers reach no farther. */
const PACKED_MAX = 16383;

/** A request as its answer needs it. */
export interface PackedRequest {
  readonly zone: ZoneRequest;
  /** AXFR or IXFR. */
  readonly type: number;
  readonly chain: TsigChain | undefined;
  /** Unix seconds. */
  readonly clock: () => number;
}

/** A record to be sent. The owner is at `ownerBytes[ownerPos]`; the data are `bytes[dataPos..dataEnd]`, names whole. */
export interface SentRecord {
  ownerBytes: Uint8Array;
  ownerPos: number;
  type: number;
  ttl: number;
  bytes: Uint8Array;
  dataPos: number;
  dataEnd: number;
}

/** Where the records come from; each call writes the next one into `record`. */
export interface SentRecords {
  readonly record: SentRecord;
  readonly failure: '' | 'format error' | 'protocol error';
  /** There was nothing for long; the next call goes on. */
  readonly isPaused: boolean;
  next(): boolean;
}

function newRecord(): SentRecord {
  return { ownerBytes: EMPTY, ownerPos: 0, type: 0, ttl: 0, bytes: EMPTY, dataPos: 0, dataEnd: 0 };
}

export class PackedStream implements MessageSource {
  failure: '' | 'format error' | 'protocol error' = '';
  private readonly request: PackedRequest;
  private readonly records: SentRecords;
  private readonly writer = new Writer();
  private isFirst = true;
  /** The record in `records` has not been written yet. */
  private isWaiting = false;
  private isOver = false;

  constructor(request: PackedRequest, records: SentRecords) {
    this.request = request;
    this.records = records;
  }

  get isPaused(): boolean {
    return !this.isOver && this.records.isPaused;
  }

  fill(out: Uint8Array): number {
    if (this.isOver) return 0;
    const { request, records, writer } = this;
    const { chain } = request;
    const extra = (chain ? chain.room : 0) + (this.isFirst ? request.zone.opt.length : 0);
    this.begin(out);
    let count = 0;
    for (;;) {
      if (!this.isWaiting && !records.next()) {
        this.isOver = !records.isPaused;
        break;
      }
      this.isWaiting = true;
      const before = writer.length;
      if (!this.put(records.record)) return this.fail('protocol error');
      const limit = count === 0 ? MESSAGE_MAX : PACKED_MAX;
      if (writer.failed || writer.length + extra > limit) {
        if (count === 0) return this.fail('protocol error');
        writer.truncate(before);
        writer.setCount(1, count);
        writer.failed = false;
        break;
      }
      this.isWaiting = false;
      count++;
    }
    if (records.failure !== '') return this.fail(records.failure);
    return count === 0 ? 0 : this.end(out);
  }

  private begin(out: Uint8Array): void {
    const { id, qname, qclass } = this.request.zone;
    const { writer } = this;
    writer.start(out, 2);
    if (!this.isFirst) writer.header(id, FLAG.QR | FLAG.AA, 0);
    else writer.question(id, FLAG.QR | FLAG.AA, qname, 0, this.request.type, qclass);
  }

  private put({ ownerBytes, ownerPos, type, ttl, bytes, dataPos, dataEnd }: SentRecord): boolean {
    const { writer } = this;
    const { zone } = this.request.zone;
    // The first label of a name below the zone is seldom there before, and looking for it among a hundred others is
    // half of the work.
    const label = nameLength(ownerBytes, ownerPos) > zone.length ? 1 + ownerBytes[ownerPos]! : 0;
    writer.put(ownerBytes, ownerPos, ownerPos + label);
    const mark = writer.startRecord(1, ownerBytes, ownerPos + label, type, ttl);
    const length = putRdata(writer, type, bytes, dataPos, dataEnd);
    writer.endRecord(mark);
    return length >= 0;
  }

  private end(out: Uint8Array): number {
    const { request, writer } = this;
    const { opt } = request.zone;
    if (this.isFirst && opt.length > 0) {
      writer.put(opt);
      writer.setCount(3, 1);
    }
    this.isFirst = false;
    let end = 2 + writer.length;
    if (request.chain) end = request.chain.sign(out, 2, end, request.clock());
    pack16(out, 0, end - 2);
    return end;
  }

  private fail(failure: 'format error' | 'protocol error'): 0 {
    this.failure = failure;
    this.isOver = true;
    return 0;
  }
}

/** A whole zone: SOA, records, SOA; or the SOA alone. */
export class WholeZone implements SentRecords {
  readonly record: SentRecord = newRecord();
  private readonly soa: ZoneSoa;
  private readonly zone: Uint8Array;
  private readonly records: ZoneRecords | undefined;
  private readonly wild = new Uint8Array([1, 42, ...new Uint8Array(256)]);
  private state: 'first' | 'records' | 'over' = 'first';

  /** Without `records` it is the SOA alone. */
  constructor(zone: Uint8Array, soa: ZoneSoa, records: ZoneRecords | undefined) {
    this.zone = zone;
    this.soa = soa;
    this.records = records;
  }

  get failure(): '' | 'format error' | 'protocol error' {
    return this.records?.failure ?? '';
  }

  get isPaused(): boolean {
    return this.state === 'records' && this.records?.isPaused === true;
  }

  next(): boolean {
    if (this.state === 'over') return false;
    const { records } = this;
    if (this.state === 'records' && records?.next()) {
      this.set(records);
      return true;
    }
    if (this.failure !== '' || this.isPaused) return false;
    this.state = this.state === 'first' && records ? 'records' : 'over';
    const { record, soa } = this;
    record.ownerBytes = this.zone;
    record.ownerPos = 0;
    this.setData(soa, soa.data);
    return true;
  }

  private set(records: ZoneRecords): void {
    const { record, wild } = this;
    record.ownerBytes = records.bytes;
    record.ownerPos = records.ownerPos;
    if (records.record.isWild) {
      const length = nameLength(records.bytes, records.ownerPos);
      wild.set(records.bytes.subarray(records.ownerPos, records.ownerPos + length), 2);
      record.ownerBytes = wild;
      record.ownerPos = 0;
    }
    this.setData(records.record, records.bytes);
  }

  private setData(
    from: { type: number; ttl: number; isDying: boolean; dataPos: number; dataEnd: number },
    bytes: Uint8Array,
  ): void {
    const { record } = this;
    record.type = from.type;
    record.ttl = from.isDying ? DYING_TTL : from.ttl;
    record.bytes = bytes;
    record.dataPos = from.dataPos;
    record.dataEnd = from.dataEnd;
  }
}

/** Changes: the SOA that is here, each step as history has it, the SOA that is here. */
export class ZoneSteps implements SentRecords {
  readonly isPaused = false;
  readonly record: SentRecord = newRecord();
  failure: '' | 'format error' | 'protocol error' = '';
  private readonly soa: WholeZone;
  private readonly last: WholeZone;
  private readonly steps: readonly Uint8Array[];
  private index = -1;
  private walk: StepRecords | undefined;

  constructor(zone: Uint8Array, soa: ZoneSoa, steps: readonly Uint8Array[]) {
    this.soa = new WholeZone(zone, soa, undefined);
    this.last = new WholeZone(zone, soa, undefined);
    this.steps = steps;
  }

  next(): boolean {
    if (this.index < 0) {
      this.index = 0;
      return this.take(this.soa);
    }
    for (; this.index < this.steps.length; this.index++) {
      this.walk ??= new StepRecords(this.steps[this.index]!);
      if (this.walk.next()) return this.takeStep(this.walk);
      if (this.walk.failed) this.failure = 'protocol error';
      if (this.walk.failed) return false;
      this.walk = undefined;
    }
    return this.take(this.last);
  }

  private take(soa: WholeZone): boolean {
    if (!soa.next()) return false;
    Object.assign(this.record, soa.record);
    return true;
  }

  private takeStep(walk: StepRecords): true {
    const { record } = this;
    record.ownerBytes = walk.bytes;
    record.ownerPos = walk.ownerPos;
    record.type = walk.type;
    record.ttl = walk.ttl;
    record.bytes = walk.bytes;
    record.dataPos = walk.dataPos;
    record.dataEnd = walk.dataEnd;
    return true;
  }
}
