import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, formatHex, LOWER, pack16, unpack16 } from '../../src/base/bytes.ts';
import { checkRequest, putRefusal, TsigChain } from '../../src/transfer/tsig.ts';
import { BADKEY, BADSIG, BADTIME, BADTRUNC, findTsig, type TsigKey } from '../../src/transfer/tsig-record.ts';
import { nameOf } from '../../src/wire/name.ts';

const NOW = 1800000000;
const SECRET = bytesOf('0123456789abcdef0123456789abcdef');

function key(algorithm = 'hmac-sha256', name = 'k.test', secret = SECRET): TsigKey {
  return { name: nameOf(name)!, algorithm, secret };
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
}

/** SOA `x.test`, ID 0x1234, no flags. */
const QUERY = hex('1234 0000 0001 0000 0000 0000 0178 0474657374 00 0006 0001');
const RESPONSE = hex(`123484000001000100000000017804746573740000060001c00c0006000100000e100033036e733101780474657374000a
  686f73746d617374657201780474657374000000000700000e1000000258000151800000012c`);

/** The message with its TSIG record. */
function signed(chain: TsigChain, message: Uint8Array, now: number): Uint8Array {
  const bytes = new Uint8Array(message.length + 300);
  bytes.set(message);
  return bytes.slice(0, chain.sign(bytes, 0, message.length, now));
}

function macOf(message: Uint8Array): string {
  const found = findTsig(message);
  assert.ok(found !== 'malformed' && found.record);
  return formatHex(found.record.mac);
}

/** A conversation whose request is signed: the client's end, and the server's. */
function conversation(algorithm?: string): { client: TsigChain; server: TsigChain } {
  const client = new TsigChain(key(algorithm));
  const check = checkRequest(signed(client, QUERY, NOW), () => key(algorithm), NOW);
  assert.ok(check.kind === 'right');
  return { client, server: check.chain };
}

test('a request, its response and a refused time have the MACs of the vectors', () => {
  const client = new TsigChain(key());
  const request = signed(client, QUERY, NOW);
  assert.equal(macOf(request), '95f493ca597c287eedf79d76c4301c20a0a055ae0509c6f3bcbee3c7e37eb75b');
  assert.equal(macOf(signed(new TsigChain(key('hmac-sha1')), QUERY, NOW)), '63549ede438a1adf07ac6eaf231fb03081400e5a');
  const check = checkRequest(request, () => key(), NOW + 1);
  assert.ok(check.kind === 'right');
  const response = signed(check.chain, RESPONSE, NOW + 1);
  assert.equal(macOf(response), '71d5d3da1f5017214c22471462cdebe51a91405f8cc44f3e838b7d9cf8a75ea6');
  assert.equal(client.verify(response, NOW + 1), 'right');

  const late = checkRequest(request, () => key(), 1800000999);
  assert.ok(late.kind === 'refused' && late.error === BADTIME);
  const refusal = new Uint8Array(512);
  refusal.set(QUERY);
  pack16(refusal, 2, 0x8009);
  const end = putRefusal(refusal, 0, QUERY.length, late, 1800000999);
  assert.equal(macOf(refusal.slice(0, end)), '4a27b525dbbcf1bdabe960600a1acd87fb39905a54e7579bfa7aabf59eb62a5f');
  const found = findTsig(refusal.slice(0, end));
  assert.ok(found !== 'malformed' && found.record);
  assert.equal(Buffer.from(found.record.other).readUIntBE(0, 6), 1800000999);
  assert.equal(found.record.time, NOW);
});

test('a server tells a key it does not know, an algorithm, a wrong secret, a wrong time and a cut MAC apart', () => {
  const request = signed(new TsigChain(key()), QUERY, NOW);
  const refused = (message: Uint8Array, own: TsigKey | undefined, now = NOW): unknown => {
    const check = checkRequest(message, () => own, now);
    return check.kind === 'refused' ? check.error : check.kind;
  };
  assert.equal(refused(request, key()), 'right');
  assert.equal(refused(request, undefined), BADKEY);
  assert.equal(refused(request, key('hmac-sha512')), BADKEY);
  assert.equal(refused(request, key('hmac-sha256', 'k.test', bytesOf('another'))), BADSIG);
  assert.equal(refused(request, key(), NOW + 300), 'right');
  assert.equal(refused(request, key(), NOW + 301), BADTIME);
  assert.equal(refused(request, key(), NOW - 301), BADTIME);
  const changed = request.slice();
  changed[13] = 0x79;
  assert.equal(refused(changed, key()), BADSIG);
  for (const [length, expected] of [
    [31, BADTRUNC],
    [16, BADTRUNC],
    [15, 'malformed'],
    [9, 'malformed'],
  ] as const) {
    assert.equal(refused(cutMac(request, length), key()), expected, String(length));
  }
  assert.equal(refused(QUERY, key()), 'unsigned');
});

