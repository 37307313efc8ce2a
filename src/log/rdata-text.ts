// The data of records as dnslog shows it. The log has the first 32 octets of it at most, in hexadecimal.
import { formatIp6 } from '../base/address.ts';
import * as TYPE from '../wire/type.ts';

/**
 * Readable data out of its hexadecimal form, which ends in `...` when it was cut; types not known here stay as they
 * are.
 */
export function readData(type: number, hex: string): string {
  const cut = hex.endsWith('...');
  const octets = Buffer.from(cut ? hex.slice(0, -3) : hex, 'hex');
  const end = cut ? '...' : '';
  if (type === TYPE.A && octets.length === 4) return octets.join('.');
  if (type === TYPE.AAAA && octets.length === 16) return formatIp6(octets);
  if (type === TYPE.TXT && octets.length > 0) return readStrings(octets) + end;
  if (type === TYPE.CAA && octets.length > 2 && octets.length > 2 + octets[1]!) {
    const valueAt = 2 + octets[1]!;
    return `${octets[0]} ${quote(octets.subarray(2, valueAt))} "${quote(octets.subarray(valueAt))}"${end}`;
  }
  return hex;
}

/** Character strings, each an octet with its length and that many more, quoted. */
function readStrings(octets: Uint8Array): string {
  const strings: string[] = [];
  for (let at = 0; at < octets.length; ) {
    const next = at + 1 + octets[at]!;
    strings.push(`"${quote(octets.subarray(at + 1, Math.min(next, octets.length)))}"`);
    at = next;
  }
  return strings.join(' ');
}

function quote(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    if (octet < 32 || octet > 126) text += `\\${octet.toString(8).padStart(3, '0')}`;
    else text += (octet === 34 || octet === 92 ? '\\' : '') + String.fromCharCode(octet);
  }
  return text;
}
