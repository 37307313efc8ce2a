// Data lines to cdb records. Counterpart: tinydns-data.c. Each letter's records, their order and their octets are
// interface: data.cdb is byte for byte the original's. Nothing is allocated per line.

import { scanIp4 } from '../base/address.ts';
import { pack16, pack32 } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { Decimal, scanDecimal } from '../base/text.ts';
import type { CdbMaker } from '../cdb/maker.ts';
import { unescapeText } from '../wire/escape.ts';
import { NAME_MAX, nameLength, nameOf, scanName } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { BadLine } from './bad-line.ts';
import { Fields } from './fields.ts';
import { addLocation, TINYDNS_LOCATIONS } from './location.ts';
import { isWildcard, putRecordHead, putRecordKey, type RecordHead } from './record.ts';

// Default TTLs in seconds: of name server records, of other records, of SOAs and so of negative answers.
const TTL_NS = 259200;
const TTL_POSITIVE = 86400;
const TTL_NEGATIVE = 2560;

// The timers of an SOA: refresh, retry, expire, minimum.
const SOA_TIMERS = [16384, 2048, 1048576, TTL_NEGATIVE] as const;

/** Longest character-string that TXT data is cut into. */
const TXT_RUN = 127;

const NS_INFIX = new Uint8Array([46, 110, 115, 46]); // .ns.
const MX_INFIX = new Uint8Array([46, 109, 120, 46]); // .mx.
const HOSTMASTER = nameOf('hostmaster')!.subarray(0, 11);
const IN_ADDR_ARPA = nameOf('in-addr.arpa')!;

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

/** Compiles lines into a cdb; `line` for each line, then the caller finishes the maker. */
export class TinydnsCompiler {
  private readonly maker: CdbMaker;
  private readonly serial: number;
  private readonly fields = new Fields();
  // The owner of the line (field 0), the name that field x means, and names made up on the way.
  private readonly owner = new Uint8Array(NAME_MAX + 1);
  private readonly xname = new Uint8Array(NAME_MAX + 1);
  private readonly other = new Uint8Array(NAME_MAX + 1);
  private readonly key = new Uint8Array(NAME_MAX + 1);
  private readonly ip = new Uint8Array(4);
  private readonly decimal = new Decimal();
  private readonly head: RecordHead = { type: 0, isWild: false, location: 0, ttl: 0, timestamp: new Uint8Array(8) };
  private keyLength = 0;
  /** The record being built, and text being put together; grown with the lines. */
  private value = new Uint8Array(4096);
  private valueEnd = 0;
  private text = new Uint8Array(4096);

  /** `mtime` is when the data file was last changed, in Unix seconds: the serial of zones that do not say theirs. */
  constructor(maker: CdbMaker, mtime: number) {
    this.maker = maker;
    this.serial = mtime >>> 0 === 0 ? 1 : mtime >>> 0;
  }

  /**
   * Compiles the line `text[from..to]`, blanks at its end already removed, not empty. Throws `BadLine`; `Fatal` for a
   * name that is too long; and what the maker throws.
   */
  line(text: Uint8Array, from: number, to: number): void {
    const letter = text[from];
    this.makeRoom(to - from);
    this.fields.split(text, from + 1, to);
    switch (letter) {
      case 35: // #
      case 45: // -
        return;
      case 37: // %
        return addLocation(this.maker, TINYDNS_LOCATIONS, this.fields);
      case 46: // .
      case 38: // &
        return this.nameServer(letter === 46);
      case 43: // +
      case 61: // =
        return this.host(letter === 61);
      case 64: // @
        return this.mailExchanger();
      case 94: // ^
        return this.pointer(TYPE.PTR);
      case 67: // C
        return this.pointer(TYPE.CNAME);
      case 39: // '
        return this.text127();
      case 58: // :
        return this.generic();
      case 90: // Z
        return this.startOfAuthority();
      default:
        throw new BadLine('unrecognized leading character');
    }
  }

