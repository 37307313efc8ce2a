// Messages put together by the library, read by dns-packet and by the library itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dnsPacket from 'dns-packet';
import { decode, encode } from '../../src/api/message.ts';

test('a message that was put together is taken apart to the same', () => {
  const message = encode({
    id: 4711,
    response: true,
    authoritative: true,
    rcode: 3,
    questions: [{ name: 'www.example.com', type: 'MX' }],
    answers: [
      { name: 'www.example.com', type: 'CNAME', ttl: 60, data: 'example.com.' },
      { name: 'example.com', type: 'mx', ttl: 300, data: '10 mail.example.com' },
      { name: 'example.com', type: 'TYPE16', ttl: 300, data: '"a b" c' },
      { name: 'example.com', type: '99999'.slice(0, 3), ttl: 1, data: '\\# 3 010203' },
    ],
    edns: { udpSize: 1232, dnssecOk: true },
  });
  const object = decode(message);
  assert.ok(object);
  assert.deepEqual(
    [object.id, object.rcode, object.authoritative, object.size],
    [4711, 'NXDOMAIN', true, message.length],
  );
  assert.deepEqual(object.questions, [{ name: 'www.example.com', type: 'MX', class: 'IN' }]);
  assert.deepEqual(
    object.answers.map(({ name, type, ttl, data }) => [name, type, ttl, data]),
    [
      ['www.example.com', 'CNAME', 60, { target: 'example.com' }],
      ['example.com', 'MX', 300, { preference: 10, exchange: 'mail.example.com' }],
      ['example.com', 'TXT', 300, { strings: ['a b', 'c'] }],
      ['example.com', 'TYPE999', 1, { generic: '\\# 3 010203' }],
    ],
  );
  assert.deepEqual(object.edns, { version: 0, udpSize: 1232, dnssecOk: true, options: [] });
});

test('another decoder reads what was put together', () => {
  const message = encode({
    id: 1,
    recursionDesired: true,
    questions: [{ name: 'example.com', type: 'SRV' }],
    answers: [{ name: '_sip._tcp.example.com', type: 'SRV', ttl: 5, data: '1 2 5060 sip.example.com' }],
    additionals: [{ name: 'sip.example.com', type: 'AAAA', ttl: 5, data: '2001:db8::1' }],
  });
  const packet = dnsPacket.decode(Buffer.from(message)) as unknown as {
    answers: { name: string; data: unknown }[];
    additionals: { data: unknown }[];
  };
  assert.equal(packet.answers[0]!.name, '_sip._tcp.example.com');
  assert.deepEqual(packet.answers[0]!.data, { priority: 1, weight: 2, port: 5060, target: 'sip.example.com' });
  assert.equal(packet.additionals[0]!.data, '2001:db8::1');
});

test('what is no name, type or data is a TypeError, a message that is too long a RangeError', () => {
  assert.throws(() => encode({ questions: [{ name: `${'x'.repeat(64)}.test`, type: 'A' }] }), TypeError);
  assert.throws(() => encode({ questions: [{ name: 'x.test', type: 'NOSUCH' }] }), TypeError);
  const record = { name: 'x.test', type: 'A', ttl: 1 };
  assert.throws(() => encode({ answers: [{ ...record, data: '192.0.2.999' }] }), TypeError);
  const text = { ...record, type: 'TXT', data: `"${'x'.repeat(255)}" `.repeat(100) };
  assert.throws(() => encode({ answers: [text, text, text] }), RangeError);
});

test('what is cut off, or has more behind it, is not taken apart', () => {
  const message = encode({ questions: [{ name: 'x.test', type: 'A' }] });
  assert.equal(decode(message.subarray(0, message.length - 1)), undefined);
  assert.equal(decode(Buffer.concat([message, Buffer.of(0)])), undefined);
});
