// Generated record data as text, of every type that typed lines have, written without our own formatter: as a typed
// data line has it (octal escapes, IPv6 in quotes) and as a zone file has it (decimal escapes).
import fc from 'fast-check';

/** The same text in the two forms. */
export interface TypedText {
  readonly type: string;
  readonly line: string;
  readonly zone: string;
}

/** A word in both forms. */
type Word = readonly [line: string, zone: string];

const same = (text: string): Word => [text, text];
const n8 = fc.nat(255).map((n) => same(String(n)));
const n16 = fc.nat(65535).map((n) => same(String(n)));

const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const name = fc.oneof(
  { weight: 1, arbitrary: fc.constant(same('.')) },
  {
    weight: 8,
    arbitrary: fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => same(`${labels.join('.')}.`)),
  },
  { weight: 1, arbitrary: fc.constant<Word>(['a\\056b\\100\\001.test.', 'a\\046b\\064\\001.test.']) },
);

/** Octets in quotes, some escaped that need it and some that do not. */
function quoted(octets: Uint8Array): Word {
  let line = '';
  let zone = '';
  for (const octet of octets) {
    const character = String.fromCharCode(octet);
    if (octet < 32 || octet > 126) {
      line += `\\${octet.toString(8).padStart(3, '0')}`;
      zone += `\\${String(octet).padStart(3, '0')}`;
    } else if (character === '"' || character === '\\') {
      line += `\\${character}`;
      zone += `\\${character}`;
    } else {
      line += character;
      zone += character;
    }
  }
  return [`"${line}"`, `"${zone}"`];
}

const octets = (minLength: number, maxLength: number) =>
  fc.oneof(
    fc.uint8Array({ minLength, maxLength, size: 'max' }),
    fc
      .string({ unit: fc.constantFrom(...'abcXYZ019 :;,"\\=.()@$'), minLength, maxLength: Math.min(maxLength, 40) })
      .map((text) => Uint8Array.from(Buffer.from(text, 'latin1'))),
  );
const string = octets(0, 255).map(quoted);
const hexDigits = (minLength: number, maxLength: number) =>
  fc.tuple(fc.uint8Array({ minLength, maxLength }), fc.boolean(), fc.nat(4)).map(([bytes, upper, spaces]) => {
    const hex = Buffer.from(bytes).toString('hex');
    const text = upper ? hex.toUpperCase() : hex;
    return same(
      spaces > 0 && text.length > 4 * spaces ? `${text.slice(0, 4 * spaces)} ${text.slice(4 * spaces)}` : text,
    );
  });

const v4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => parts.join('.'));
const v6 = fc.oneof(
  fc.array(fc.nat(65535), { minLength: 8, maxLength: 8 }).map((groups) => groups.map((n) => n.toString(16)).join(':')),
  fc.constantFrom('::', '::1', '2001:db8::', '2001:DB8::53:1', '1::8', '::ffff:192.0.2.1', '2001:db8:0:1:0:0:0:1'),
);

/** Service parameters, in any order; BIND and Knot read the same. */
const params = fc
  .tuple(
    fc.option(fc.array(fc.constantFrom('h2', 'h3', 'http/1.1', 'dot'), { minLength: 1, maxLength: 3 })),
    fc.boolean(),
    fc.option(fc.nat(65535)),
    fc.option(fc.array(v4, { minLength: 1, maxLength: 3 })),
    fc.option(fc.uint8Array({ minLength: 3, maxLength: 30 })),
    fc.option(fc.array(v6, { minLength: 1, maxLength: 3 })),
    fc.option(octets(1, 40)),
    fc.nat(1000),
  )
  .map(([alpn, noDefault, port, hints4, ech, hints6, private_, shuffle]) => {
    const words: Word[] = [];
    if (alpn) words.push(same(`alpn=${shuffle % 2 ? `"${alpn.join(',')}"` : alpn.join(',')}`));
    if (alpn && noDefault) words.push(same('no-default-alpn'));
    if (port !== null) words.push(same(`port=${port}`));
    if (hints4) words.push(same(`ipv4hint=${hints4.join(',')}`));
    if (ech) words.push(same(`ech=${Buffer.from(ech).toString('base64')}`));
    if (hints6) words.push(same(`ipv6hint="${hints6.join(',')}"`));
    if (private_) {
      const [line, zone] = quoted(private_);
      words.push([`key65280=${line}`, `key65280=${zone}`]);
    }
    const keys = words.map(([word]) => word.split('=')[0]!);
    if (shuffle % 3 === 0 && keys.includes('alpn') && keys.includes('port')) words.push(same('mandatory=port,alpn'));
    for (let i = words.length - 1; i > 0; i--) {
      const j = (shuffle * (i + 7)) % (i + 1);
      [words[i], words[j]] = [words[j]!, words[i]!];
    }
    return words;
  });

const words = (type: string, ...parts: fc.Arbitrary<Word>[]): fc.Arbitrary<TypedText> =>
  fc.tuple(...parts).map((list) => joined(type, list));

function joined(type: string, list: readonly Word[]): TypedText {
  return { type, line: list.map(([line]) => line).join(' '), zone: list.map(([, zone]) => zone).join(' ') };
}

const service = (type: string) =>
  fc.oneof(
    fc
      .tuple(
        n16.filter(([text]) => text !== '0'),
        name,
        params,
      )
      .map(([priority, target, list]) => joined(type, [priority, target, ...list])),
    words(type, fc.constant(same('0')), name),
  );

/** Data of any type that typed lines have. */
export const typedText: fc.Arbitrary<TypedText> = fc.oneof(
  words('A', v4.map(same)),
  words(
    'AAAA',
    v6.map((text): Word => [`"${text}"`, text]),
  ),
  fc.array(string, { minLength: 1, maxLength: 4 }).map((list) => joined('TXT', list)),
  fc.array(string, { minLength: 1, maxLength: 2 }).map((list) => joined('SPF', list)),
  words('HINFO', string, string),
  words('SRV', n16, n16, n16, name),
  words(
    'NAPTR',
    n16,
    n16,
    fc.constantFrom(same('""'), same('"u"'), same('"S"')),
    string,
    fc.constant(same('""')),
    name,
  ),
  words('DS', n16, n8, fc.constant(same('2')), hexDigits(32, 32)),
  words('CDS', n16, n8, fc.constant(same('4')), hexDigits(48, 48)),
  words('SSHFP', fc.constant(same('4')), fc.constant(same('2')), hexDigits(32, 32)),
  words('TLSA', n8, n8, n8, hexDigits(1, 64)),
  words('SMIMEA', n8, n8, n8, hexDigits(1, 64)),
  service('SVCB'),
  service('HTTPS'),
  words('URI', n16, n16, octets(1, 200).map(quoted)),
  words('CAA', n8, fc.constantFrom(same('issue'), same('iodef'), same('x1')), octets(0, 100).map(quoted)),
  fc
    .tuple(fc.integer({ min: 65280, max: 65534 }), fc.uint8Array({ maxLength: 60 }))
    .map(([type, bytes]) =>
      joined(`TYPE${type}`, [
        same(`\\# ${bytes.length}${bytes.length > 0 ? ' ' : ''}${Buffer.from(bytes).toString('hex')}`),
      ]),
    ),
);
