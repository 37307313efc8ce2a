// Fields of a data line that do not mean what they look like: tinydns-data takes any text for an address, a number or a
// time, as the original does, and makes of it what it can.
import { formatIp4, ip4Of, scanIp6 } from '../base/address.ts';
import { bytesOf, textOf } from '../base/bytes.ts';
import { compareTai, taiOfUnix } from '../base/tai.ts';
import type { FindingKind } from './check.ts';
import { Fields } from './fields.ts';
import { scanLineType } from './typed-line.ts';

/** What the fields of a line are, in their order. */
type FieldKind = 'name' | 'address' | 'server' | 'flat' | 'number' | 'ttl' | 'time' | 'location' | 'text' | 'data';

const KINDS: Readonly<Record<string, readonly FieldKind[]>> = {
  '.': ['name', 'server', 'name', 'ttl', 'time', 'location'],
  '&': ['name', 'server', 'name', 'ttl', 'time', 'location'],
  '+': ['name', 'address', 'ttl', 'time', 'location'],
  '=': ['name', 'address', 'ttl', 'time', 'location'],
  '3': ['name', 'flat', 'ttl', 'time', 'location'],
  '6': ['name', 'flat', 'ttl', 'time', 'location'],
  '@': ['name', 'server', 'name', 'number', 'ttl', 'time', 'location'],
  S: ['name', 'server', 'name', 'number', 'number', 'number', 'ttl', 'time', 'location'],
  '^': ['name', 'name', 'ttl', 'time', 'location'],
  C: ['name', 'name', 'ttl', 'time', 'location'],
  "'": ['name', 'text', 'ttl', 'time', 'location'],
  ':': ['name', 'text', 'data', 'ttl', 'time', 'location'],
  Z: ['name', 'name', 'name', 'number', 'number', 'number', 'number', 'number', 'ttl', 'time', 'location'],
};

const TTL_MAX = 0x7fffffff;
const YEAR = 31536000;
/** Times before and after which nobody means. */
const EARLIEST = taiOfUnix(Date.UTC(1990, 0) / 1000, { hi: 0, lo: 0 });
const LATEST = taiOfUnix(Date.UTC(2100, 0) / 1000, { hi: 0, lo: 0 });
const TEXT_MAX = 255;

const fields = new Fields();

/**
 * What is wrong with the fields of the line `text[from..to]`. Locations used are added to `used`, declared ones to
 * `declared`.
 */
export class LineChecker {
  /** Locations that `%` lines declare, and where others are first used: line and name. */
  readonly declared = new Set<string>();
  readonly used = new Map<string, { readonly line: number; readonly name: string }>();
  private readonly report: (name: string, kind: FindingKind, message: string, line?: number) => void;
  private line = 0;

  constructor(report: (line: number, name: string, kind: FindingKind, message: string) => void) {
    this.report = (name, kind, message, line = this.line) => report(line, name, kind, message);
  }

  /** Looks at line number `line`: its text without the blanks at its end, not empty. */
  check(line: number, bytes: Uint8Array, from: number, to: number): void {
    this.line = line;
    const letter = String.fromCharCode(bytes[from]!);
    fields.split(bytes, from + 1, to, true);
    if (letter === '%') return this.locationLine();
    const kinds = KINDS[letter];
    if (!kinds) return;
    const name = fields.textOf(0);
    if (letter === ':' && scanLineType(fields.textOf(1)) >= 0) fields.splitTyped(to);
    const hasIp6 = this.hasStrayIp6(kinds, name);
    if (hasIp6) return; // its colons make nonsense of all that follows
    for (const [i, kind] of kinds.entries()) this.field(kind, name, fields.textOf(i));
    const last = fields.to[kinds.length - 1]!;
    if (last < to) this.report(name, 'fields', `more fields than a ${letter} line has: ${textOf(bytes, last + 1, to)}`);
  }

  /** Reports the locations that are used and that no line declares. */
  end(): void {
    for (const [location, { line, name }] of this.used) {
      if (this.declared.has(location)) continue;
      this.report(name, 'location', `location ${location} is not declared by any % line: nobody sees this`, line);
    }
  }

  private field(kind: FieldKind, name: string, text: string): void {
    switch (kind) {
      case 'address':
        if (text === '') this.report(name, 'address', 'there is no address: the line has no record');
        else this.address(name, text);
        return;
      case 'server':
        if (text !== '') this.address(name, text);
        return;
      case 'flat':
        return this.flat(name, text);
      case 'number':
        if (!/^[0-9]*$/.test(text)) this.report(name, 'number', `${text} is not a number`);
        return;
      case 'ttl':
        return this.ttl(name, text);
      case 'time':
        return this.time(name, text);
      case 'location':
        return this.location(name, text);
      case 'text':
        return this.text(name, text);
      default:
    }
  }