  private nameServer(authoritative: boolean): void {
    this.scan(0, this.owner);
    this.scanServer(NS_INFIX);
    const ttl = this.number(3, TTL_NS);
    this.timeAndPlace(4);
    if (authoritative) {
      this.start(this.owner, TYPE.SOA, ttl === 0 && this.isZero(3) ? 0 : TTL_NEGATIVE);
      this.putName(this.xname);
      this.put(HOSTMASTER, HOSTMASTER.length);
      this.putName(this.owner);
      this.put32(this.serial);
      for (const timer of SOA_TIMERS) this.put32(timer);
      this.finish();
    }
    this.start(this.owner, TYPE.NS, ttl);
    this.putName(this.xname);
    this.finish();
    this.address(1, this.xname, ttl);
  }

  private host(withPointer: boolean): void {
    this.scan(0, this.owner);
    const ttl = this.number(2, TTL_POSITIVE);
    this.timeAndPlace(3);
    if (!this.address(1, this.owner, ttl) || !withPointer) return;
    this.reverseName(this.other);
    this.start(this.other, TYPE.PTR, ttl);
    this.putName(this.owner);
    this.finish();
  }

  private mailExchanger(): void {
    this.scan(0, this.owner);
    this.scanServer(MX_INFIX);
    const distance = this.number(3, 0);
    const ttl = this.number(4, TTL_POSITIVE);
    this.timeAndPlace(5);
    this.start(this.owner, TYPE.MX, ttl);
    this.put16(distance);
    this.putName(this.xname);
    this.finish();
    this.address(1, this.xname, ttl);
  }

  private pointer(type: number): void {
    this.scan(0, this.owner);
    this.scan(1, this.xname);
    const ttl = this.number(2, TTL_POSITIVE);
    this.timeAndPlace(3);
    this.start(this.owner, type, ttl);
    this.putName(this.xname);
    this.finish();
  }

  private text127(): void {
    this.scan(0, this.owner);
    const ttl = this.number(2, TTL_POSITIVE);
    this.timeAndPlace(3);
    this.start(this.owner, TYPE.TXT, ttl);
    const { fields, text } = this;
    const end = unescapeText(fields.text, fields.from[1]!, fields.to[1]!, text, 0);
    for (let at = 0; at < end; at += TXT_RUN) {
      const run = Math.min(TXT_RUN, end - at);
      this.value[this.valueEnd++] = run;
      for (let i = 0; i < run; i++) this.value[this.valueEnd++] = text[at + i]!;
    }
    this.finish();
  }

  private generic(): void {
    const { fields } = this;
    this.scan(0, this.owner);
    const type = this.number(1, 0) & 0xffff;
    const refused = PROHIBITED[type];
    if (refused !== undefined) throw new BadLine(`type ${refused} prohibited`);
    const ttl = this.number(3, TTL_POSITIVE);
    this.timeAndPlace(4);
    this.start(this.owner, type, ttl);
    this.valueEnd = unescapeText(fields.text, fields.from[2]!, fields.to[2]!, this.value, this.valueEnd);
    this.finish();
  }

  private startOfAuthority(): void {
    this.scan(0, this.owner);
    this.scan(1, this.xname);
    this.scan(2, this.other);
    const serial = this.number(3, this.serial);
    const ttl = this.number(8, TTL_NEGATIVE);
    this.timeAndPlace(9);
    this.start(this.owner, TYPE.SOA, ttl);
    this.putName(this.xname);
    this.putName(this.other);
    this.put32(serial);
    for (const [i, timer] of SOA_TIMERS.entries()) this.put32(this.number(4 + i, timer));
    this.finish();
  }

  /** Adds an A record when the field holds an address, which stays in `ip`; tells whether it does. */
  private address(field: number, owner: Uint8Array, ttl: number): boolean {
    const { fields, ip } = this;
    if (scanIp4(fields.text, fields.from[field]!, fields.to[field]!, ip, 0) === 0) return false;
    this.start(owner, TYPE.A, ttl);
    this.put(ip, 4);
    this.finish();
    return true;
  }

