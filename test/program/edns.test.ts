// EDNS in the five servers: what each makes of plain requests, of OPT records good and bad, of cookies and of sizes.
// The rows are those that RFC 8906 section 8 tests servers with; dig asks some of them too.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { needs, type Running, run, start, temporaryDirectory } from '../support/programs.ts';
import { messagesIn } from '../support/transfer.ts';
import { UdpClients } from '../support/udp.ts';

const IP = '127.45.7.1';
const SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const wire = (name: string) =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.alloc(1),
  ]);

const TYPE_A = 1;
const TYPE_SOA = 6;
const TYPE_PTR = 12;
const TYPE_UNKNOWN = 1000;

const OPT = '00 0029 1000 00 00 0000 0000';
const OPT_DO = '00 0029 1000 00 00 8000 0000';

interface Query {
  name: string;
  type: number;
  id?: number;
  flags?: number;
  qclass?: number;
  /** Records of the additional section in hexadecimal, and how many the header says there are. */
  records?: string;
  count?: number;
}

function packet({ name, type, id = 0x1234, flags = 0, qclass = 1, records = '', count }: Query): Buffer {
  const additional = count ?? (records === '' ? 0 : 1);
  const head = Buffer.alloc(12);
  for (const [i, value] of [id, flags, 1, 0, 0, additional].entries()) head.writeUInt16BE(value, 2 * i);
  const tail = Buffer.from([type >> 8, type, qclass >> 8, qclass]);
  return Buffer.concat([head, wire(name), tail, hex(records)]);
}

/** `response` with our OPT record behind it, as it is without. */
function withOpt(response: Buffer, dnssecOk = false, payload = 1232): Buffer {
  const opt = hex('00 0029 0000 00 00 0000 0000');
  opt.writeUInt16BE(payload, 3);
  opt.writeUInt16BE(dnssecOk ? 0x8000 : 0, 7);
  const message = Buffer.concat([response, opt]);
  message.writeUInt16BE(response.readUInt16BE(10) + 1, 10);
  return message;
}

/** The question of `query` alone, with these flags and an OPT record with these upper bits of the response code. */
function errorFor(query: Query, flags: number, extended: number, dnssecOk = false): Buffer {
  const message = withOpt(packet({ name: query.name, type: query.type, id: query.id ?? 0x1234, flags }), dnssecOk);
  message[message.length - 6] = extended;
  return message;
}

/** A server that asks for nothing but a question that it has an answer to. */
interface Served {
  program: string;
  /** The data file and its compiler. */
  data?: [compiler: string, text: string];
  env?: Record<string, string>;
  /** Other files below its root. */
  files?: Record<string, string>;
  name: string;
  type: number;
  flags?: number;
}

const TEST_ZONE = '.test:192.0.2.1:a\n=www.test:192.0.2.80\n';

const SERVERS: readonly Served[] = [
  { program: 'tinydns', data: ['tinydns-data', TEST_ZONE], name: 'test', type: TYPE_SOA },
  { program: 'walldns', name: '4.3.2.1.in-addr.arpa', type: TYPE_PTR },
  {
    program: 'rbldns',
    data: ['rbldns-data', ':127.0.0.2:listed\n127.0.0.2\n'],
    env: { BASE: 'rbl.test' },
    name: '2.0.0.127.rbl.test',
    type: TYPE_A,
  },
  { program: 'pickdns', data: ['pickdns-data', '+pick.test:192.0.2.7\n'], name: 'pick.test', type: TYPE_A },
];

function rootOf({ data, files = {} }: Served): string {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(`${directory}/${name}`), { recursive: true });
    writeFileSync(`${directory}/${name}`, text);
  }
  if (!data) return directory;
  writeFileSync(`${directory}/data`, data[1]);
  const { code, stderr } = run(data[0], [], { cwd: directory });
  assert.deepEqual([code, stderr], [0, '']);
  return directory;
}

/** Runs a content server for a suite of tests; `ask` gives its response to octets, null for silence. */
function serving(served: Served, port: number, env: Record<string, string> = {}) {
  const clients = new UdpClients(IP, port);
  let server: Running;
  const sentinel = packet({ ...served, id: 0xfffe });
  before(async () => {
    const base = { ROOT: rootOf(served), IP, PORT: String(port), UNPRIVILEGED: '1' };
    server = start(served.program, [], { env: { ...base, ...served.env, ...env } });
    await server.logged(/^starting\b/);
    await clients.ready(sentinel);
  });
  after(async () => {
    clients.close();
    await server?.stop();
  });
  return {
    ask: (query: Buffer) => clients.askBefore(query, sentinel, '127.0.0.1'),
    logged: (pattern: RegExp) => server.logged(pattern),
    log: () => server.log(),
  };
}