  /** An IPv6 address without brackets, which is several fields. */
  private hasStrayIp6(kinds: readonly FieldKind[], name: string): boolean {
    if (kinds[1] !== 'address' && kinds[1] !== 'server' && kinds[1] !== 'flat') return false;
    if (!/^[0-9A-Fa-f]{1,4}$/.test(fields.textOf(1))) return false;
    const groups = textOf(fields.text, fields.from[1], fields.to[9]).split(':');
    for (let count = Math.min(groups.length, 9); count > 2; count--) {
      const text = groups.slice(0, count).join(':');
      if (!scanIp6(text)) continue;
      this.report(name, 'address', `an IPv6 address wants brackets: [${text}]`);
      return true;
    }
    return false;
  }

  private address(name: string, text: string): void {
    if (text.startsWith('[')) return; // the compiler takes it strictly
    const ip = ip4Of(bytesOf(text));
    if (!ip) this.report(name, 'address', `${text} is no address: there is no record of it`);
    else if (formatIp4(ip) !== text) this.report(name, 'address', `${text} is taken for ${formatIp4(ip)}`);
  }

  private flat(name: string, text: string): void {
    if (text.startsWith('[') || /^[0-9A-Fa-f]{32}$/.test(text)) return;
    if (/^[0-9A-Fa-f]{32}/.test(text)) this.report(name, 'address', `${text.slice(32)} after 32 digits is ignored`);
    else this.report(name, 'address', `${text} is not 32 digits: the line has no record`);
  }

  private ttl(name: string, text: string): void {
    if (text === '') return;
    const seconds = Number(text);
    if (!/^[0-9]/.test(text)) this.report(name, 'ttl', `TTL ${text} is no number: the usual one is taken`);
    else if (!/^[0-9]+$/.test(text)) this.report(name, 'ttl', `TTL ${text} is taken for ${parseInt(text, 10)}`);
    else if (seconds > TTL_MAX) this.report(name, 'ttl', `TTL ${text} is more than there can be: caches take 0`);
    else if (seconds > YEAR) this.report(name, 'ttl', `TTL ${text} is more than a year`);
  }

  private time(name: string, text: string): void {
    if (text === '') return;
    if (!/^[0-9a-f]{16}$/.test(text)) {
      this.report(name, 'timestamp', `${text} is no TAI64 label: 16 digits, of which letters are small`);
      return;
    }
    if (/^0+$/.test(text)) return;
    const hi = parseInt(text.slice(0, 8), 16);
    const lo = parseInt(text.slice(8), 16);
    const isSane = compareTai(hi, lo, EARLIEST.hi, EARLIEST.lo) >= 0 && compareTai(hi, lo, LATEST.hi, LATEST.lo) < 0;
    if (!isSane) this.report(name, 'timestamp', `${text} is no time between 1990 and 2100`);
  }

  private location(name: string, text: string): void {
    if (text === '') return;
    const location = text.slice(0, 2);
    if (text.length > 2) this.report(name, 'location', `of location ${text} only ${location} counts`);
    if (!this.used.has(location)) this.used.set(location, { line: this.line, name });
  }

  private locationLine(): void {
    const location = fields.textOf(0);
    const prefix = fields.textOf(1);
    if (location.length > 2) this.report('', 'location', `of location ${location} only ${location.slice(0, 2)} counts`);
    this.declared.add(location.slice(0, 2));
    if (prefix.startsWith('[') || /^s[0-9A-Fa-f]{1,32}$/.test(prefix)) return;
    const octets = prefix === '' ? [] : prefix.replace(/\.$/, '').split('.');
    const isPrefix =
      octets.length <= 4 && octets.every((octet) => /^(?:0|[1-9][0-9]{0,2})$/.test(octet) && Number(octet) < 256);
    if (!isPrefix)
      this.report('', 'location', `${prefix} is no prefix of an address: up to four octets with dots between`);
  }

  private text(name: string, text: string): void {
    const octets = text.replace(/\\[0-7]{1,3}|\\./g, 'x').length;
    if (octets > TEXT_MAX && fields.text[fields.from[0]! - 1] === 39) {
      this.report(
        name,
        'text',
        `text of ${octets} octets is cut into strings of 127, of which some readers take one only`,
      );
    }
  }
}
