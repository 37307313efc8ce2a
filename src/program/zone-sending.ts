// A zone transfer that axfrdns sends, over whatever connection: opening data.cdb, finding the zone, choosing between
// the whole zone and the changes since a serial. Counterpart: doaxfr() of axfrdns.c.

import { closeSync, readSync } from 'node:fs';
import type { Address } from '../base/address.ts';
import { MappedFile, openNow, regularStats } from '../base/mapped-file.ts';
import { errorText } from '../base/oserror.ts';
import { taiNow, unixNow } from '../base/tai.ts';
import { CdbFileCursor } from '../cdb/file-cursor.ts';
import type { ReadAt } from '../cdb/search.ts';
import { ClientLocations } from '../data/location.ts';
import { VALUE_MAX } from '../data/record.ts';
import {
  findSoa,
  type MessageSource,
  ZoneRecords,
  type ZoneRequest,
  type ZoneSoa,
  ZoneStream,
  zoneAccess,
} from '../transfer/axfr.ts';
import { findChain, serialOf } from '../transfer/history.ts';
import { PackedStream, type SentRecords, WholeZone, ZoneSteps } from '../transfer/packed.ts';
import { isNewer } from '../transfer/serial.ts';
import type { TsigChain } from '../transfer/tsig.ts';
import * as TYPE from '../wire/type.ts';

const DATA = 'data.cdb';
export const NOT_FOUND = `unable to locate information in ${DATA}`;
const PROTOCOL_ERROR = { problem: 'protocol error' } as const;
const UNREADABLE = `unable to read ${DATA}`;

/** What a client asks for. */
export interface TransferRequest {
  readonly id: number;
  /** The zone's name as the client wrote it, and the class. */
  readonly qname: Uint8Array;
  readonly qclass: number;
  /** The name lowercased. */
  readonly zone: Uint8Array;
  readonly ip: Address;
  /** The zones that the client may have, see `zoneAccess`. */
  readonly axfr: Uint8Array | undefined;
  /** For changes: the serial that the client has. */
  readonly serial: number | undefined;
  /** An OPT record for the first message, or no octets. */
  readonly opt: Uint8Array;
  readonly chain: TsigChain | undefined;
}

const cursor = new CdbFileCursor(VALUE_MAX);
const locations = new ClientLocations(cursor);
const history = new MappedFile('ixfr.cdb');

/** A transfer under way. */
export class ZoneSending {
  /** Why nothing (more) is sent, in the original's words; empty while there is no reason. */
  failure = '';
  private source: MessageSource | undefined;
  private fd = -1;

  /**
   * Opens data.cdb for this transfer alone: what happens to the name meanwhile does not matter to it. The SOA is looked
   * up in the same file, so that serial and records belong together.
   */
  constructor(request: TransferRequest) {
    try {
      this.fd = openNow(DATA);
      regularStats(this.fd);
      const access = zoneAccess(request.axfr, request.zone);
      if (access === 'disallowed') this.failure = 'disallowed zone transfer request';
      else if (access === 'undecodable') this.failure = 'out of memory';
      else this.findZone(request);
    } catch (error) {
      this.failure = `${UNREADABLE}: ${errorText(error)}`;
    }
    if (this.failure !== '') this.close();
  }

  /** The next messages with their lengths, as many as fit `out`; 0 when there is nothing more. */
  fill(out: Uint8Array): number {
    const { source } = this;
    if (!source) return 0;
    try {
      const length = source.fill(out);
      if (length === 0 && source.failure !== '') this.failure = `${UNREADABLE}: ${source.failure}`;
      return length;
    } catch (error) {
      this.failure = `${UNREADABLE}: ${errorText(error)}`;
      return 0;
    }
  }

  /** `fill` wrote nothing, but there is more: others may have their turn first. */
  get isPaused(): boolean {
    return this.source?.isPaused ?? false;
  }

  /** Lets go of the file. */
  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
    this.source = undefined;
  }

  private findZone(request: TransferRequest): void {
    const { id, qname, qclass, zone, ip, opt } = request;
    const { fd } = this;
    const now = taiNow();
    const read: ReadAt = (into, at, most, position) => readSync(fd, into, at, most, position);
    const location = locations.find(read, ip);
    const found = location < 0 ? PROTOCOL_ERROR : findSoa(cursor, read, zone, location, now);
    if ('problem' in found) {
      this.failure = found.problem === 'absent' ? NOT_FOUND : `${UNREADABLE}: ${found.problem}`;
      return;
    }
    const asked: ZoneRequest = { id, qname, qclass, zone, location, now, opt };
    const { chain, serial } = request;
    if (serial === undefined && !chain) {
      this.source = new ZoneStream(asked, found.soa, read);
      return;
    }
    const type = serial === undefined ? TYPE.AXFR : TYPE.IXFR;
    const clock = unixNow;
    const records =
      (serial === undefined ? undefined : changesSince(serial, zone, found.soa)) ??
      new WholeZone(zone, found.soa, new ZoneRecords(asked, read));
    this.source = new PackedStream({ zone: asked, type, chain, clock }, records);
  }
}

/** What a client with `serial` gets: our SOA alone, the changes, or undefined for the whole zone. */
function changesSince(serial: number, zone: Uint8Array, soa: ZoneSoa): SentRecords | undefined {
  const ours = serialOf(soa.data);
  if (!isNewer(ours, serial)) return new WholeZone(zone, soa, undefined);
  const file = history.current();
  const steps = file && findChain(file, zone, serial, soa.data);
  return steps && new ZoneSteps(zone, soa, steps);
}