/**
 * The rows of the battery that have the same response from every server: OPT's state and what becomes of the response.
 */
const BATTERY: readonly [title: string, records: string, want: 'answer' | 'answer with DO' | 'FORMERR' | number][] = [
  ['an OPT record', OPT, 'answer'],
  ['an OPT record with DO', OPT_DO, 'answer with DO'],
  ['an unknown flag', '00 0029 1000 00 00 0040 0000', 'answer'],
  ['an unknown option', '00 0029 1000 00 00 0000 0004 0064 0000', 'answer'],
  [
    'NSID, EXPIRE, SUBNET and COOKIE',
    '00 0029 1000 00 00 0000 001f 0003 0000 0009 0000 0008 0007 0001 18 00 c00002 000a 0008 0102030405060708',
    'answer',
  ],
  ['a payload size of 0', '00 0029 0000 00 00 0000 0000', 'answer'],
  ['version 1', '00 0029 1000 00 01 0000 0000', 0],
  ['version 1, DO, an unknown flag and an option', '00 0029 1000 00 01 8040 0004 0064 0000', 0x8000],
  ['two OPT records', `${OPT_DO} ${OPT_DO}`, 'FORMERR'],
  ['an OPT record that is not the root', `01 61 ${OPT}`, 'FORMERR'],
  ['an OPT record that runs past the end', '00 0029 1000 00 00 8000 0001', 'FORMERR'],
  ['an option that runs past the end', '00 0029 1000 00 00 8000 0004 0064 0001', 'FORMERR'],
];

