// Data lines to cdb records. Counterpart: tinydns-data.c. Each letter's records, their order and their octets are
// interface: data.cdb is byte for byte the original's. Nothing is allocated per line. record-maker.ts adds the records.

import { scanIp4, scanIp6 } from '../base/address.ts';
import { Fatal } from '../base/errors.ts';
import { scanHex } from '../base/text.ts';
import type { CdbSink } from '../cdb/maker.ts';
import { IN_ADDR_ARPA, IP6_ARPA, IP6_INT, putReverseName } from '../wire/address-name.ts';
import { unescapeText } from '../wire/escape.ts';
import { NAME_MAX, nameOf, scanName } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { BadLine } from './bad-line.ts';
import { Fields } from './fields.ts';
import { addLocation, TINYDNS_LOCATIONS } from './location.ts';
import { Location6Maker } from './location6.ts';
import { RecordMaker } from './record-maker.ts';
import { scanLineType, scanTypedData } from './typed-line.ts';

// Default TTLs in seconds: of name server records, of other records, of SOAs and so of negative answers.
export const TTL_NS = 259200;
export const TTL_POSITIVE = 86400;
export const TTL_NEGATIVE = 2560;

// The timers of an SOA: refresh, retry, expire, minimum.
export const SOA_TIMERS = [16384, 2048, 1048576, TTL_NEGATIVE] as const;

const NS_INFIX = new Uint8Array([46, 110, 115, 46]); // .ns.
const MX_INFIX = new Uint8Array([46, 109, 120, 46]); // .mx.
const SRV_INFIX = new Uint8Array([46, 115, 114, 118, 46]); // .srv.
const HOSTMASTER = nameOf('hostmaster')!.subarray(0, 11);

/** Types that `:` lines may not have, as the messages call them. */
const PROHIBITED: Readonly<Record<number, string>> = {
  [TYPE.AXFR]: 'AXFR',
  0: '0',
  [TYPE.SOA]: 'SOA',
  [TYPE.NS]: 'NS',
  [TYPE.CNAME]: 'CNAME',
  [TYPE.PTR]: 'PTR',
  [TYPE.MX]: 'MX',
};

/** Compiles lines into a cdb; `line` for each line, `end` after the last, then the caller finishes the maker. */
export class TinydnsCompiler {
  private readonly maker: CdbSink;
  private readonly record: RecordMaker;
  private readonly locations6: Location6Maker;
  private serial = 1;
  private readonly fields = new Fields();
  // The owner of the line (field 0), the name that field x means, and names made up on the way.
  private readonly owner = new Uint8Array(NAME_MAX + 1);
  private readonly xname = new Uint8Array(NAME_MAX + 1);
  private readonly other = new Uint8Array(NAME_MAX + 1);
  private readonly ip4 = new Uint8Array(4);
  /** Text being put together; grown with the lines. */
  private text = new Uint8Array(4096);

  /**
   * `mtime` is when the data file was last changed, in Unix seconds: the serial of zones that do not say theirs. With
   * `writesNames` the file says which names exist, and wildcards are as in RFC 4592.
   */
  constructor(maker: CdbSink, mtime: number, writesNames = false) {
    this.maker = maker;
    this.record = new RecordMaker(maker, writesNames);
    this.locations6 = new Location6Maker(maker);
    this.startFile(mtime);
  }

  /** The lines that follow are of a file last changed at `mtime`. */
  startFile(mtime: number): void {
    this.serial = mtime >>> 0 === 0 ? 1 : mtime >>> 0;
  }

  /**
   * Compiles the line `text[from..to]`, blanks at its end already removed, not empty. Throws `BadLine`; `Fatal` for a
   * name that is too long; and what the maker throws.
   */
  line(text: Uint8Array, from: number, to: number): void {
    const letter = text[from];
    this.makeRoom(to - from);
    this.fields.split(text, from + 1, to, true);
    switch (letter) {
      case 35: // #
      case 45: // -
        return;
      case 37: // %
        return this.locationEntry();
      case 46: // .
      case 38: // &
        return this.nameServer(letter === 46);
      case 43: // +
      case 61: // =
        return this.host(letter === 61);
      case 51: // 3
      case 54: // 6
        return this.flatHost(letter === 54);
      case 83: // S
        return this.service();
      case 64: // @
        return this.mailExchanger();
      case 94: // ^
        return this.pointer(TYPE.PTR);
      case 67: // C
        return this.pointer(TYPE.CNAME);
      case 39: // '
        return this.text127();
      case 58: // :
        return this.generic(to);
      case 90: // Z
        return this.startOfAuthority();
      default:
        throw new BadLine('unrecognized leading character');
    }
  }

