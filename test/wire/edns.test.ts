// OPT records read and written, and DNS cookies: the vectors of RFC 9018 appendix A and of SipHash's authors.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Address, ip4, scanIp6 } from '../../src/base/address.ts';
import { putSipHash } from '../../src/base/siphash.ts';
import { EdnsServer } from '../../src/wire/edns.ts';
import { Request } from '../../src/wire/request.ts';
import { Writer } from '../../src/wire/writer.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** A request with one question and these additional records, `counts` of answer, authority and additional section. */
function requestWith(records: string, counts = '0000 0000 0001', question = '047465737400 0001 0001'): Request {
  const request = new Request(true);
  request.read(bytes(`1234 0000 ${question === '' ? '0000' : '0001'} ${counts} ${question} ${records}`));
  return request;
}

const OPT = '00 0029 1000 00 00 8000';
const A = '047465737400 0001 0001 00000000 0004 c0000201';

describe('an OPT record', () => {
  test('says payload size, version and DO', () => {
    const { opt } = requestWith('00 0029 04d0 00 01 8000 0000');
    assert.deepEqual([opt.isPresent, opt.isBad, opt.payload, opt.version, opt.dnssecOk], [true, false, 1232, 1, true]);
    assert.equal(requestWith('00 0029 04d0 00 00 7fff 0000').opt.dnssecOk, false);
  });

  for (const [title, records, counts] of [
    ['behind other records', `${A} ${OPT} 0000`, '0001 0000 0001'],
    ['between other records', `${A} ${OPT} 0000 ${A}`, '0000 0001 0002'],
    ['before a record that is cut off', `${OPT} 0000 0474`, '0000 0000 0002'],
    ['before octets that belong to nothing', `${OPT} 0000 ffff`, '0000 0000 0001'],
    ['with options', `${OPT} 000c 0064 0000 000a 0004 01020304`, '0000 0000 0001'],
  ] as const) {
    test(`is found ${title}`, () => {
      const { opt } = requestWith(records, counts);
      assert.deepEqual([opt.isPresent, opt.isBad, opt.dnssecOk], [true, false, true]);
    });
  }

  for (const [title, records, counts] of [
    ['none', '', '0000 0000 0000'],
    ['that are counted and not there', '', '0000 0000 0001'],
    ['in the answer section', `${OPT} 0000`, '0001 0000 0000'],
    ['behind a record that is cut off', `${A.slice(0, -2)}`, '0000 0000 0002'],
    ['whose fixed octets are cut off', OPT, '0000 0000 0001'],
    ['behind a label that is too long', `40 ${OPT} 0000`, '0000 0000 0002'],
  ] as const) {
    test(`is not among records ${title}`, () => assert.equal(requestWith(records, counts).opt.isPresent, false));
  }

  for (const [title, records, counts] of [
    ['there are two', `${OPT} 0000 ${OPT} 0000`, '0000 0000 0002'],
    ['its owner is not the root', `01 61 ${OPT} 0000`, '0000 0000 0001'],
    ['its data run past the end', `${OPT} 0001`, '0000 0000 0001'],
    ['an option has half a head', `${OPT} 0003 006400`, '0000 0000 0001'],
    ['an option runs past the end of the data', `${OPT} 0004 0064 0001 00`, '0000 0000 0001'],
  ] as const) {
    test(`is bad when ${title}`, () => {
      const { opt } = requestWith(records, counts);
      assert.deepEqual([opt.isPresent, opt.isBad, opt.dnssecOk], [true, true, false]);
    });
  }

  test('is not looked for by who does not know EDNS', () => {
    const request = new Request();
    request.read(bytes(`1234 0000 0001 0000 0000 0001 047465737400 0001 0001 ${OPT} 0000`));
    assert.equal(request.hasQuestion, true);
    assert.equal(request.opt.isPresent, false);
  });

  test('of one request is not seen in the next', () => {
    const request = new Request(true);
    for (const [count, records] of [
      ['0001', `${OPT} 0000`],
      ['0000', ''],
    ] as const) {
      request.read(bytes(`1234 0000 0001 0000 0000 ${count} 047465737400 0001 0001 ${records}`));
      assert.equal(request.opt.isPresent, records !== '');
    }
  });

  test('is read from any octets without an exception', () => {
    const request = new Request(true);
    const head = bytes('1234 0000 0001 0000 0000 0003 00 0001 0001');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(3), (rest, opts) => {
        const parts = [head, ...Array.from({ length: opts }, () => bytes(`${OPT} 0006 000a`)), rest];
        const message = Buffer.concat(parts);
        request.read(message);
        const { opt } = request;
        if (opt.cookieLength >= 0) assert.ok(opt.cookieAt + opt.cookieLength <= message.length);
      }),
    );
  });
});

test('SipHash-2-4 is what its authors say', () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i);
  const hash = new Uint8Array(8);
  for (const [length, want] of [
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
    [63, '724506eb4c328a95'],
  ] as const) {
    const message = Uint8Array.from({ length }, (_, i) => i);
    putSipHash(hash, 0, key, message, length);
    assert.equal(Buffer.from(hash).toString('hex'), want);
  }
});

/** The OPT record that the server puts into its response, in hexadecimal. */
function responseOpt(server: EdnsServer, request: Request, rcode = 0, client: Address = ip4(192, 0, 2, 1)): string {
  const room = new Uint8Array(600);
  const writer = new Writer();
  writer.start(room);
  writer.header(0, 0, 0);
  server.putOpt(writer, request, rcode, client);
  assert.deepEqual([writer.failed, writer.count(3)], [false, 1]);
  return Buffer.from(room.subarray(12, writer.length)).toString('hex');
}