for (const [i, served] of SERVERS.entries()) {
  describe(served.program, () => {
    const { name, type } = served;
    const { ask, logged } = serving(served, 5370 + i);
    const plain = async () => (await ask(packet(served)))!;

    test('answers without OPT who sends none, and copies no flag but RD', async () => {
      const response = await plain();
      assert.equal(response.readUInt16BE(10), served.program === 'tinydns' ? 1 : 0);
      for (const flags of [0x0010, 0x0020, 0x0040, 0x0070]) {
        assert.deepEqual(await ask(packet({ ...served, flags })), response);
      }
      const recursive = await ask(packet({ ...served, flags: 0x0100 }));
      assert.equal(recursive!.readUInt16BE(2), response.readUInt16BE(2) | 0x0100);
    });

    for (const [title, records, want] of BATTERY) {
      const outcome = typeof want === 'number' ? 'BADVERS' : want;
      test(`${title}: ${outcome}`, async () => {
        const count = title.startsWith('two') ? 2 : 1;
        const response = await ask(packet({ ...served, records, count, flags: 0x0100 }));
        if (want === 'FORMERR') assert.deepEqual(response, errorFor(served, 0x8101, 0));
        else if (typeof want === 'number') assert.deepEqual(response, errorFor(served, 0x8100, 1, want === 0x8000));
        else {
          const expected = withOpt(await plain(), want === 'answer with DO');
          expected[2]! |= 1; // RD
          assert.deepEqual(response, expected);
        }
      });
    }

    test('an unknown type gets what it got, and OPT to OPT', async () => {
      const query = { ...served, type: TYPE_UNKNOWN };
      const response = await ask(packet(query));
      assert.equal(response!.readUInt16BE(2), served.program === 'tinydns' ? 0x8400 : 0x8005);
      assert.deepEqual(await ask(packet({ ...query, records: OPT })), withOpt(response!));
    });

    test('another opcode with a question gets NOTIMP, AA set, opcode 0, and OPT to OPT', async () => {
      const query = { ...served, flags: 15 << 11 };
      const want = packet({ ...served, flags: 0x8404 });
      assert.deepEqual(await ask(packet(query)), want);
      assert.deepEqual(await ask(packet({ ...query, records: OPT })), withOpt(want));
      assert.deepEqual(await ask(packet({ ...query, records: `${OPT} ${OPT}`, count: 2 })), withOpt(want));
    });

    test('another class gets FORMERR, RD and RA set, and OPT to OPT', async () => {
      const query = { ...served, qclass: 3 };
      const want = packet({ ...query, flags: 0x8181 });
      assert.deepEqual(await ask(packet(query)), want);
      assert.deepEqual(await ask(packet({ ...query, records: OPT_DO })), withOpt(want, true));
    });

    test('a header alone gets NOTIMP and its opcode back; a query without a question nothing', async () => {
      assert.deepEqual(await ask(hex('1234 7800 0000 0000 0000 0000')), hex('1234 f804 0000 0000 0000 0000'));
      assert.deepEqual(await ask(hex('1234 2100 0000 0000 0000 0000')), hex('1234 a104 0000 0000 0000 0000'));
      assert.equal(await ask(hex('1234 0000 0000 0000 0000 0000')), null);
      assert.equal(await ask(hex('1234 f800 0000 0000 0000 0000')), null);
      assert.equal(await ask(hex('1234 7800 0000 0000 0000 0001')), null);
      assert.equal(await ask(hex('1234 7800 0000 0000 0000 0000 00')), null);
      assert.equal(await ask(Buffer.concat([hex('1234 0000 0000 0000 0000 0001'), hex(OPT)])), null);
    });

    test('a request may have 512 octets, with OPT 1232', async () => {
      const padded = (octets: number, records: (rest: number) => string) => {
        const rest = octets - packet(served).length;
        const query = packet({ ...served, records: records(rest), count: 1 });
        assert.equal(query.length, octets);
        return query;
      };
      const zeros = (rest: number) => '00'.repeat(rest);
      const length = (value: number) => (value + 0x10000).toString(16).slice(1);
      const padding = (rest: number) =>
        `00 0029 1000 00 00 0000 ${length(rest - 11)} 000c ${length(rest - 15)} ${zeros(rest - 15)}`;
      const response = await plain();
      assert.deepEqual(await ask(padded(512, zeros)), response);
      assert.equal(await ask(padded(513, zeros)), null);
      assert.deepEqual(await ask(padded(513, padding)), withOpt(response));
      assert.deepEqual(await ask(padded(1232, padding)), withOpt(response));
      assert.equal(await ask(padded(1233, padding)), null);
    });

    test('logs E for an error of EDNS, I for a header alone', async () => {
      await ask(packet({ ...served, id: 0xabcd, records: `${OPT} ${OPT}`, count: 2 }));
      await ask(hex('dcba 7800 0000 0000 0000 0000'));
      const typed = type.toString(16).padStart(4, '0');
      await logged(new RegExp(`^7f000001:[0-9a-f]{4}:abcd E ${typed} ${name.replaceAll('.', '\\.')}$`, 'm'));
      await logged(/^7f000001:[0-9a-f]{4}:dcba I 0000 \.$/m);
    });
  });

  describe(`${served.program} without EDNS`, () => {
    const { ask } = serving(served, 5375 + i, { UDPSIZE: '0', COOKIESECRET: SECRET });
    test('answers as if there were no OPT, good or bad', async () => {
      const response = await ask(packet(served));
      for (const [, records] of BATTERY) {
        assert.deepEqual(await ask(packet({ ...served, records, count: 2 })), response);
      }
    });
  });
}

describe('octets', () => {
  const served: Served = { ...SERVERS[0]!, name: 'www.test', type: TYPE_A };
  const { ask } = serving(served, 5380);
  const question = '03777777047465737400 0001 0001';
  for (const [title, query, want] of [
    [
      'an answer',
      `1234 0000 0001 0000 0000 0001 ${question} ${OPT_DO}`,
      `1234 8400 0001 0001 0001 0002 ${question} c00c 0001 0001 00015180 0004 c0000250
       c010 0002 0001 0003f480 0007 0161026e73c010 c036 0001 0001 0003f480 0004 c0000201 00 0029 04d0 00 00 8000 0000`,
    ],
    [
      'version 1',
      `1234 0000 0001 0000 0000 0001 ${question} 00 0029 1000 00 01 8000 0000`,
      `1234 8000 0001 0000 0000 0001 ${question} 00 0029 04d0 01 00 8000 0000`,
    ],
    [
      'two OPT records',
      `1234 0000 0001 0000 0000 0002 ${question} ${OPT_DO} ${OPT_DO}`,
      `1234 8001 0001 0000 0000 0001 ${question} 00 0029 04d0 00 00 0000 0000`,
    ],
  ] as const) {
    test(`${title} has these`, async () => {
      assert.deepEqual(await ask(hex(query)), hex(want.replaceAll('\n', '')));
    });
  }

  test('a name outside all zones is met with silence', async () => {
    for (const [, records] of BATTERY.filter(([, , want]) => typeof want === 'string' && want !== 'FORMERR')) {
      assert.equal(await ask(packet({ name: 'www.example', type: TYPE_A, records })), null);
    }
  });
});