  /** Adds the records that can only be added when all lines were seen. */
  end(): void {
    this.record.end();
    this.locations6.end();
  }

  private locationEntry(): void {
    if (!this.locations6.add(this.fields)) addLocation(this.maker, TINYDNS_LOCATIONS, this.fields);
  }

  private nameServer(authoritative: boolean): void {
    const { fields, record } = this;
    this.scan(0, this.owner);
    this.scanServer(NS_INFIX);
    const ttl = fields.number(3, TTL_NS);
    record.timeAndPlace(fields, 4);
    if (authoritative) {
      record.start(this.owner, TYPE.SOA, ttl === 0 && fields.isZero(3) ? 0 : TTL_NEGATIVE);
      record.putName(this.xname);
      record.put(HOSTMASTER, HOSTMASTER.length);
      record.putName(this.owner);
      record.put32(this.serial);
      for (const timer of SOA_TIMERS) record.put32(timer);
      record.finish();
    }
    record.start(this.owner, TYPE.NS, ttl);
    record.putName(this.xname);
    record.finish();
    this.address(1, this.xname, ttl);
  }

  private host(withPointer: boolean): void {
    this.scan(0, this.owner);
    const ttl = this.fields.number(2, TTL_POSITIVE);
    this.record.timeAndPlace(this.fields, 3);
    const ip = this.address(1, this.owner, ttl);
    if (ip && withPointer) this.pointerTo(this.owner, ip, ip.length === 4 ? IN_ADDR_ARPA : IP6_ARPA, ttl);
  }

  /** A host with an IPv6 address of 32 digits; what is no such address is no host. */
  private flatHost(withPointers: boolean): void {
    this.scan(0, this.owner);
    const ttl = this.fields.number(2, TTL_POSITIVE);
    this.record.timeAndPlace(this.fields, 3);
    const ip = this.fields.isBracketed(1) ? this.bracketed(1) : scanHex(this.fields.textOf(1).slice(0, 32));
    if (ip?.length !== 16) return;
    this.addAddress(this.owner, TYPE.AAAA, ip, ttl);
    if (!withPointers) return;
    this.pointerTo(this.owner, ip, IP6_ARPA, ttl);
    this.pointerTo(this.owner, ip, IP6_INT, ttl);
  }

  /** The PTR record of an address, which points to `name`. */
  private pointerTo(name: Uint8Array, ip: Uint8Array, base: Uint8Array, ttl: number): void {
    const { record } = this;
    putReverseName(this.other, ip, base);
    record.start(this.other, TYPE.PTR, ttl);
    record.putName(name);
    record.finish();
  }

  private service(): void {
    const { fields, record } = this;
    this.scan(0, this.owner);
    this.scanServer(SRV_INFIX);
    const port = fields.number(3, -1);
    if (port < 0) throw new Fatal('protocol error');
    const ttl = fields.number(6, TTL_POSITIVE);
    record.timeAndPlace(fields, 7);
    record.start(this.owner, TYPE.SRV, ttl);
    record.put16(fields.number(4, 0));
    record.put16(fields.number(5, 0));
    record.put16(port);
    record.putName(this.xname);
    record.finish();
    this.address(1, this.xname, ttl);
  }

  private mailExchanger(): void {
    const { fields, record } = this;
    this.scan(0, this.owner);
    this.scanServer(MX_INFIX);
    const distance = fields.number(3, 0);
    const ttl = fields.number(4, TTL_POSITIVE);
    record.timeAndPlace(fields, 5);
    record.start(this.owner, TYPE.MX, ttl);
    record.put16(distance);
    record.putName(this.xname);
    record.finish();
    this.address(1, this.xname, ttl);
  }

  private pointer(type: number): void {
    const { fields, record } = this;
    this.scan(0, this.owner);
    this.scan(1, this.xname);
    const ttl = fields.number(2, TTL_POSITIVE);
    record.timeAndPlace(fields, 3);
    record.start(this.owner, type, ttl);
    record.putName(this.xname);
    record.finish();
  }

