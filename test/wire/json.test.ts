// Packets as objects: dns-packet, which shares no code with ours, puts them together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket from 'dns-packet';
import { packetObject } from '../../src/wire/json.ts';
import { rdataObject } from '../../src/wire/rdata-object.ts';
import { scanAnyType, typeName } from '../../src/wire/type.ts';

const key = Buffer.from('00010203', 'hex');
const RECORDS: [object, object][] = [
  [{ type: 'A', data: '192.0.2.1' }, { address: '192.0.2.1' }],
  [{ type: 'AAAA', data: '2001:db8::1' }, { address: '2001:db8::1' }],
  [
    { type: 'MX', data: { preference: 10, exchange: 'mx.example' } },
    { preference: 10, exchange: 'mx.example' },
  ],
  [{ type: 'TXT', data: ['a b', 'c\\'] }, { strings: ['a b', 'c\\134'] }],
  [
    { type: 'SRV', data: { priority: 1, weight: 2, port: 53, target: 'srv.example' } },
    { priority: 1, weight: 2, port: 53, target: 'srv.example' },
  ],
  [
    { type: 'CAA', data: { flags: 128, tag: 'issue', value: 'ca.example' } },
    { flags: 128, tag: 'issue', value: 'ca.example' },
  ],
  [
    { type: 'DS', data: { keyTag: 1, algorithm: 8, digestType: 2, digest: key } },
    { keyTag: 1, algorithm: 8, digestType: 2, digest: '00010203' },
  ],
  [
    { type: 'DNSKEY', data: { flags: 257, algorithm: 8, key } },
    { flags: 257, protocol: 3, algorithm: 8, publicKey: key.toString('base64') },
  ],
  [
    {
      type: 'RRSIG',
      data: {
        typeCovered: 'A',
        algorithm: 8,
        labels: 2,
        originalTTL: 3600,
        expiration: 1700000000,
        inception: 1600000000,
        keyTag: 5,
        signersName: 'example',
        signature: key,
      },
    },
    {
      typeCovered: 'A',
      algorithm: 8,
      labels: 2,
      originalTtl: 3600,
      expiration: '20231114221320',
      inception: '20200913122640',
      keyTag: 5,
      signer: 'example',
      signature: key.toString('base64'),
    },
  ],
  [
    { type: 'NSEC', data: { nextDomain: 'b.example', rrtypes: ['A', 'MX', 'CAA'] } },
    { next: 'b.example', types: ['A', 'MX', 'CAA'] },
  ],
  [
    {
      type: 'NAPTR',
      data: { order: 1, preference: 2, flags: 'u', services: 'E2U+sip', regexp: '!^.*$!x!', replacement: 'r.example' },
    },
    { order: 1, preference: 2, flags: 'u', services: 'E2U+sip', regexp: '!^.*$!x!', replacement: 'r.example' },
  ],
  [{ type: 'UNKNOWN_65400', data: key }, { generic: '\\# 4 00010203' }],
];

test('header, question, EDNS and typed records', () => {
  const packet = dnsPacket.encode({
    type: 'response',
    id: 7,
    flags: 0x0400 | 0x0100 | 0x20 | 3,
    questions: [{ type: 'A', name: 'Www.Example' }],
    answers: RECORDS.map(([record]) => ({ name: 'www.example', ttl: 60, class: 'IN', ...record })),
    additionals: [
      { type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0x8000, options: [{ code: 65001, data: key }] },
    ],
  } as unknown as dnsPacket.Packet);
  const object = packetObject(packet);
  assert.ok(object);
  assert.deepEqual(
    object.answers.map(({ data }) => data),
    RECORDS.map(([, data]) => data),
  );
  assert.deepEqual(object.answers[11]?.type, 'TYPE65400');
  const { answers: _, ...head } = object;
  assert.deepEqual(head, {
    size: packet.length,
    id: 7,
    opcode: 'QUERY',
    rcode: 'NXDOMAIN',
    response: true,
    authoritative: true,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: true,
    checkingDisabled: false,
    edns: {
      version: 0,
      udpSize: 1232,
      dnssecOk: true,
      options: [{ code: 65001, name: 'OPTION65001', data: '00010203' }],
    },
    questions: [{ name: 'www.example', type: 'A', class: 'IN' }],
    authorities: [],
    additionals: [],
  });
  assert.equal(packetObject(packet.subarray(0, packet.length - 1)), undefined);
  assert.equal(packetObject(Buffer.concat([packet, key])), undefined);
});

test('service bindings are taken apart, and malformed ones shown as they are', () => {
  // 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 key65000=x (RFC 9460)
  const wire = '000100 0001 0006 026832 026833 0003 0002 20fb 0004 0004 c0000201 fde8 0001 78'.replaceAll(' ', '');
  const rdata = Buffer.from(wire, 'hex');
  const params = { alpn: ['h2', 'h3'], port: '8443', ipv4hint: ['192.0.2.1'], key65000: 'x' };
  assert.deepEqual(rdataObject(rdata, 0, rdata.length, 65), { priority: 1, target: '.', params });
  assert.deepEqual(rdataObject(rdata, 0, 5, 64), { generic: '\\# 5 0001000001' });
});

test('types have the names and numbers of the registry', () => {
  const known = 'a:1 SRV:33 naptr:35 DS:43 rrsig:46 DNSKEY:48 tlsa:52 HIP:55 svcb:64 https:65 spf:99 EUI64:109 any:255';
  for (const pair of `${known} uri:256 CAA:257 ipn:264 ta:32768 dlv:32769 nxname:128 tkey:249 ixfr:251`.split(' ')) {
    const [name = '', number] = pair.split(':');
    assert.equal(scanAnyType(name), Number(number), name);
    assert.equal(typeName(Number(number)), name.toUpperCase());
  }
  assert.equal(scanAnyType('type65535'), 65535);
  assert.equal(typeName(65280), 'TYPE65280');
  for (const text of ['TYPE65536', 'TYPE', 'TYPE1x', '*', '-1', '1x', 'nonsense', 'constructor']) {
    assert.equal(scanAnyType(text), -1, text);
  }
});
