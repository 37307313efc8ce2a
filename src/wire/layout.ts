// What the data of each record type consists of: the one table that copying, checking, composing, printing, JSON and
// text go by. A type that is not in the table is octets without a meaning (RFC 3597). djbdns knows the six types of its
// own data lines and has a switch for them in each program; there is no counterpart.

import * as TYPE from './type.ts';

/**
 * How a field is written in a message.
 *
 * - `name`: a name of a type that everybody has known since RFC 1035 and that djbdns knows. It may be compressed when
 *   it is written, is decompressed when it is read, and is lowercased in canonical form.
 * - `old-name`: never compressed when written, as of a type that others need not know (RFC 3597 section 4); but servers
 *   of before that rule may have compressed it, so it is decompressed when read; lowercased in canonical form (RFC 4034
 *   section 6.2).
 * - `new-name`: of a type made after that rule: it stays as it is everywhere.
 * - `string`: a length octet and as many octets; so are `tag` (letters and digits), `salt` (shown in hexadecimal) and
 *   `hash` (in base32).
 * - `strings`, `text`, `target` (text that is not empty), `hex`, `base64`, `types`, `params`: what is left of the data.
 */
export type FieldKind =
  | 'name'
  | 'old-name'
  | 'new-name'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'time'
  | 'type'
  | 'ip4'
  | 'ip6'
  | 'string'
  | 'tag'
  | 'salt'
  | 'hash'
  | 'strings'
  | 'text'
  | 'target'
  | 'hex'
  | 'base64'
  | 'types'
  | 'params';

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
}

const SIGNATURE =
  'typeCovered=type algorithm=u8 labels=u8 originalTtl=u32 expiration=time inception=time keyTag=u16 signer=old-name ' +
  'signature=base64';
const KEY = 'flags=u16 protocol=u8 algorithm=u8 publicKey=base64';
const DIGEST = 'keyTag=u16 algorithm=u8 digestType=u8 digest=hex';
const ASSOCIATION = 'usage=u8 selector=u8 matchingType=u8 association=hex';
const SERVICE = 'priority=u16 target=new-name params=params';

/** The fields in order, each `name=kind`. */
const LAYOUTS: Readonly<Record<number, string>> = {
  [TYPE.A]: 'address=ip4',
  [TYPE.NS]: 'target=name',
  [TYPE.CNAME]: 'target=name',
  [TYPE.MD]: 'agent=old-name',
  [TYPE.MF]: 'agent=old-name',
  [TYPE.SOA]: 'mname=name rname=name serial=u32 refresh=u32 retry=u32 expire=u32 minimum=u32',
  [TYPE.MB]: 'host=old-name',
  [TYPE.MG]: 'mailbox=old-name',
  [TYPE.MR]: 'mailbox=old-name',
  [TYPE.PTR]: 'target=name',
  [TYPE.HINFO]: 'cpu=string os=string',
  [TYPE.MINFO]: 'responsible=old-name errors=old-name',
  [TYPE.MX]: 'preference=u16 exchange=name',
  [TYPE.TXT]: 'strings=strings',
  [TYPE.RP]: 'mailbox=old-name text=old-name',
  [TYPE.AFSDB]: 'subtype=u16 host=old-name',
  [TYPE.RT]: 'preference=u16 host=old-name',
  [TYPE.SIG]: SIGNATURE,
  [TYPE.KEY]: KEY,
  [TYPE.PX]: 'preference=u16 map822=old-name mapx400=old-name',
  [TYPE.AAAA]: 'address=ip6',
  [TYPE.NXT]: 'next=old-name bitmap=hex',
  [TYPE.SRV]: 'priority=u16 weight=u16 port=u16 target=old-name',
  [TYPE.NAPTR]: 'order=u16 preference=u16 flags=string services=string regexp=string replacement=old-name',
  [TYPE.KX]: 'preference=u16 exchanger=old-name',
  [TYPE.CERT]: 'certificateType=u16 keyTag=u16 algorithm=u8 certificate=base64',
  [TYPE.DNAME]: 'target=old-name',
  [TYPE.DS]: DIGEST,
  [TYPE.SSHFP]: 'algorithm=u8 fingerprintType=u8 fingerprint=hex',
  [TYPE.RRSIG]: SIGNATURE,
  [TYPE.NSEC]: 'next=new-name types=types',
  [TYPE.DNSKEY]: KEY,
  [TYPE.DHCID]: 'data=base64',
  [TYPE.NSEC3]: 'hashAlgorithm=u8 flags=u8 iterations=u16 salt=salt nextHashed=hash types=types',
  [TYPE.NSEC3PARAM]: 'hashAlgorithm=u8 flags=u8 iterations=u16 salt=salt',
  [TYPE.TLSA]: ASSOCIATION,
  [TYPE.SMIMEA]: ASSOCIATION,
  [TYPE.CDS]: DIGEST,
  [TYPE.CDNSKEY]: KEY,
  [TYPE.OPENPGPKEY]: 'publicKey=base64',
  [TYPE.CSYNC]: 'serial=u32 flags=u16 types=types',
  [TYPE.ZONEMD]: 'serial=u32 scheme=u8 hashAlgorithm=u8 digest=hex',
  [TYPE.SVCB]: SERVICE,
  [TYPE.HTTPS]: SERVICE,
  [TYPE.SPF]: 'strings=strings',
  [TYPE.URI]: 'priority=u16 weight=u16 target=target',
  [TYPE.CAA]: 'flags=u8 tag=tag value=text',
};

