// TXT records that programs read: SPF (RFC 7208) and DMARC (RFC 7489). Text in, what is wrong with it out.
import { formatIp4, ip4Of, scanIp6 } from '../base/address.ts';
import { bytesOf } from '../base/bytes.ts';

/** Terms of SPF that make the reader ask the DNS; more than ten are an error (RFC 7208 section 4.6.4). */
const LOOKUPS_MAX = 10;

/** What is wrong with an SPF record; nothing for text that is none. */
export function checkSpf(text: string): string[] {
  if (!/^v=spf1(?: |$)/i.test(text)) return [];
  const wrong: string[] = [];
  let lookups = 0;
  let isOver = false;
  const modifiers = new Set<string>();
  for (const term of text
    .split(/ +/)
    .slice(1)
    .filter((word) => word !== '')) {
    const modifier = /^([a-z][a-z0-9_.-]*)=(.*)$/i.exec(term);
    if (modifier) {
      const name = modifier[1]!.toLowerCase();
      if ((name === 'redirect' || name === 'exp') && modifiers.has(name)) wrong.push(`${name}= is there twice`);
      if ((name === 'redirect' || name === 'exp') && modifier[2] === '') wrong.push(`${name}= names no domain`);
      modifiers.add(name);
      if (name === 'redirect') lookups++;
      continue;
    }
    if (isOver) wrong.push(`${term} after all is never looked at`);
    const [, name = '', value] = /^[-+?~]?([a-z0-9]*)(?:([:/].*))?$/i.exec(term) ?? [];
    const fault = mechanismFault(name.toLowerCase(), value);
    if (fault) wrong.push(`${term} ${fault}`);
    if (/^(?:include|a|mx|ptr|exists)$/i.test(name)) lookups++;
    if (/^all$/i.test(name)) isOver = true;
  }
  if (lookups > LOOKUPS_MAX) wrong.push(`${lookups} terms ask the DNS, ${LOOKUPS_MAX} may`);
  return wrong;
}

/** What is wrong with a mechanism; `value` with the colon or slash before it. Empty when nothing is. */
function mechanismFault(name: string, value: string | undefined): string {
  switch (name) {
    case 'all':
      return value === undefined ? '' : 'takes nothing behind it';
    case 'include':
    case 'exists':
      return value !== undefined && /^:[^/]+/.test(value) ? '' : 'names no domain';
    case 'a':
    case 'mx':
      return value === undefined || /^(?::[^/]+)?(?:\/[0-9]{1,2})?(?:\/\/[0-9]{1,3})?$/.test(value)
        ? ''
        : 'has a bad prefix';
    case 'ptr':
      return value === undefined || /^:[^/]+$/.test(value) ? '' : 'is malformed';
    case 'ip4':
      return isPrefix(value, 32, isIp4) ? '' : 'is no IPv4 address or prefix';
    case 'ip6':
      return isPrefix(value, 128, (text) => scanIp6(text) !== undefined) ? '' : 'is no IPv6 address or prefix';
    default:
      return 'is no term of SPF';
  }
}

function isIp4(text: string): boolean {
  const ip = ip4Of(bytesOf(text));
  return ip !== undefined && formatIp4(ip) === text;
}

function isPrefix(value: string | undefined, bits: number, isAddress: (text: string) => boolean): boolean {
  const [, address = '', length] = /^:([^/]*)(?:\/([0-9]{1,3}))?$/.exec(value ?? '') ?? [];
  return isAddress(address) && (length === undefined || Number(length) <= bits);
}

const POLICIES = /^(?:none|quarantine|reject)$/i;
const TAGS: Readonly<Record<string, RegExp>> = {
  p: POLICIES,
  sp: POLICIES,
  np: POLICIES,
  adkim: /^[rs]$/i,
  aspf: /^[rs]$/i,
  pct: /^(?:[0-9]{1,2}|100)$/,
  ri: /^[0-9]+$/,
  rf: /^[a-z0-9:]+$/i,
  fo: /^[01ds](?::[01ds])*$/i,
  rua: /^[a-z][a-z0-9+.-]*:[^,]+(?:, *[a-z][a-z0-9+.-]*:[^,]+)*$/i,
  ruf: /^[a-z][a-z0-9+.-]*:[^,]+(?:, *[a-z][a-z0-9+.-]*:[^,]+)*$/i,
  psd: /^[ynu]$/i,
  t: /^[yn]$/i,
};

/** What is wrong with a DMARC record, the text of a TXT record of a name that begins with `_dmarc`. */
export function checkDmarc(text: string): string[] {
  if (!/^v *= *DMARC1 *(?:;|$)/.test(text)) return ['does not begin with v=DMARC1;'];
  const wrong: string[] = [];
  const seen = new Set<string>();
  const parts = text
    .split(';')
    .slice(1)
    .map((part) => part.trim());
  for (const [i, part] of parts.entries()) {
    if (part === '' && i === parts.length - 1) continue;
    const [, tag = '', value = ''] = /^([a-z]+) *= *(.*)$/i.exec(part) ?? [];
    if (tag === '') wrong.push(`${part || 'an empty part'} is no tag=value`);
    else if (!TAGS[tag.toLowerCase()]) wrong.push(`${tag} is no tag of DMARC`);
    else if (!TAGS[tag.toLowerCase()]!.test(value)) wrong.push(`${tag}=${value} is malformed`);
    else if (seen.has(tag.toLowerCase())) wrong.push(`${tag} is there twice`);
    seen.add(tag.toLowerCase());
  }
  if (!seen.has('p')) wrong.push('p= is missing');
  return wrong;
}
