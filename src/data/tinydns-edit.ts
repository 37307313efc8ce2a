// One more line for a data file, without looking a free name up by hand. Counterpart: tinydns-edit.c. Existing lines
// are only read for names, addresses and TTLs in use; none is checked or changed.

import { type Address, formatIp4, formatIp6, ip4Of, scanAnyIp6 } from '../base/address.ts';
import { equal, formatHex } from '../base/bytes.ts';
import { Fatal } from '../base/errors.ts';
import { Decimal, formatDecimal64, scanDecimal, scanHex } from '../base/text.ts';
import { formatName, NAME_MAX, nameEqual, nameOf, scanName } from '../wire/name.ts';
import { Fields } from './fields.ts';

/** What can be added. */
export const EDIT_MODES = ['ns', 'childns', 'host', 'alias', 'mx'] as const;
/** What only an IPv6 address can be added as. */
export const EDIT_MODES6 = ['host6', 'alias6'] as const;
export type EditMode = (typeof EDIT_MODES)[number] | (typeof EDIT_MODES6)[number];

/** Lines of hosts, and of names that are aliases of hosts: their letter. */
const HOSTS = { host: '=', alias: '+', host6: '6', alias6: '3' } as const;

/** Lines of servers: their letter, what their names end in, which field has the TTL, and the TTL when none does. */
const SERVERS = {
  ns: { letter: '.', infix: '.ns.', ttlField: 3, ttl: 259200 },
  childns: { letter: '&', infix: '.ns.', ttlField: 3, ttl: 259200 },
  mx: { letter: '@', infix: '.mx.', ttlField: 4, ttl: 86400 },
} as const;

type ServerMode = keyof typeof SERVERS;

function isServer(mode: EditMode): mode is ServerMode {
  return mode in SERVERS;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const HOST_TTL = 86400;

/** A line being made: show it every line of the file, then take `line()`. */
export class Addition {
  private readonly mode: EditMode;
  private readonly domain: Uint8Array;
  private readonly ip: Address;
  private readonly fields = new Fields();
  private readonly name = new Uint8Array(NAME_MAX + 1);
  private readonly candidates: Uint8Array[] = [];
  private readonly used = new Set<number>();
  private ttl = '';

  /**
   * `host` and `alias` with an IPv6 address are `host6` and `alias6`. Fatal when the domain leaves no room for the
   * names that servers get.
   */
  constructor(asked: EditMode, domain: Uint8Array, ip: Address) {
    const isHost6 = ip.length === 16 && (asked === 'host' || asked === 'alias');
    const mode = isHost6 ? (`${asked}6` as const) : asked;
    this.mode = mode;
    this.domain = domain;
    this.ip = ip;
    if (!isServer(mode)) return;
    const { infix, ttl } = SERVERS[mode];
    this.ttl = String(ttl);
    for (const letter of LETTERS) this.candidates.push(mustName(`${letter}${infix}${formatName(domain)}`));
  }

  /** Takes note of the line `text[from..to]`, without blanks at its end. Fatal when it has what is to be added. */
  see(text: Uint8Array, from: number, to: number): void {
    const { fields, mode } = this;
    if (to === from || mode === 'alias' || mode === 'alias6') return;
    const letter = String.fromCharCode(text[from]!);
    if (letter !== (isServer(mode) ? SERVERS[mode].letter : HOSTS[mode])) return;
    fields.split(text, from + 1, to, true);
    this.scan(0);
    const isSame = nameEqual(this.name, 0, this.domain, 0);
    if (!isServer(mode)) this.seeHost(isSame);
    else if (isSame) this.seeServer(mode);
  }

  /** The line to add, Latin-1, newline included. Fatal, exit code 100, when all 26 letters are taken. */
  line(): string {
    const { mode, ip } = this;
    const domain = formatName(this.domain);
    if (!isServer(mode))
      return `${HOSTS[mode]}${domain}:${ip.length === 4 ? formatIp4(ip) : formatHex(ip)}:${HOST_TTL}\n`;
    const free = [...LETTERS].findIndex((_, i) => !this.used.has(i));
    if (free < 0) throw new Fatal('too many records for that domain', 100);
    const address = ip.length === 4 ? formatIp4(ip) : `[${formatIp6(ip)}]`;
    const distance = mode === 'mx' ? ':' : '';
    return `${SERVERS[mode].letter}${domain}:${address}:${LETTERS[free]}:${distance}${this.ttl}\n`;
  }

  private seeHost(isSame: boolean): void {
    const { ip } = this;
    if (isSame) throw new Fatal('host name already used', 100);
    const other = this.address(1);
    if (!other || !equal(other, ip)) return;
    throw new Fatal(ip.length === 4 ? 'IP address already used' : 'IPv6 address already used', 100);
  }

  /** The address in the field of a line for addresses of this kind. */
  private address(field: number): Uint8Array | undefined {
    const { fields } = this;
    if (this.ip.length === 4) return ip4Of(fields.text.subarray(fields.from[field], fields.to[field]));
    const text = fields.textOf(field);
    return fields.isBracketed(field) ? scanAnyIp6(text) : scanHex(text.slice(0, 32));
  }

  private seeServer(mode: ServerMode): void {
    const { fields, name } = this;
    const { infix, ttlField, ttl } = SERVERS[mode];
    this.ttl = String(ttl);
    const number = new Decimal();
    if (scanDecimal(fields.text, fields.from[ttlField]!, fields.to[ttlField]!, number) > 0) {
      this.ttl = formatDecimal64(number.hi, number.lo);
    }
    if (fields.has(2, 46)) this.scan(2);
    else {
      name.set(mustName(`${fields.textOf(2)}${infix}${fields.textOf(0)}`));
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