const CLIENT = '2464c4abcf10c957';

/** An OPT record with this cookie. */
function withCookie(cookie: string): string {
  const length = (octets: number) => (octets + 0x10000).toString(16).slice(1);
  const size = cookie.length / 2;
  return `00 0029 1000 00 00 0000 ${length(size + 4)} 000a ${length(size)} ${cookie}`;
}

const withoutQuestion = (opt: string) => Buffer.concat([hex('4321 0100 0000 0000 0000 0001'), hex(opt)]);

/** A response without a question, in which `CLIENT` is given a server cookie. */
function assertCookieAlone(response: Buffer | null): void {
  assert.equal(response!.length, 12 + 11 + 28);
  assert.equal(response!.toString('hex', 0, 12), '432181000000000000000001');
  assert.equal(response!.toString('hex', 12, 39), `00002904d000000000001c000a0018${CLIENT}01000000`);
}

describe('cookies', () => {
  const served = SERVERS[0]!;
  const { ask, logged } = serving(served, 5381, { COOKIESECRET: SECRET.toUpperCase() });

  test('are given with each response', async () => {
    const response = await ask(packet({ ...served, records: withCookie(CLIENT) }));
    const expected = withOpt((await ask(packet(served)))!);
    expected.writeUInt16BE(28, expected.length - 2);
    assert.deepEqual(response!.subarray(0, expected.length), expected);
    const cookie = response!.subarray(expected.length);
    assert.equal(cookie.subarray(0, 16).toString('hex'), `000a0018${CLIENT}01000000`);
    const age = Math.floor(Date.now() / 1000) - cookie.readUInt32BE(16);
    assert.ok(age >= 0 && age < 600, `${age} seconds old`);
    const again = await ask(packet({ ...served, records: withCookie(cookie.subarray(4).toString('hex')) }));
    assert.equal(again!.length, response!.length);
    assert.equal(again!.readUInt16BE(2) & 15, 0);
  });

  test('of a wrong length are FORMERR', async () => {
    const response = await ask(packet({ ...served, records: withCookie('010203') }));
    assert.deepEqual(response, errorFor(served, 0x8001, 0));
  });

  test('are given to who has no question', async () => {
    assertCookieAlone(await ask(withoutQuestion(withCookie(CLIENT))));
    await logged(/^7f000001:[0-9a-f]{4}:4321 \+ 0000 \.$/m);
  });
});

const CACHE: Served = {
  program: 'dnscache',
  env: { IPSEND: IP, CACHESIZE: '10000' },
  files: { 'ip/127': '', 'servers/@': '127.45.7.9\n' },
  name: 'localhost',
  type: TYPE_A,
  flags: 0x0100,
};

describe('dnscache', () => {
  const { ask, log } = serving(CACHE, 5387, { COOKIESECRET: SECRET });

  test('gives a cookie to who has no question, over UDP and TCP, and logs no query', async () => {
    const request = withoutQuestion(withCookie(CLIENT));
    assertCookieAlone(await ask(request));
    const socket = connect(5387, IP);
    socket.end(Buffer.concat([Buffer.from([0, request.length]), request]));
    const parts: Buffer[] = [];
    for await (const part of socket) parts.push(part as Buffer);
    assertCookieAlone(Buffer.concat(parts).subarray(2));
    assert.doesNotMatch(log(), /4321|^drop/m);
  });

  test('is silent about a header alone, with an OPT record or without, and about a bad cookie', async () => {
    assert.equal(await ask(hex('1234 7900 0000 0000 0000 0000')), null);
    assert.equal(await ask(hex('1234 0100 0000 0000 0000 0000')), null);
    for (const opt of [
      OPT,
      withCookie('010203'),
      `${withCookie(CLIENT)} 00`,
      OPT.replace('1000 00 00', '1000 00 01'),
    ]) {
      assert.equal(await ask(withoutQuestion(opt)), null, opt);
    }
    const response = withoutQuestion(withCookie(CLIENT));
    response[2] = 0x81;
    assert.equal(await ask(response), null);
  });
});