describe('the server', () => {
  const server = new EdnsServer(1232);

  test('answers with its own payload size, and with DO as it came', () => {
    assert.equal(responseOpt(server, requestWith(`${OPT} 0000`)), '00002904d0000080000000');
    assert.equal(responseOpt(server, requestWith('00 0029 0000 00 00 7fff 0000')), '00002904d0000000000000');
  });

  test('puts the upper bits of a response code into OPT', () => {
    assert.equal(responseOpt(server, requestWith(`${OPT} 0000`), 16), '00002904d0010080000000');
  });

  test('asks for as many octets as both sides allow, 512 at least', () => {
    for (const [payload, asked, want] of [
      [1232, '1000', 1232],
      [1232, '0400', 1024],
      [1232, '0000', 512],
      [4096, 'ffff', 4096],
      [512, '1000', 512],
    ] as const) {
      const request = requestWith(`00 0029 ${asked} 00 00 0000 0000`);
      assert.equal(new EdnsServer(payload).maxResponse(request), want - 11);
    }
    assert.equal(server.maxResponse(requestWith('', '0000 0000 0000')), 512);
  });

  for (const [title, options, want] of [
    ['8 octets', '000a 0008 0102030405060708', 24],
    ['16 octets', `000a 0010 ${'01'.repeat(16)}`, 24],
    ['40 octets', `000a 0028 ${'01'.repeat(40)}`, 24],
    ['none', '', 0],
    ['no octets', '000a 0000', -1],
    ['7 octets', '000a 0007 01020304050607', -1],
    ['9 octets', `000a 0009 ${'01'.repeat(9)}`, -1],
    ['15 octets', `000a 000f ${'01'.repeat(15)}`, -1],
    ['41 octets', `000a 0029 ${'01'.repeat(41)}`, -1],
    ['8 octets, behind one of 3', '000a 0003 010203 000a 0008 0102030405060708', -1],
  ] as const) {
    const wanted = want < 0 ? 'FORMERR' : want === 0 ? 'no cookie' : 'a cookie of 24 octets';
    test(`answers a cookie of ${title} with ${wanted}`, () => {
      const cookies = new EdnsServer(1232, new Uint8Array(16));
      const length = (bytes(options).length + 0x10000).toString(16).slice(1);
      const request = requestWith(`${OPT} ${length} ${options}`);
      assert.equal(cookies.errorOf(request), want < 0 ? 1 : 0);
      const opt = responseOpt(cookies, request);
      assert.equal(opt.length / 2, want > 0 ? 11 + 4 + want : 11);
      assert.equal(cookies.maxResponse(request), 1232 - opt.length / 2);
      assert.equal(server.errorOf(request), 0);
      assert.equal(responseOpt(server, request).length / 2, 11);
    });
  }

  test('says BADVERS before it looks at a cookie', () => {
    const request = requestWith('00 0029 1000 00 01 0000 0007 000a 0003 010203');
    assert.equal(new EdnsServer(1232, new Uint8Array(16)).errorOf(request), 16);
  });

  test('gives a cookie to who asks nothing else', () => {
    const cookies = new EdnsServer(1232, new Uint8Array(16));
    const writer = new Writer();
    const given = (to: EdnsServer, request: Request) =>
      to.putCookieOnly(writer, request, ip4(192, 0, 2, 1), new Uint8Array(512), 0);
    const alone = (records: string) => given(cookies, requestWith(records, '0000 0000 0001', ''));
    assert.equal(alone(`${OPT} 000c 000a 0008 0102030405060708`), 12 + 11 + 28);
    assert.equal(alone(`${OPT} 000c 000a 0008 0102030405060708 00`), 0);
    assert.equal(alone(`${OPT} 000b 000a 0007 01020304050607`), 0);
    assert.equal(alone(`${OPT} 0000`), 0);
    assert.equal(given(cookies, requestWith(`${OPT} 000c 000a 0008 0102030405060708`)), 0);
    assert.equal(given(server, requestWith(`${OPT} 000c 000a 0008 0102030405060708`, '0 0 1', '')), 0);
  });

  const FIRST = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
  for (const [secret, client, cookie, now, want] of [
    [FIRST, ip4(198, 51, 100, 100), '2464c4abcf10c957', 1559731985, '010000005cf79f111f8130c3eee29480'],
    [FIRST, ip4(198, 51, 100, 100), '2464c4abcf10c957', 1559734385, '010000005cf7a871d4a564a1442aca77'],
    [FIRST, ip4(203, 0, 113, 203), 'fc93fc62807ddb86', 1559734700, '010000005cf7a9acf73a7810aca2381e'],
    [
      '445536bcd2513298075a5d379663c962',
      scanIp6('2001:db8:220:1:59de:d0f4:8769:82b8')!,
      '22681ab97d52c298',
      1559741961,
      '010000005cf7c609a6bb79d16625507a',
    ],
  ] as const) {
    test(`makes the cookie of RFC 9018 for ${now}`, () => {
      const cookies = new EdnsServer(1232, bytes(secret));
      cookies.now = now;
      const opt = responseOpt(cookies, requestWith(`${OPT} 000c 000a 0008 ${cookie}`), 0, client);
      assert.equal(opt, `00002904d00000800000 1c000a0018${cookie}${want}`.replace(' ', ''));
    });
  }
});
