// Generated data files: every line type, with names, numbers, times and locations from the plain to the odd.
import fc from 'fast-check';

// Three labels and what is put before them are never too long for a name.
const label = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'www', 'ns', 'Mail', 'x-y_z', '*', 'test', 'example') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\\052', 'a\\.b', 'a\\056b', '\\1', '\\777', '\\8', 'a*', '', '\\', '\xe9', 'a b'),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 58 }).map((length) => 'l'.repeat(length)) },
);
const name = fc.oneof(
  { weight: 9, arbitrary: fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.')) },
  { weight: 1, arbitrary: fc.constantFrom('', '.', '..foo...bar.', 'foo.', '*') },
);
const ip = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(3), fc.nat(3)).map((octets) => octets.join('.')) },
  { weight: 1, arbitrary: fc.constantFrom('', '1.2.3', '1.2.3.4.5', '300.01.2.3', '1.2.3.4x', ' 1.2.3.4', '1..2.3') },
);
const number = fc.oneof(
  fc.constant(''),
  fc.nat(100000).map(String),
  fc.constantFrom('0', '4294967295', '4294967296', '65537', '18446744073709551616', '12x', '-1', ' 5', '007'),
);
const time = fc.constantFrom('', '', '', '4000000038af1379', '40', '400000006ABCDEF0', '0', '4000000038af13791', 'zz');
const place = fc.constantFrom('', '', '', 'in', 'ex', 'l', 'abc', '\\1', 'l\r');
const text = fc
  .oneof(
    fc.constantFrom(
      '',
      'v=spf1\\072 -all',
      '\\040',
      'a\\',
      '\\1\\18\\777\\8\\\\',
      'trailing  ',
      'tab\t',
      'nul\0nul',
      '\r',
    ),
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
    fc.integer({ min: 100, max: 700 }).map((length) => 'x'.repeat(length)),
  )
  .map((octets) => octets.replaceAll('\n', 'n'));
const server = fc.oneof(fc.constantFrom('', 'a', 'b', '.', 'a\\.b', 'a\\056b', 'a\\'), name);
const type = fc.constantFrom('1', '16', '28', '33', '251', '255', '65537', '99x', '65535');
const port = fc.constantFrom('80', '5060', '65537', '0', '12x');
const prefix = fc.constantFrom('', '10', '10.1', '1.2.3.4', '300', '1.2.3.4.5', '10..8', 'x', '65.66', '.');

const line = (letter: string, ...fields: fc.Arbitrary<string>[]) =>
  fc.tuple(...fields).map((values) => `${letter}${values.join(':')}`);

const goodLine = fc.oneof(
  line('.', name, ip, server, number, time, place),
  line('&', name, ip, server, number, time, place),
  line('=', name, ip, number, time, place),
  line('+', name, ip, number, time, place),
  line('@', name, ip, server, number, number, time, place),
  line("'", name, text, number, time, place),
  line('^', name, name, number, time, place),
  line('C', name, name, number, time, place),
  line(':', name, type, text, number, time, place),
  line('S', name, ip, server, port, number, number, number, time, place), // as Debian has it
  line('Z', name, name, name, number, number, number, number, number, number, time, place),
  line('%', place, prefix),
  line('#', text),
  line('-', text),
  fc.constantFrom(
    '',
    '  \t',
    '+short',
    '@',
    '.',
    '%',
    'Z',
    'C',
    "'",
    '&',
    '=',
    '^',
    '+a:1.2.3.4:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f',
  ),
);

const tooLong = `${'x'.repeat(63)}.`.repeat(4);
const badLine = fc
  .oneof(
    fc.constantFrom(' +a:1.2.3.4', '\r', 'Na', '~', '\0', ':a:0:x', ':a::x', ':a:252:', ':a:65542:', ':b:2:'),
    fc.constantFrom(`+${tooLong}:1.2.3.4`, `C${'y'.repeat(64)}:b`, `Cb:${tooLong}`, `.${tooLong.slice(4)}:1.2.3.4:a`),
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
  )
  .map((octets) => octets.replace(/^[36I]+/, '')); // lines of ours, which the C program refuses

/** The text of a data file, Latin-1; with `broken`, of lines that may be anything. */
export function dataFile({ lines, broken = false }: { lines: number; broken?: boolean }): fc.Arbitrary<string> {
  const any = broken ? fc.oneof({ weight: 20, arbitrary: goodLine }, { weight: 1, arbitrary: badLine }) : goodLine;
  return fc
    .tuple(fc.array(any, { minLength: broken ? 1 : lines, maxLength: lines, size: 'max' }), fc.constantFrom('\n', ''))
    .map(([all, end]) => all.join('\n') + end);
}
