import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { walldns } from '../../src/answer/walldns.ts';
import * as TYPE from '../../src/wire/type.ts';
import { askResponder } from '../support/lookup.ts';

/** `A address` and `PTR name` for each record, in order; `refused`. */
function asked(name: string, type: number, knowsIp6 = false): string {
  const reply = askResponder(walldns(knowsIp6), name, type);
  assert.ok(reply, 'walldns never declines');
  if (reply.rcode === 5) {
    assert.deepEqual(reply, { rcode: 5, authoritative: false, answers: [] });
    return 'refused';
  }
  assert.deepEqual([reply.rcode, reply.authoritative], [0, true]);
  return reply.answers
    .map((record) => {
      assert.ok(record.type === 'A' || record.type === 'AAAA' || record.type === 'PTR');
      assert.deepEqual([record.name, record.ttl, record.class], [name, 655360, 'IN']);
      return `${record.type} ${record.data}`;
    })
    .join(', ');
}

const types = [TYPE.A, TYPE.PTR, TYPE.ANY];
for (const [name, address, pointer, any] of [
  ['1.2.3.4', 'A 1.2.3.4', '', 'A 1.2.3.4'],
  ['0.0.0.0', 'A 0.0.0.0', '', 'A 0.0.0.0'],
  ['4.3.2.1.in-addr.arpa', 'A 1.2.3.4', 'PTR 4.3.2.1.in-addr.arpa', 'A 1.2.3.4, PTR 4.3.2.1.in-addr.arpa'],
  ['4.3.2.1.In-aDDr.arPA', 'A 1.2.3.4', 'PTR 4.3.2.1.In-aDDr.arPA', 'A 1.2.3.4, PTR 4.3.2.1.In-aDDr.arPA'],
  ['255.254.3.200.in-addr.arpa', 'A 200.3.254.255', 'PTR 255.254.3.200.in-addr.arpa', undefined],
  ['3.2.1.in-addr.arpa', '', 'PTR 3.2.1.in-addr.arpa', 'PTR 3.2.1.in-addr.arpa'],
  ['2.1.in-addr.arpa', '', 'PTR 2.1.in-addr.arpa', 'PTR 2.1.in-addr.arpa'],
  ['1.in-addr.arpa', '', 'PTR 1.in-addr.arpa', 'PTR 1.in-addr.arpa'],
  ['in-addr.arpa', '', 'PTR in-addr.arpa', 'PTR in-addr.arpa'],
] as const) {
  test(`${name} has its address and its name`, () => {
    assert.equal(asked(name, TYPE.A), address);
    assert.equal(asked(name, TYPE.PTR), pointer);
    if (any !== undefined) assert.equal(asked(name, TYPE.ANY), any);
  });
}

for (const name of [
  '',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '1.2.3.04',
  '1.2.3.00',
  '1.2.3.0004',
  '1.2.3.x',
  '1.2.3.1x',
  '1.2.3.-1',
  '5.4.3.2.1.in-addr.arpa',
  '256.3.2.1.in-addr.arpa',
  '03.2.1.in-addr.arpa',
  'x.3.2.1.in-addr.arpa',
  'arpa',
  '1.arpa',
  'in-addr',
  'www.example.com',
]) {
  test(`"${name}" is refused`, () => {
    for (const type of types) assert.equal(asked(name, type), 'refused');
  });
}

test('other types are refused, whatever the name', () => {
  for (const type of [0, 2, 6, TYPE.TXT, 28, 251]) assert.equal(asked('4.3.2.1.in-addr.arpa', type), 'refused');
});

test('a decimal label is what prints as the number it says', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[0-9a]{1,4}$/), { minLength: 1, maxLength: 5 }), (labels) => {
      const decimal = labels.every((label) => String(Number(label)) === label && Number(label) < 256);
      const wanted = decimal && labels.length === 4 ? `A ${labels.join('.')}` : 'refused';
      assert.equal(asked(labels.join('.'), TYPE.A), wanted);
    }),
  );
});

const DIGITS = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2';
for (const [name, aaaa, ptr, any] of [
  [`${DIGITS}.ip6.arpa`, 'AAAA 2001:db8::1', `PTR ${DIGITS}.ip6.arpa`, `AAAA 2001:db8::1, PTR ${DIGITS}.ip6.arpa`],
  [`${DIGITS.replace('1', 'f')}.ip6.arpa`, 'AAAA 2001:db8::f', `PTR f${DIGITS.slice(1)}.ip6.arpa`, undefined],
  [`${DIGITS.slice(2)}.ip6.arpa`, '', `PTR ${DIGITS.slice(2)}.ip6.arpa`, `PTR ${DIGITS.slice(2)}.ip6.arpa`],
  ['ip6.arpa', '', 'PTR ip6.arpa', 'PTR ip6.arpa'],
] as const) {
  test(`with IP6ARPA, ${name} has ${aaaa || 'no address'} and itself`, () => {
    assert.equal(asked(name, TYPE.AAAA, true), aaaa);
    assert.equal(asked(name, TYPE.PTR, true), ptr);
    if (any !== undefined) assert.equal(asked(name, TYPE.ANY, true), any);
    assert.equal(asked(name, TYPE.A, true), '');
    assert.equal(asked(name, TYPE.MX, true), 'refused');
    for (const type of [TYPE.A, TYPE.AAAA, TYPE.PTR, TYPE.ANY]) assert.equal(asked(name, type), 'refused');
  });
}

test('with IP6ARPA, names that spell no address are refused, and IPv4 is as without', () => {
  for (const name of [
    `0.${DIGITS}.ip6.arpa`,
    `g.${DIGITS.slice(2)}.ip6.arpa`,
    '10.ip6.arpa',
    'x.ip6.arpa',
    'ip6.int',
  ]) {
    for (const type of [TYPE.A, TYPE.AAAA, TYPE.PTR, TYPE.ANY]) assert.equal(asked(name, type, true), 'refused');
  }
  for (const name of ['1.2.3.4', '4.3.2.1.in-addr.arpa', '3.2.1.in-addr.arpa', 'test']) {
    for (const type of [...types, TYPE.AAAA]) assert.equal(asked(name, type, true), asked(name, type));
  }
});
