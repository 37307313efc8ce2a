// Host names that are addresses already. Counterpart: the beginning of dns_ip4() in dns_ip.c.
import type { Ip4 } from '../base/address.ts';

/**
 * The addresses that a name is rather than has: when it consists of digits, dots and brackets only. Brackets mean
 * nothing, each dot (and the end) ends an octet, modulo 256, and four octets are an address; what is left over is
 * dropped. Undefined for any other name. Latin-1 text.
 */
export function literalAddresses(text: string): Ip4[] | undefined {
  if (!/^[0-9.[\]]*$/.test(text)) return undefined;
  const octets: number[] = [];
  let octet = 0;
  for (const character of `${text}.`) {
    if (character === '.') {
      octets.push(octet);
      octet = 0;
    } else if (character !== '[' && character !== ']') octet = (octet * 10 + Number(character)) & 255;
  }
  const addresses: Ip4[] = [];
  for (let i = 0; i + 4 <= octets.length; i += 4) addresses.push(Uint8Array.from(octets.slice(i, i + 4)) as Ip4);
  return addresses;
}
