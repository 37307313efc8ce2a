// Data lines to cdb records. Counterpart: tinydns-data.c. Each letter's records, their order and their octets are
// interface: data.cdb is byte for byte the original's. Nothing is allocated per line.

import { scanIp4, scanIp6 } from '../base/address.ts';
import { pack16, pack32 } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { Decimal, scanDecimal, scanHex } from '../base/text.ts';
import type { CdbSink } from '../cdb/maker.ts';
import { IN_ADDR_ARPA, IP6_ARPA, IP6_INT, putReverseName } from '../wire/address-name.ts';
import { unescapeText } from '../wire/escape.ts';
import { NAME_MAX, nameLength, nameOf, scanName } from '../wire/name.ts';
import * as TYPE from '../wire/type.ts';
import { BadLine } from './bad-line.ts';
import { ExistingNamesMaker } from './existing-names.ts';
import { Fields } from './fields.ts';
import { addLocation, TINYDNS_LOCATIONS } from './location.ts';
import { Location6Maker } from './location6.ts';
import { isWildcard, putRecordHead, putRecordKey, type RecordHead } from './record.ts';
import { scanLineType, scanTypedData } from './typed-line.ts';

// Default TTLs in seconds: of name server records, of other records, of SOAs and so of negative answers.
export const TTL_NS = 259200;
export const TTL_POSITIVE = 86400;
export const TTL_NEGATIVE = 2560;

// The timers of an SOA: refresh, retry, expire, minimum.
export const SOA_TIMERS = [16384, 2048, 1048576, TTL_NEGATIVE] as const;

/** Longest character-string that TXT data is cut into. */
export const TXT_RUN = 127;

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
  private readonly locations6: Location6Maker;
  private serial = 1;
  private readonly fields = new Fields();
  // The owner of the line (field 0), the name that field x means, and names made up on the way.
  private readonly owner = new Uint8Array(NAME_MAX + 1);
  private readonly xname = new Uint8Array(NAME_MAX + 1);
  private readonly other = new Uint8Array(NAME_MAX + 1);
  private readonly key = new Uint8Array(NAME_MAX + 1);
  private readonly ip4 = new Uint8Array(4);
  private readonly decimal = new Decimal();
  private readonly head: RecordHead = { type: 0, isWild: false, location: 0, ttl: 0, timestamp: new Uint8Array(8) };
  private readonly names: ExistingNamesMaker | undefined;
  private keyLength = 0;
  /** The record being built, and text being put together; grown with the lines. */
  private value = new Uint8Array(4096);
  private valueEnd = 0;
  private text = new Uint8Array(4096);

  /**
   * `mtime` is when the data file was last changed, in Unix seconds: the serial of zones that do not say theirs. With
   * `writesNames` the file says which names exist, and wildcards are as in RFC 4592.
   */
  constructor(maker: CdbSink, mtime: number, writesNames = false) {
    this.maker = maker;
    this.names = writesNames ? new ExistingNamesMaker(maker) : undefined;
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
    this.names?.end();
    this.locations6.end();
  }

  private locationEntry(): void {
    if (!this.locations6.add(this.fields)) addLocation(this.maker, TINYDNS_LOCATIONS, this.fields);
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
    const ip = this.address(1, this.owner, ttl);
    if (ip && withPointer) this.pointerTo(this.owner, ip, ip.length === 4 ? IN_ADDR_ARPA : IP6_ARPA, ttl);
  }

  /** A host with an IPv6 address of 32 digits; what is no such address is no host. */
  private flatHost(withPointers: boolean): void {
    this.scan(0, this.owner);
    const ttl = this.number(2, TTL_POSITIVE);
    this.timeAndPlace(3);
    const ip = this.fields.isBracketed(1) ? this.bracketed(1) : scanHex(this.fields.textOf(1).slice(0, 32));
    if (ip?.length !== 16) return;
    this.addAddress(this.owner, TYPE.AAAA, ip, ttl);
    if (!withPointers) return;
    this.pointerTo(this.owner, ip, IP6_ARPA, ttl);
    this.pointerTo(this.owner, ip, IP6_INT, ttl);
  }

  /** The PTR record of an address, which points to `name`. */
  private pointerTo(name: Uint8Array, ip: Uint8Array, base: Uint8Array, ttl: number): void {
    putReverseName(this.other, ip, base);
    this.start(this.other, TYPE.PTR, ttl);
    this.putName(name);
    this.finish();
  }

  private service(): void {
    this.scan(0, this.owner);
    this.scanServer(SRV_INFIX);
    const port = this.number(3, -1);
    if (port < 0) throw new Fatal('protocol error');
    const ttl = this.number(6, TTL_POSITIVE);
    this.timeAndPlace(7);
    this.start(this.owner, TYPE.SRV, ttl);
    this.put16(this.number(4, 0));
    this.put16(this.number(5, 0));
    this.put16(port);
    this.putName(this.xname);
    this.finish();
    this.address(1, this.xname, ttl);
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

  private generic(to: number): void {
    const { fields } = this;
    this.scan(0, this.owner);
    const named = scanLineType(fields.textOf(1));
    if (named >= 0) return this.typed(named, to);
    const type = this.number(1, 0) & 0xffff;
    const refused = PROHIBITED[type];
    if (refused !== undefined) throw new BadLine(`type ${refused} prohibited`);
    const ttl = this.number(3, TTL_POSITIVE);
    this.timeAndPlace(4);
    this.start(this.owner, type, ttl);
    this.valueEnd = unescapeText(fields.text, fields.from[2]!, fields.to[2]!, this.value, this.valueEnd);
    this.finish();
  }

  private typed(type: number, to: number): void {
    const { fields } = this;
    fields.splitTyped(to);
    const data = scanTypedData(type, fields.textOf(2));
    const ttl = this.number(3, TTL_POSITIVE);
    this.timeAndPlace(4);
    this.start(this.owner, type, ttl);
    this.put(data, data.length);
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

  /** Adds the A or AAAA record of the address in the field and returns the address; undefined when there is none. */
  private address(field: number, owner: Uint8Array, ttl: number): Uint8Array | undefined {
    const { fields, ip4 } = this;
    const found = scanIp4(fields.text, fields.from[field]!, fields.to[field]!, ip4, 0) > 0;
    const ip = found ? ip4 : fields.isBracketed(field) ? this.bracketed(field) : undefined;
    if (ip) this.addAddress(owner, found ? TYPE.A : TYPE.AAAA, ip, ttl);
    return ip;
  }

  private addAddress(owner: Uint8Array, type: number, ip: Uint8Array, ttl: number): void {
    this.start(owner, type, ttl);
    this.put(ip, ip.length);
    this.finish();
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
    this.names?.add(this.key, this.keyLength, this.head.type === TYPE.SOA);
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

  /** Room for anything that a line of `length` octets can become: TXT adds an octet in 127, a record four names. */
  private makeRoom(length: number): void {
    const room = 2 * length + 4 * NAME_MAX;
    if (room <= this.text.length) return;
    this.value = new Uint8Array(2 * room);
    this.text = new Uint8Array(2 * room);
  }
}
