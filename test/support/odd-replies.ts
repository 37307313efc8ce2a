// A DNS server for the lookup programs to meet, on loopback: what it says depends on the first label of the name, and
// much of it no honest server would say. Replies are put together octet by octet, so that they can be wrong.
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
const u32 = (value: number): Buffer => Buffer.concat([u16(Math.floor(value / 65536)), u16(value & 65535)]);

/** A name in wire form; labels are Latin-1. */
export function wireName(text: string): Buffer {
  const labels = text.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ]);
}

const name = wireName;

/** A record with the question's name as its owner unless another is given. */
export function record(
  type: number,
  data: Uint8Array,
  { owner = Buffer.of(0xc0, 12) as Uint8Array, klass = 1, ttl = 300 } = {},
): Buffer {
  return Buffer.concat([owner, u16(type), u16(klass), u32(ttl), u16(data.length), data]);
}

const a = (text: string): Buffer => Buffer.from(text.split('.').map(Number));
const string = (text: string): Buffer => Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')]);
const mx = (preference: number, exchange: string): Buffer => Buffer.concat([u16(preference), name(exchange)]);
const soa = Buffer.concat([name('a.ns'), name('b.ns'), u32(4294967295), u32(2), u32(3), u32(4), u32(5)]);

interface Odd {
  /** The second 16 bits; QR, RD, RA unless given. */
  flags?: number;
  an?: readonly Buffer[];
  ns?: readonly Buffer[];
  ar?: readonly Buffer[];
  /** Counts to claim instead of the true ones. */
  counts?: readonly [number, number, number];
  tail?: Buffer;
  /** Octets to cut off the end. */
  cut?: number;
  /** Only over UDP: TC, and the rest over TCP. */
  overTcp?: boolean;
}

const everything = [
  record(1, a('10.0.0.1')),
  record(2, name('ns.Test')),
  record(5, name('cname.test')),
  record(6, soa),
  record(12, name('host.test')),
  record(15, mx(10, 'mx.test')),
  record(16, Buffer.concat([string('he"l\\'), string('')])),
  record(28, Buffer.alloc(16, 0xfe)),
  record(33, Buffer.concat([u16(1), u16(2), u16(53), name('srv.test')])),
  record(13, Buffer.concat([string('cpu'), string('os')])),
  record(65535, Buffer.alloc(0)),
  record(0, Buffer.from('zero')),
];

/** What there is to be said, by the first label of the question. */
export const ODD: Readonly<Record<string, Odd>> = {
  one: { an: [record(1, a('10.0.0.1'))] },
  many: { an: [1, 2, 3, 4, 2].map((n) => record(1, a(`10.0.1.${n}`))) },
  lead: {
    ns: [record(2, name('ns.lead.test'))],
    ar: [
      record(28, Buffer.concat([Buffer.alloc(15), Buffer.of(2)]), { owner: name('ns.lead.test') }),
      record(1, a('127.42.22.9'), { owner: name('ns.lead.test') }),
    ],
  },
  none: { ns: [record(6, soa)] },
  nx: { flags: 0x8183, ns: [record(6, soa)] },
  alias: { an: [record(5, name('one.test')), record(1, a('10.0.0.1'), { owner: name('one.test') })] },
  stray: { an: [record(1, a('10.9.9.9'), { owner: name('unrelated.test') })] },
  badlength: { an: [record(1, Buffer.of(1, 2, 3)), record(1, a('10.0.0.5')), record(1, Buffer.of(1, 2, 3, 4, 5))] },
  chaos: { an: [record(1, a('10.0.0.1'), { klass: 3 }), record(16, string('chaos'), { klass: 3 })] },
  elsewhere: { ns: [record(1, a('10.0.0.7'))], ar: [record(15, mx(1, 'x.test')), record(16, string('x'))] },
  mx: { an: [record(15, mx(20, 'b.test')), record(15, mx(10, 'A.Test')), record(15, mx(65535, '.'))] },
  badmx: { an: [record(15, Buffer.of(0))] },
  longmx: { an: [record(15, Buffer.concat([mx(1, 'x.test'), Buffer.from('junk')]))] },
  txt: { an: [record(16, Buffer.concat([string('a b\\"'), string('\x01\x7f\xff')])), record(16, string('second'))] },
  txtover: { an: [record(16, Buffer.concat([string('abc'), Buffer.of(200), Buffer.from('rest')]))] },
  txtpast: { an: [record(16, string('abcdefgh'))], cut: 3 },
  emptytxt: { an: [record(16, Buffer.alloc(0)), record(16, string(''))] },
  ptr: { an: [record(12, name('Host.One.Test')), record(12, name('second.test'))] },
  rootptr: { an: [record(12, name('.'))] },
  oddptr: { an: [record(12, Buffer.concat([string('a.b c'), name('\0\xff.test')]))] },
  badptr: { an: [record(12, Buffer.of(64, 65))] },
  short: { an: [record(1, a('10.0.0.1'))], counts: [2, 0, 0] },
  shortauthority: { an: [record(1, a('10.0.0.1'))], counts: [1, 1, 0] },
  cutshort: { an: [record(1, a('10.0.0.1'))], cut: 2 },
  cutother: { an: [record(1, a('10.0.0.1')), record(99, Buffer.alloc(9))], cut: 4 },
  trailing: { an: [record(1, a('10.0.0.1'))], tail: Buffer.from('x') },
  loop: { an: [record(1, a('10.0.0.1'), { owner: Buffer.of(0xc0, 12) }), record(12, Buffer.of(0xc0, 0xff))] },
  selfpointer: {
    an: [record(1, a('10.0.0.1')), record(2, Buffer.of(0xc0, 12)), record(15, Buffer.of(0, 1, 0xc0, 12))],
  },
  weird: { flags: 0x85f0, an: [record(1, a('10.0.0.1'))] },
  plain: { flags: 0x8000 },
  edns: {
    an: [record(1, a('10.0.0.1'))],
    ar: [record(41, Buffer.alloc(0), { owner: name('.'), klass: 1232, ttl: 0x8000 })],
  },
  all: { an: everything },
  ttl: { an: [record(1, a('1.2.3.4'), { ttl: 0xffffffff })] },
  sections: { an: [record(1, a('10.0.0.1'))], ns: [record(2, name('ns.test'))], ar: [record(1, a('10.0.0.2'))] },
  tcp: { an: Array.from({ length: 60 }, (_, i) => record(1, a(`10.2.0.${i}`))), overTcp: true },
  badsoa: { an: [record(6, soa.subarray(0, soa.length - 1))] },
  badname: { an: [record(2, name('a'.repeat(63)).subarray(0, 20))] },
};