/** The request with only the first octets of its MAC. */
function cutMac(message: Uint8Array, length: number): Uint8Array {
  const found = findTsig(message);
  assert.ok(found !== 'malformed' && found.record);
  const { start, mac } = found.record;
  const rdata = start + nameOf('k.test')!.length + 10;
  const at = rdata + nameOf('hmac-sha256')!.length + 8;
  const cut = new Uint8Array(message.length - mac.length + length);
  cut.set(message.subarray(0, at + 2 + length));
  cut.set(message.subarray(at + 2 + mac.length), at + 2 + length);
  pack16(cut, at, length);
  pack16(cut, rdata - 2, unpack16(cut, rdata - 2) - mac.length + length);
  return cut;
}

test('two TSIG records, or one that is not the last, are malformed', () => {
  const once = signed(new TsigChain(key()), QUERY, NOW);
  assert.equal(findTsig(signed(new TsigChain(key()), once, NOW)), 'malformed');
  const answer = once.slice();
  pack16(answer, 6, 1); // the record counts as an answer now
  pack16(answer, 10, 0);
  assert.equal(findTsig(answer), 'malformed');
  assert.equal(findTsig(once.subarray(0, once.length - 1)), 'malformed');
});

test('a message with another ID than it was signed with is verified under the original one', () => {
  const { client, server } = conversation();
  const response = signed(server, RESPONSE, NOW);
  response[0] = 0x99;
  assert.equal(client.verify(response, NOW), 'right');
});

for (const algorithm of ['hmac-sha1', 'hmac-sha224', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512']) {
  test(`a stream of messages signed with ${algorithm} is right from the first to the last`, () => {
    const { client, server } = conversation(algorithm);
    for (let i = 0; i < 5; i++) assert.equal(client.verify(signed(server, RESPONSE, NOW + i), NOW), 'right');
    assert.ok(client.isComplete);
  });
}

test('99 messages without a signature are taken between two signed ones, a hundred are not', () => {
  for (const count of [1, 98, 99, 100]) {
    const { client, server } = conversation();
    assert.equal(client.verify(signed(server, RESPONSE, NOW), NOW), 'right');
    const unsignedSigner = server;
    for (let i = 0; i < count; i++) {
      assert.equal(client.verify(RESPONSE, NOW), 'unsigned');
      unsignedSigner.verify(RESPONSE, NOW); // the other end takes it into its hash too
    }
    assert.equal(client.isOverdue, count > 99, String(count));
    assert.ok(!client.isComplete);
    assert.equal(client.verify(signed(server, RESPONSE, NOW), NOW), 'right', String(count));
  }
});

test('a first message without a signature is overdue at once', () => {
  const { client } = conversation();
  assert.equal(client.verify(RESPONSE, NOW), 'unsigned');
  assert.ok(client.isOverdue);
});

test('a forged message, one played again, one left out and one of an earlier time break the stream', () => {
  const stream = (): { client: TsigChain; messages: Uint8Array[] } => {
    const { client, server } = conversation();
    return { client, messages: [1, 2, 3].map((i) => signed(server, RESPONSE, NOW + i)) };
  };
  const verdicts = ({ client, messages }: ReturnType<typeof stream>): string[] =>
    messages.map((m) => client.verify(m, NOW));
  const forged = stream();
  forged.messages[1]![20]! ^= 1;
  assert.equal(verdicts(forged)[1], 'bad signature');
  const replayed = stream();
  replayed.messages[1] = replayed.messages[0]!;
  assert.equal(verdicts(replayed)[1], 'bad signature');
  const shortened = stream();
  shortened.messages.splice(1, 1);
  assert.equal(verdicts(shortened)[1], 'bad signature');
  const { client, server } = conversation();
  assert.equal(client.verify(signed(server, RESPONSE, NOW + 5), NOW), 'right');
  assert.equal(client.verify(signed(server, RESPONSE, NOW + 4), NOW), 'bad time');
});

test('a response of another key, of another algorithm or from a clock far off is told apart', () => {
  const cases: readonly (readonly [key: TsigKey, verdict: string])[] = [
    [key('hmac-sha256', 'other.test'), 'other key'],
    [key('hmac-sha512'), 'other key'],
    [key('hmac-sha256', 'k.test', bytesOf('x')), 'bad signature'],
  ];
  for (const [other, verdict] of cases) {
    const { client } = conversation();
    const server = new TsigChain(other);
    server.verify(signed(new TsigChain(other), QUERY, NOW), NOW);
    assert.equal(client.verify(signed(server, RESPONSE, NOW), NOW), verdict);
  }
  const { client, server } = conversation();
  assert.equal(client.verify(signed(server, RESPONSE, NOW + 1000), NOW), 'bad time');
  assert.equal(client.ahead, 1000);
});

test('no octets make it throw, and no octet but those of the ID and the case of the names can be changed', () => {
  const request = signed(new TsigChain(key()), QUERY, NOW);
  const change = fc.tuple(fc.nat(request.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const damaged = request.slice();
      for (const [at, octet] of changes) damaged[at] = octet;
      if (checkRequest(damaged, () => key(), NOW).kind !== 'right') return;
      for (let at = 2; at < damaged.length; at++) assert.equal(LOWER[damaged[at]!], LOWER[request[at]!], String(at));
    }),
    { numRuns: 3000 },
  );
});