  private text127(): void {
    const { fields, text, record } = this;
    this.scan(0, this.owner);
    const ttl = fields.number(2, TTL_POSITIVE);
    record.timeAndPlace(fields, 3);
    record.start(this.owner, TYPE.TXT, ttl);
    record.putRuns(text, unescapeText(fields.text, fields.from[1]!, fields.to[1]!, text, 0));
    record.finish();
  }

  private generic(to: number): void {
    const { fields, record } = this;
    this.scan(0, this.owner);
    const named = scanLineType(fields.textOf(1));
    if (named >= 0) return this.typed(named, to);
    const type = fields.number(1, 0) & 0xffff;
    const refused = PROHIBITED[type];
    if (refused !== undefined) throw new BadLine(`type ${refused} prohibited`);
    const ttl = fields.number(3, TTL_POSITIVE);
    record.timeAndPlace(fields, 4);
    record.start(this.owner, type, ttl);
    record.putUnescaped(fields.text, fields.from[2]!, fields.to[2]!);
    record.finish();
  }

  private typed(type: number, to: number): void {
    const { fields, record } = this;
    fields.splitTyped(to);
    const data = scanTypedData(type, fields.textOf(2));
    const ttl = fields.number(3, TTL_POSITIVE);
    record.timeAndPlace(fields, 4);
    record.start(this.owner, type, ttl);
    record.put(data, data.length);
    record.finish();
  }

  private startOfAuthority(): void {
    const { fields, record } = this;
    this.scan(0, this.owner);
    this.scan(1, this.xname);
    this.scan(2, this.other);
    const serial = fields.number(3, this.serial);
    const ttl = fields.number(8, TTL_NEGATIVE);
    record.timeAndPlace(fields, 9);
    record.start(this.owner, TYPE.SOA, ttl);
    record.putName(this.xname);
    record.putName(this.other);
    record.put32(serial);
    for (const [i, timer] of SOA_TIMERS.entries()) record.put32(fields.number(4 + i, timer));
    record.finish();
  }

  /** Adds the A or AAAA record of the address in the field and returns the address; undefined when there is none. */
  private address(field: number, owner: Uint8Array, ttl: number): Uint8Array | undefined {
    const { fields, ip4 } = this;
    const found = scanIp4(fields.text, fields.from[field]!, fields.to[field]!, ip4, 0) > 0;
    const ip = found ? ip4 : fields.isBracketed(field) ? this.bracketed(field) : undefined;
    if (ip) this.addAddress(owner, found ? TYPE.A : TYPE.AAAA, ip, ttl);
    return ip;
  }

  private addAddress(owner: Uint8Array, type: number, ip: Uint8Array, ttl: number): void {
    const { record } = this;
    record.start(owner, type, ttl);
    record.put(ip, ip.length);
    record.finish();
  }

  /** The IPv6 address in brackets that the field must be. */
  private bracketed(field: number): Uint8Array {
    const text = this.fields.textOf(field);
    const ip = text.endsWith(']') ? scanIp6(text.slice(1, -1)) : undefined;
    if (!ip) throw new BadLine('malformed IP address');
    return ip;
  }

  /** A name field into `out`. Fatal when it is too long: the original says no more than `protocol error`. */
  private scan(field: number, out: Uint8Array): void {
    const { fields } = this;
    if (scanName(fields.text, fields.from[field]!, fields.to[field]!, out, 0) === 0) throw new Fatal('protocol error');
  }

  /**
   * The server that field 2 names, into `xname`: without a dot in it, `x` is `x.ns.OWNER`, its text put before the
   * owner's.
   */
  private scanServer(infix: Uint8Array): void {
    const { fields, text } = this;
    if (fields.has(2, 46)) return this.scan(2, this.xname);
    let end = 0;
    for (let at = fields.from[2]!; at < fields.to[2]!; at++) text[end++] = fields.text[at]!;
    for (let i = 0; i < infix.length; i++) text[end++] = infix[i]!;
    for (let at = fields.from[0]!; at < fields.to[0]!; at++) text[end++] = fields.text[at]!;
    if (scanName(text, 0, end, this.xname, 0) === 0) throw new Fatal('protocol error');
  }

  /** Room for anything that a line of `length` octets can become: TXT adds an octet in 127, a record four names. */
  private makeRoom(length: number): void {
    const room = 2 * length + 4 * NAME_MAX;
    if (room <= this.text.length) return;
    this.record.makeRoom(2 * room);
    this.text = new Uint8Array(2 * room);
  }
}