/** The first labels that fail slowly in the original: the server says that it cannot answer. */
const RCODES: Readonly<Record<string, number>> = { servfail: 2, notimp: 4, refused: 5, formerr: 1, rcode9: 9 };

/** The labels that get an error for a reply. */
export const REFUSALS: readonly string[] = Object.keys(RCODES);

function questionOf(query: Buffer): { labels: string[]; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (; query[at] !== 0; at += query[at]! + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
  return { labels, end: at + 5 };
}

function replyTo(query: Buffer, overTcp: boolean): Buffer | undefined {
  const { labels, end } = questionOf(query);
  let label = labels[0]?.toLowerCase() ?? '';
  if (/^[0-9]+$/.test(label)) label = Object.keys(ODD)[Number(label)] ?? 'nx'; // 7.x.y.z.in-addr.arpa: the eighth
  if (label === 'silent' || labels[0] === '255') return undefined;
  const odd = label in RCODES ? { flags: 0x8180 | RCODES[label]! } : (ODD[label] ?? ODD['nx']!);
  const { flags = 0x8180, an = [], ns = [], ar = [], tail = Buffer.alloc(0), cut = 0 } = odd;
  const question = query.subarray(12, end);
  const length = 12 + question.length + [...an, ...ns, ...ar].reduce((sum, part) => sum + part.length, 0);
  const truncates = odd.overTcp === true && !overTcp && length > allows(query, end);
  const counts = truncates ? [0, 0, 0] : (odd.counts ?? [an.length, ns.length, ar.length]);
  const head = [query.subarray(0, 2), u16(truncates ? flags | 0x200 : flags), u16(1), ...counts.map(u16), question];
  const whole = Buffer.concat(truncates ? head : [...head, ...an, ...ns, ...ar, tail]);
  return whole.subarray(0, whole.length - cut);
}

/** True for a query that ends with an OPT record without options; its size allows so many octets. */
function allows(query: Buffer, end: number): number {
  return query.length === end + 11 && query[end + 2] === 41 ? query.readUInt16BE(end + 3) : 512;
}

/** The server at `address`, port 53 unless another is given, UDP and TCP. */
export class OddServer {
  private readonly udp: Socket;
  private readonly tcp: Server;
  /** Queries that came over TCP. */
  overTcp = 0;

  constructor(family: 'udp4' | 'udp6' = 'udp4') {
    this.udp = createSocket(family);
    this.udp.on('message', (query, client) => {
      const reply = replyTo(query, false);
      if (reply) this.udp.send(reply, client.port, client.address);
    });
    this.tcp = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        this.overTcp++;
        const reply = replyTo(chunk.subarray(2), true);
        if (reply) socket.end(Buffer.concat([u16(reply.length), reply]));
      });
    });
  }

  async open(address: string, port = 53): Promise<void> {
    await new Promise<void>((resolve) => this.udp.bind(port, address, resolve));
    await new Promise<void>((resolve) => this.tcp.listen(port, address, resolve));
  }

  close(): void {
    this.udp.close();
    this.tcp.close();
  }
}