  /** A name field into `out`. Fatal when it is too long: the original says no more than `protocol error`. */
  private scan(field: number, out: Uint8Array): void {
    const { fields } = this;
    if (scanName(fields.text, fields.from[field]!, fields.to[field]!, out, 0) === 0) throw new Fatal('protocol error');
  }

  /** The server that field 2 names, into `xname`: without a dot in it, `x` is `x.ns.OWNER`, its text put before the owner's. */
  private scanServer(infix: Uint8Array): void {
    const { fields, text } = this;
    if (fields.has(2, 46)) return this.scan(2, this.xname);
    let end = 0;
    for (let at = fields.from[2]!; at < fields.to[2]!; at++) text[end++] = fields.text[at]!;
    for (let i = 0; i < infix.length; i++) text[end++] = infix[i]!;
    for (let at = fields.from[0]!; at < fields.to[0]!; at++) text[end++] = fields.text[at]!;
    if (scanName(text, 0, end, this.xname, 0) === 0) throw new Fatal('protocol error');
  }

  /** A number field modulo 2^32, or the default when it has no digits. */
  private number(field: number, absent: number): number {
    const { fields, decimal } = this;
    return scanDecimal(fields.text, fields.from[field]!, fields.to[field]!, decimal) > 0 ? decimal.lo : absent;
  }

  /** True for a number field that is 0 before it is taken modulo 2^32. */
  private isZero(field: number): boolean {
    const { fields, decimal } = this;
    return scanDecimal(fields.text, fields.from[field]!, fields.to[field]!, decimal) > 0 && decimal.value === 0;
  }

  /** The timestamp in `field` and the location in the one after it. */
  private timeAndPlace(field: number): void {
    const { fields, head } = this;
    const { timestamp } = head;
    timestamp.fill(0);
    const digits = Math.min(16, fields.to[field]! - fields.from[field]!);
    for (let i = 0; i < digits; i++) {
      const octet = fields.text[fields.from[field]! + i]!;
      const nibble = octet >= 48 && octet <= 57 ? octet - 48 : octet >= 97 && octet <= 102 ? octet - 87 : 0;
      timestamp[i >> 1]! |= i & 1 ? nibble : nibble << 4;
    }
    head.location = fields.location(field + 1);
  }

  /** Begins a record of `owner`, whose rdata is to follow. */
  private start(owner: Uint8Array, type: number, ttl: number): void {
    const { head } = this;
    head.type = type;
    head.ttl = ttl;
    head.isWild = isWildcard(owner);
    this.keyLength = putRecordKey(this.key, owner);
    this.valueEnd = putRecordHead(this.value, head);
  }

  /** Adds the record begun. */
  private finish(): void {
    this.maker.add(this.key, this.value, this.keyLength, this.valueEnd);
  }

  private put(bytes: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) this.value[this.valueEnd++] = bytes[i]!;
  }

  private putName(name: Uint8Array): void {
    this.put(name, nameLength(name));
  }

  private put16(number: number): void {
    this.valueEnd = pack16(this.value, this.valueEnd, number);
  }

  private put32(number: number): void {
    this.valueEnd = pack32(this.value, this.valueEnd, number);
  }

  /** `d.c.b.a.in-addr.arpa` of `ip` into `out`. */
  private reverseName(out: Uint8Array): void {
    let at = 0;
    for (let i = 3; i >= 0; i--) {
      const digits = String(this.ip[i]);
      out[at++] = digits.length;
      for (let j = 0; j < digits.length; j++) out[at++] = digits.charCodeAt(j);
    }
    for (let i = 0; i < IN_ADDR_ARPA.length; i++) out[at++] = IN_ADDR_ARPA[i]!;
  }

  /** Room for anything that a line of `length` octets can become: TXT adds an octet in 127, a record four names. */
  private makeRoom(length: number): void {
    const room = 2 * length + 4 * NAME_MAX;
    if (room <= this.text.length) return;
    this.value = new Uint8Array(2 * room);
    this.text = new Uint8Array(2 * room);
  }
}
