// One more line for a data file, without looking a free name up by hand. Counterpart: tinydns-edit.c. Existing lines
// are only read for names, addresses and TTLs in use; none is checked or changed.

import { formatIp4, scanIp4 } from '../base/address.ts';
import { equalAt } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { Decimal, formatDecimal64, scanDecimal } from '../base/text.ts';
import { formatName, NAME_MAX, nameEqual, nameOf, scanName } from '../wire/name.ts';
import { Fields } from './fields.ts';

/** What can be added. */
export const EDIT_MODES = ['ns', 'childns', 'host', 'alias', 'mx'] as const;
export type EditMode = (typeof EDIT_MODES)[number];

/** Lines of servers: their letter, what their names end in, which field has the TTL, and the TTL when none does. */
const SERVERS = {
  ns: { letter: '.', infix: '.ns.', ttlField: 3, ttl: 259200 },
  childns: { letter: '&', infix: '.ns.', ttlField: 3, ttl: 259200 },
  mx: { letter: '@', infix: '.mx.', ttlField: 4, ttl: 86400 },
} as const;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const HOST_TTL = 86400;

/** A line being made: show it every line of the file, then take `line()`. */
export class Addition {
  private readonly mode: EditMode;
  private readonly domain: Uint8Array;
  private readonly ip: Uint8Array;
  private readonly fields = new Fields();
  private readonly name = new Uint8Array(NAME_MAX + 1);
  private readonly candidates: Uint8Array[] = [];
  private readonly used = new Set<number>();
  private ttl = '';

  /** Fatal when the domain leaves no room for the names that servers get. */
  constructor(mode: EditMode, domain: Uint8Array, ip: Uint8Array) {
    this.mode = mode;
    this.domain = domain;
    this.ip = ip;
    if (mode === 'host' || mode === 'alias') return;
    const { infix, ttl } = SERVERS[mode];
    this.ttl = String(ttl);
    for (const letter of LETTERS) this.candidates.push(mustName(`${letter}${infix}${formatName(domain)}`));
  }

  /** Takes note of the line `text[from..to]`, without blanks at its end. Fatal when it has what is to be added. */
  see(text: Uint8Array, from: number, to: number): void {
    const { fields, mode } = this;
    if (to === from || mode === 'alias') return;
    const letter = String.fromCharCode(text[from]!);
    if (mode === 'host' ? letter !== '=' : letter !== SERVERS[mode].letter) return;
    fields.split(text, from + 1, to);
    this.scan(0);
    const isSame = nameEqual(this.name, 0, this.domain, 0);
    if (mode === 'host') this.seeHost(isSame);
    else if (isSame) this.seeServer(mode);
  }

  /** The line to add, Latin-1, newline included. Fatal, exit code 100, when all 26 letters are taken. */
  line(): string {
    const domain = formatName(this.domain);
    const ip = formatIp4(this.ip);
    if (this.mode === 'host') return `=${domain}:${ip}:${HOST_TTL}\n`;
    if (this.mode === 'alias') return `+${domain}:${ip}:${HOST_TTL}\n`;
    const free = [...LETTERS].findIndex((_, i) => !this.used.has(i));
    if (free < 0) throw new Fatal('too many records for that domain', 100);
    const distance = this.mode === 'mx' ? ':' : '';
    return `${SERVERS[this.mode].letter}${domain}:${ip}:${LETTERS[free]}:${distance}${this.ttl}\n`;
  }

  private seeHost(isSame: boolean): void {
    const { fields, ip } = this;
    if (isSame) throw new Fatal('host name already used', 100);
    const other = new Uint8Array(4);
    if (scanIp4(fields.text, fields.from[1]!, fields.to[1]!, other, 0) > 0 && equalAt(other, 0, ip, 0, 4)) {
      throw new Fatal('IP address already used', 100);
    }
  }

  private seeServer(mode: 'ns' | 'childns' | 'mx'): void {
    const { fields, name } = this;
    const { infix, ttlField, ttl } = SERVERS[mode];
    this.ttl = String(ttl);
    const number = new Decimal();
    if (scanDecimal(fields.text, fields.from[ttlField]!, fields.to[ttlField]!, number) > 0) {
      this.ttl = formatDecimal64(number.hi, number.lo);
    }
    if (fields.has(2, 46)) this.scan(2);
    else {
      const text = (i: number) => Buffer.from(fields.text.subarray(fields.from[i], fields.to[i])).toString('latin1');
      name.set(mustName(`${text(2)}${infix}${text(0)}`));
    }
    const taken = this.candidates.findIndex((candidate) => nameEqual(name, 0, candidate, 0));
    if (taken >= 0) this.used.add(taken);
  }

  private scan(field: number): void {
    const { fields } = this;
    if (scanName(fields.text, fields.from[field]!, fields.to[field]!, this.name, 0) === 0) throw tooLong();
  }
}

function mustName(text: string): Uint8Array {
  const name = nameOf(text);
  if (!name) throw tooLong();
  return name;
}

/** The original's words for a name that is too long. */
function tooLong(): Fatal {
  return new Fatal('out of memory');
}