describe('dnscache without a secret', () => {
  const { ask } = serving(CACHE, 5388);
  test('is silent about a cookie that comes without a question', async () => {
    assert.equal(await ask(withoutQuestion(withCookie(CLIENT))), null);
  });
});

describe('sizes', () => {
  const lines = ['.big.test:192.0.2.1:a', '.big.test:192.0.2.2:b'];
  for (let i = 0; i < 8; i++) lines.push(`'text.big.test:${'x'.repeat(70)}${i}`);
  for (let i = 0; i < 60; i++) lines.push(`'huge.big.test:${'x'.repeat(70)}${i}`);
  const served: Served = {
    program: 'tinydns',
    data: ['tinydns-data', lines.join('\n')],
    name: 'big.test',
    type: TYPE_A,
  };
  const { ask } = serving(served, 5382);
  const counts = (message: Buffer) => [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  const sized = (payload: string) => `00 0029 ${payload} 00 00 0000 0000`;

  test('a response is whole where both sides allow it', async () => {
    const response = (await ask(packet({ name: 'text.big.test', type: 16, records: sized('0600') })))!;
    assert.deepEqual(counts(response), [1, 8, 2, 3]);
    assert.ok(response.length > 700);
  });

  test('additional and authority section go before the answer does', async () => {
    const whole = (await ask(packet({ name: 'text.big.test', type: 16, records: sized('0600') })))!;
    const at = async (payload: number) => {
      const records = sized((payload + 0x10000).toString(16).slice(1));
      const response = (await ask(packet({ name: 'text.big.test', type: 16, records })))!;
      assert.ok(response.length <= payload);
      assert.equal(response.readUInt16BE(2) & 0x0200, counts(response)[1] === 8 ? 0 : 0x0200);
      return counts(response).join(' ');
    };
    assert.equal(await at(whole.length), '1 8 2 3');
    assert.equal(await at(whole.length - 1), '1 8 2 1');
    assert.equal(await at(whole.length - 32), '1 8 2 1');
    assert.equal(await at(whole.length - 33), '1 8 0 1');
  });

  test('what is still too large is cut to the question and OPT, with TC and true counts', async () => {
    const query = { name: 'huge.big.test', type: 16 };
    const response = await ask(packet({ ...query, records: OPT }));
    assert.deepEqual(response, errorFor(query, 0x8600, 0));
    const plain = await ask(packet(query));
    assert.equal(plain!.readUInt16BE(2), 0x8600);
    assert.equal(plain!.readUInt16BE(6), 60); // the count of before stays, as in the original
  });
});

describe('the addresses of hosts', () => {
  const text = [
    '.v6.test:192.0.2.1:a.ns.v6.test',
    ':a.ns.v6.test:28:\\040\\001\\015\\270\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001',
    '&v6.test::six.ns.v6.test',
    ':six.ns.v6.test:28:\\040\\001\\015\\270\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\006',
    ':six.ns.v6.test:28:\\040\\001',
    '+www.v6.test:192.0.2.80',
  ].join('\n');
  const served: Served = { program: 'tinydns', data: ['tinydns-data', text], name: 'www.v6.test', type: TYPE_A };
  const { ask } = serving(served, 5383);
  const additional = (message: Buffer) => message.readUInt16BE(10);

  test('that are IPv6 are told only to clients with EDNS, the first time and ever after', async () => {
    for (let i = 0; i < 3; i++) {
      assert.equal(additional((await ask(packet(served)))!), 1);
      const response = (await ask(packet({ ...served, records: OPT })))!;
      assert.equal(additional(response), 4); // A, AAAA, AAAA, OPT
      assert.ok(
        response.includes(
          hex('001c 0001 0003f480 0010 20010db8000000000000000000000006'.replace('0003f480', '00015180')),
        ),
      );
    }
  });

  test('are not told twice', async () => {
    const query = { name: 'a.ns.v6.test', type: 28, records: OPT };
    assert.equal(additional((await ask(packet(query)))!), 3); // A of a, AAAA of six, OPT
    const a = { name: 'a.ns.v6.test', type: TYPE_A, records: OPT };
    assert.equal(additional((await ask(packet(a)))!), 3); // AAAA of a, AAAA of six, OPT
    const any = { name: 'a.ns.v6.test', type: 255, records: OPT };
    assert.equal(additional((await ask(packet(any)))!), 2);
  });
});

describe('LOGRESULT', () => {
  const lines = ['.test:192.0.2.1:a', '=www.test:192.0.2.80'];
  for (let i = 0; i < 20; i++) lines.push(`'huge.test:${'x'.repeat(70)}`);
  const served: Served = { ...SERVERS[0]!, data: ['tinydns-data', lines.join('\n')] };
  const { ask, logged } = serving(served, 5386, { LOGRESULT: '' });
  const head = (id: string) => `^7f000001:[0-9a-f]{4}:${id} `;

  for (const [id, query, want] of [
    ['0001', { name: 'www.test', type: TYPE_A }, '\\+ 0001 www\\.test NOERROR 77'],
    ['0002', { name: 'x.test', type: TYPE_A }, '\\+ 0001 x\\.test NXDOMAIN 76'],
    ['0003', { name: 'huge.test', type: 16 }, '\\+ 0010 huge\\.test NOERROR 27 TC'],
    ['0004', { name: 'www.test', type: TYPE_A, records: OPT }, '\\+ 0001 www\\.test NOERROR 88'],
    [
      '0005',
      { name: 'www.test', type: TYPE_A, records: '00 0029 1000 00 01 0000 0000' },
      'E 0001 www\\.test BADVERS 37',
    ],
    ['0006', { name: 'www.test', type: 252 }, 'I 00fc www\\.test NOTIMP 26'],
    ['0007', { name: 'www.test', type: TYPE_A, qclass: 3 }, 'C 0001 www\\.test FORMERR 26'],
    ['0008', { name: 'other', type: TYPE_A }, '- 0001 other'],
  ] as const) {
    test(`a line may end: ${want.replaceAll('\\', '')}`, async () => {
      await ask(packet({ ...query, id: parseInt(id, 16) }));
      await logged(new RegExp(`${head(id)}${want}$`, 'm'));
    });
  }

  test('packets without a question have what they are answered with, or nothing', async () => {
    await ask(hex('0009 7800 0000 0000 0000 0000'));
    await logged(new RegExp(`${head('0009')}I 0000 \\. NOTIMP 12$`, 'm'));
    await ask(hex('000a 0000 0000 0000 0000 0000'));
    await logged(new RegExp(`${head('0000')}/ 0000 \\.$`, 'm'));
  });

  test('axfrdns has it too, but for transfers', () => {
    const env = {
      ROOT: rootOf(served),
      UNPRIVILEGED: '1',
      TCPREMOTEIP: '127.0.0.1',
      TCPREMOTEPORT: '4000',
      LOGRESULT: '1',
    };
    const queries = [packet({ name: 'www.test', type: TYPE_A }), packet({ name: 'test', type: 252 })];
    const framed = queries.map((query) => Buffer.concat([Buffer.from([0, query.length]), query]));
    const { stderr } = run('axfrdns', [], { input: Buffer.concat(framed), env });
    assert.equal(stderr, '7f000001:0fa0:1234 0001 www.test NOERROR 77\n7f000001:0fa0:1234 00fc test\n');
  });
});

for (const [name, value] of [
  ['UDPSIZE', ''],
  ['UDPSIZE', '511'],
  ['UDPSIZE', '4097'],
  ['UDPSIZE', '1232x'],
  ['COOKIESECRET', ''],
  ['COOKIESECRET', SECRET.slice(1)],
  ['COOKIESECRET', `${SECRET},xyz`],
] as const) {
  test(`$${name} of ${JSON.stringify(value)} is fatal`, () => {
    for (const program of ['tinydns', 'walldns', 'axfrdns']) {
      const env = { IP, PORT: '5384', ROOT: temporaryDirectory(), UNPRIVILEGED: '1', [name]: value };
      const { code, stderr } = run(program, [], { env });
      assert.deepEqual([code, stderr], [111, `${program}: fatal: unable to parse $${name}\n`]);
    }
  });
}

describe('axfrdns', () => {
  const served: Served = { ...SERVERS[0]!, name: 'test', type: TYPE_SOA };
  const root = rootOf(served);
  const framed = (message: Buffer) => Buffer.concat([Buffer.from([message.length >> 8, message.length]), message]);
  const ask = (...queries: Buffer[]) => {
    const env = { ROOT: root, UNPRIVILEGED: '1', TCPREMOTEIP: '127.0.0.1', TCPREMOTEPORT: '4000' };
    const { stdout, code, stderr } = run('axfrdns', [], { input: Buffer.concat(queries.map(framed)), env });
    return { messages: messagesIn(stdout), code, stderr };
  };
  const [plain] = ask(packet(served)).messages;

  for (const [title, records, want] of BATTERY) {
    test(`${title}: ${typeof want === 'number' ? 'BADVERS' : want}, and the connection goes on`, () => {
      const count = title.startsWith('two') ? 2 : 1;
      const { messages, code } = ask(packet({ ...served, records, count }), packet(served));
      assert.equal(code, 0);
      assert.equal(messages.length, 2);
      if (want === 'FORMERR') assert.deepEqual(messages[0], errorFor(served, 0x8001, 0));
      else if (typeof want === 'number') assert.deepEqual(messages[0], errorFor(served, 0x8000, 1, want === 0x8000));
      else assert.deepEqual(messages[0], withOpt(plain!, want === 'answer with DO'));
      assert.deepEqual(messages[1], plain);
    });
  }

  test('the first message of a transfer has OPT, the others none', () => {
    const transfer = { name: 'test', type: 252 };
    const { messages: without } = ask(packet(transfer));
    const { messages, code } = ask(packet({ ...transfer, records: OPT_DO }));
    assert.equal(code, 0);
    assert.deepEqual(messages, [withOpt(without[0]!, true), ...without.slice(1)]);
    const { messages: refused } = ask(packet({ ...transfer, records: '00 0029 1000 00 01 0000 0000' }));
    assert.deepEqual(refused, [errorFor(transfer, 0x8000, 1)]);
  });

  test('another opcode ends the connection, with OPT or without', () => {
    for (const records of ['', OPT]) {
      const { messages, stderr } = ask(packet({ ...served, flags: 15 << 11, records }), packet(served));
      assert.deepEqual(messages, []);
      assert.match(stderr, /fatal: bogus query\n$/);
    }
  });
});

describe('dig', { skip: needs('dig') }, () => {
  const served = SERVERS[0]!;
  serving(served, 5385, { COOKIESECRET: SECRET });
  const dig = async (...args: string[]) => {
    const child = spawn('dig', ['-p', '5385', `@${IP}`, '+norec', '+time=5', '+tries=2', ...args]);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    return text;
  };

  for (const [args, patterns] of [
    [
      ['+noedns', '+nocookie', 'test', 'soa'],
      [/status: NOERROR/, /flags: qr aa;/, /^test\.\s+2560\s+IN\s+SOA/m],
    ],
    [
      ['test', 'type1000'],
      [/status: NOERROR/, /ANSWER: 0/, /EDNS: version: 0, flags:; udp: 1232/],
    ],
    [
      ['+noedns', '+noad', '+opcode=15', '+header-only'],
      [/status: NOTIMP/, /flags: qr;/],
    ],
    [
      ['+edns=1', '+noednsneg', 'test', 'soa'],
      [/status: BADVERS/, /EDNS: version: 0/, /flags: qr;/, /ANSWER: 0/],
    ],
    [
      ['+ednsopt=100', 'test', 'soa'],
      [/status: NOERROR/, /ANSWER: 1/, /EDNS: version: 0, flags:; udp: 1232/],
    ],
    [
      ['+ednsflags=0x40', 'test', 'soa'],
      [/status: NOERROR/, /ANSWER: 1/, /flags:; udp/],
    ],
    [
      ['+dnssec', 'test', 'soa'],
      [/status: NOERROR/, /ANSWER: 1/, /flags: do; udp: 1232/],
    ],
    [
      ['+nsid', '+expire', '+subnet=0/0', '+cookie', 'test', 'soa'],
      [/status: NOERROR/, /COOKIE: [0-9a-f]{48} \(good\)/],
    ],
    [['+cookie=0102030405060708', 'test', 'soa'], [/COOKIE: 010203040506070801000000[0-9a-f]{24} \(good\)/]],
  ] as const) {
    test(`${args.join(' ')} is content`, async () => {
      const text = await dig(...args);
      for (const pattern of patterns) assert.match(text, pattern);
      assert.doesNotMatch(text, /WARNING|Warning|malformed/i);
    });
  }
});