/** Types whose data have text in data lines and in `--typed` output. All others are `\# LENGTH HEX` there. */
export const TYPED: ReadonlySet<number> = new Set([
  TYPE.A,
  TYPE.HINFO,
  TYPE.TXT,
  TYPE.AAAA,
  TYPE.SRV,
  TYPE.NAPTR,
  TYPE.DS,
  TYPE.SSHFP,
  TYPE.TLSA,
  TYPE.SMIMEA,
  TYPE.CDS,
  TYPE.SVCB,
  TYPE.HTTPS,
  TYPE.SPF,
  TYPE.URI,
  TYPE.CAA,
]);

const layouts = new Map<number, readonly Field[] | undefined>();

/** The fields of a type's data, in order; undefined for a type whose data are octets without a meaning. */
export function layoutOf(type: number): readonly Field[] | undefined {
  if (!layouts.has(type)) layouts.set(type, LAYOUTS[type]?.split(' ').map(fieldOf));
  return layouts.get(type);
}

function fieldOf(text: string): Field {
  const [name, kind] = text.split('=') as [string, FieldKind];
  return { name, kind };
}

/**
 * Where the names of kind `name` stand: after `before` octets, `names` of them, with `after` octets behind. `names` is
 * 0 for all other types.
 */
export interface NameShape {
  readonly before: number;
  readonly names: number;
  readonly after: number;
}

const NO_NAMES: NameShape = { before: 0, names: 0, after: 0 };
/** Octets of the fields that have always as many. */
export const FIELD_WIDTHS: Readonly<Partial<Record<FieldKind, number>>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  time: 4,
  type: 2,
  ip4: 4,
  ip6: 16,
};
/** By type; no type after these has a `name`. */
const SHAPES: readonly NameShape[] = Array.from({ length: TYPE.MX + 1 }, (_, type) => shape(layoutOf(type) ?? []));

function shape(fields: readonly Field[]): NameShape {
  const names = fields.filter(({ kind }) => kind === 'name').length;
  if (names === 0) return NO_NAMES;
  const first = fields.findIndex(({ kind }) => kind === 'name');
  const width = (part: readonly Field[]) => part.reduce((sum, { kind }) => sum + (FIELD_WIDTHS[kind] ?? 0), 0);
  return { before: width(fields.slice(0, first)), names, after: width(fields.slice(first + names)) };
}

/** Where the names stand that djbdns knows of in the data of `type`. */
export function shapeOf(type: number): NameShape {
  return type < SHAPES.length ? SHAPES[type]! : NO_NAMES;
}
