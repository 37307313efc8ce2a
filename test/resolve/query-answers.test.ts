// Dialogues: how a question finds its answer (special names, cache, referrals, aliases), the log, the reply's octets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialogue, type Server } from '../support/dialogue.ts';
import { AA, NXDOMAIN, REFUSED, type reply, SERVFAIL, TC } from '../support/scripted.ts';

const NOERROR_FLAGS = 0x8180;
const NXDOMAIN_FLAGS = 0x8583;
const SERVFAIL_FLAGS = 0x8182;

const SOA = 'b.test 900 SOA ns.b.test h.b.test 1 2 3 4 500';

/** The root at 10.0.0.1, test at 10.0.1.1, b.test at 10.0.2.1. */
function internet(leaf: Server): Record<string, Server> {
  return {
    '10.0.0.1': () => ({ flags: 0, authority: ['test 3600 NS ns.test'], additional: ['ns.test 3600 A 10.0.1.1'] }),
    '10.0.1.1': () => ({
      flags: 0,
      authority: ['b.test 1800 NS ns.b.test'],
      additional: ['ns.b.test 1800 A 10.0.2.1'],
    }),
    '10.0.2.1': leaf,
  };
}

const zone: Record<string, Parameters<typeof reply>[1]> = {
  'A www.b.test': { answer: ['www.b.test 300 A 192.0.2.1', 'www.b.test 200 A 192.0.2.2'] },
  'A alias.b.test': { answer: ['alias.b.test 60 CNAME www.b.test', 'www.b.test 300 A 192.0.2.1'] },
  'CNAME alias.b.test': { answer: ['alias.b.test 60 CNAME www.b.test'] },
  'A dangling.b.test': { answer: ['dangling.b.test 60 CNAME gone.b.test'] },
  'A failing.b.test': { answer: ['failing.b.test 60 CNAME bad.b.test'] },
  'A bad.b.test': { rcode: SERVFAIL },
  'A gone.b.test': { rcode: NXDOMAIN, authority: [SOA] },
  'TXT www.b.test': { authority: [SOA] },
  'MX b.test': { answer: ['b.test 77 MX 10 mail.b.test'], additional: ['mail.b.test 77 A 192.0.2.25'] },
  'NS b.test': { answer: ['b.test 88 NS ns.b.test'] },
  'PTR p.b.test': { answer: ['p.b.test 99 PTR www.b.test'] },
  'SOA b.test': { answer: [SOA] },
  'AAAA www.b.test': { answer: ['www.b.test 11 AAAA 2001:db8::1'] },
  'ANY www.b.test': { answer: ['www.b.test 300 A 192.0.2.1', 'www.b.test 10 TXT x', 'www.b.test 200 A 192.0.2.2'] },
  'A zero.b.test': { answer: ['zero.b.test 0 A 192.0.2.1'] },
  'A nothing.b.test': {},
};
const leaf: Server = ({ name, type }) => zone[`${type} ${name}`] ?? { rcode: REFUSED };

test('a cold cache walks from the root down and says so line by line', () => {
  const { flags, records, log, sent } = new Dialogue(internet(leaf)).ask('www.b.test');
  assert.equal(flags, NOERROR_FLAGS);
  assert.deepEqual(records, ['www.b.test 200 A 192.0.2.1', 'www.b.test 200 A 192.0.2.2']);
  assert.deepEqual(log, [
    'tx 0 1 www.b.test. . 0a000001',
    'rr 0a000001 3600 1 ns.test. 0a000101',
    'rr 0a000001 3600 ns test. ns.test.',
    'stats 1 72 1 0',
    'cached 1 ns.test.',
    'tx 0 1 www.b.test. test. 0a000101',
    'rr 0a000101 1800 1 ns.b.test. 0a000201',
    'rr 0a000101 1800 ns b.test. ns.b.test.',
    'stats 1 150 1 0',
    'cached 1 ns.b.test.',
    'tx 0 1 www.b.test. b.test. 0a000201',
    'rr 0a000201 200 1 www.b.test. c0000201',
    'rr 0a000201 200 1 www.b.test. c0000202',
    'stats 1 192 1 0',
  ]);
  assert.deepEqual(
    sent.map(({ server, question }) => `${server} ${question}`),
    ['10.0.0.1 A www.b.test', '10.0.1.1 A www.b.test', '10.0.2.1 A www.b.test'],
  );
});

test('queries have no RD, one question in class IN in the letters of the client', () => {
  const [first] = new Dialogue(internet(leaf)).ask('wWw.B.test', 'A', 255).sent;
  assert.equal(
    first!.query.toString('hex').slice(4),
    '000000010000000000000377577701420474657374000001'.concat('0001'),
  );
});

test('a second question is answered out of the cache, with the TTL that is left', () => {
  const dialogue = new Dialogue(internet(leaf));
  dialogue.ask('www.b.test');
  dialogue.now += 150;
  const { records, log, sent } = dialogue.ask('WWW.b.TEST');
  assert.deepEqual(records, ['WWW.b.TEST 50 A 192.0.2.1', 'WWW.b.TEST 50 A 192.0.2.2']);
  assert.deepEqual(log, ['cached 1 www.b.test.']);
  assert.deepEqual(sent, []);
  dialogue.now += 51;
  assert.deepEqual(dialogue.ask('www.b.test').log.slice(0, 3), [
    'cached ns b.test. ns.b.test.',
    'cached 1 ns.b.test.',
    'tx 0 1 www.b.test. b.test. 0a000201',
  ]);
});

/** Question, reply flags, records, the log line of a repetition. */
const KINDS: readonly [name: string, type: string, flags: number, records: string[], again: string[]][] = [
  ['b.test', 'MX', NOERROR_FLAGS, ['b.test 77 MX 10 mail.b.test'], ['cached 15 b.test.']],
  ['b.test', 'NS', NOERROR_FLAGS, ['b.test 88 NS ns.b.test'], ['cached 2 b.test.']],
  ['p.b.test', 'PTR', NOERROR_FLAGS, ['p.b.test 99 PTR www.b.test'], ['cached 12 p.b.test.']],
  ['b.test', 'SOA', NOERROR_FLAGS, ['b.test 900 SOA ns.b.test'], ['cached 6 b.test.']],
  ['www.b.test', 'AAAA', NOERROR_FLAGS, ['www.b.test 11 AAAA 2001:db8::1'], ['cached 28 www.b.test.']],
  ['alias.b.test', 'CNAME', NOERROR_FLAGS, ['alias.b.test 60 CNAME www.b.test'], ['cached 5 alias.b.test.']],
  ['www.b.test', 'TXT', NOERROR_FLAGS, [], ['cached 16 www.b.test.']],
  ['gone.b.test', 'A', NXDOMAIN_FLAGS, [], ['cached nxdomain gone.b.test.']],
  [
    'alias.b.test',
    'A',
    NOERROR_FLAGS,
    ['alias.b.test 60 CNAME www.b.test', 'www.b.test 300 A 192.0.2.1'],
    ['cached cname alias.b.test. www.b.test.', 'cached 1 www.b.test.'],
  ],
  [
    'dangling.b.test',
    'A',
    NXDOMAIN_FLAGS,
    ['dangling.b.test 60 CNAME gone.b.test'],
    ['cached cname dangling.b.test. gone.b.test.', 'cached nxdomain gone.b.test.'],
  ],
  [
    'failing.b.test',
    'A',
    SERVFAIL_FLAGS,
    ['failing.b.test 60 CNAME bad.b.test'],
    ['cached servfail failing.b.test. 1'],
  ],
];

for (const [name, type, flags, records, again] of KINDS) {
  test(`${type} ${name}: the same answer from the servers and from the cache`, () => {
    const dialogue = new Dialogue(internet(leaf));
    const first = dialogue.ask(name, type);
    assert.equal(first.flags, flags);
    assert.deepEqual(first.records, records);
    const second = dialogue.ask(name, type);
    assert.deepEqual(second.log, again);
    assert.deepEqual(second.sent, []);
    assert.equal(second.flags, flags);
    if (flags !== SERVFAIL_FLAGS) assert.deepEqual(second.bytes, first.bytes);
  });
}

test('ANY is answered with everything the server sent, the second time with the first set that the cache has', () => {
  const dialogue = new Dialogue(internet(leaf));
  assert.deepEqual(dialogue.ask('www.b.test', 'ANY').records, [
    'www.b.test 200 A 192.0.2.1',
    'www.b.test 10 TXT x',
    'www.b.test 200 A 192.0.2.2',
  ]);
  const again = dialogue.ask('www.b.test', 'ANY');
  assert.deepEqual(again.log, ['cached 1 www.b.test.']);
  assert.equal(again.records.length, 2);
});

test('ANY out of the cache may be an SOA record too', () => {
  const dialogue = new Dialogue(internet(() => ({ answer: [SOA] })));
  dialogue.ask('b.test', 'ANY');
  assert.deepEqual(dialogue.ask('b.test', 'ANY').log, ['cached 6 b.test.']);
});

test('negatives of ANY and CNAME are neither kept nor logged', () => {
  for (const type of ['ANY', 'CNAME']) {
    const dialogue = new Dialogue(internet(() => ({ authority: [SOA] })));
    assert.doesNotMatch(dialogue.ask('x.b.test', type).log.join(), /nodata/);
    assert.equal(dialogue.ask('x.b.test', type).sent.length, 1);
  }
});

test('a TTL of 0 is answered and logged, not kept', () => {
  const dialogue = new Dialogue(internet(leaf));
  assert.deepEqual(dialogue.ask('zero.b.test').records, ['zero.b.test 0 A 192.0.2.1']);
  assert.match(dialogue.ask('zero.b.test').log.join('\n'), /rr 0a000201 0 1 zero\.b\.test\. c0000201/);
});

test('a reply with nothing in it is an empty answer and not kept', () => {
  const dialogue = new Dialogue(internet(leaf));
  const { flags, records } = dialogue.ask('nothing.b.test');
  assert.deepEqual([flags, records], [NOERROR_FLAGS, []]);
  assert.equal(dialogue.ask('nothing.b.test').sent.length, 1);
});

const TTLS: readonly [ttl: number, sent: number][] = [
  [604801, 604800],
  [1000000000, 604800],
  [1000000001, 0],
  [4294967295, 0],
];

for (const [ttl, expected] of TTLS) {
  test(`a TTL of ${ttl} is one of ${expected}`, () => {
    const dialogue = new Dialogue(internet(() => ({ answer: [`x.b.test ${ttl} A 192.0.2.1`] })));
    assert.deepEqual(dialogue.ask('x.b.test').records, [`x.b.test ${expected} A 192.0.2.1`]);
  });
}

const NEGATIVES: readonly [title: string, soa: string, ttl: number][] = [
  ["the SOA's TTL", 'b.test 100 SOA n h 1 2 3 4 200', 100],
  ["the SOA's MINIMUM where that is smaller", 'b.test 200 SOA n h 1 2 3 4 100', 100],
  ['an hour at most', 'b.test 90000 SOA n h 1 2 3 4 90000', 3600],
  ['nothing when the SOA is of another zone', 'other.test 200 SOA n h 1 2 3 4 100', 0],
  ['nothing when the SOA is of the zone above', 'test 200 SOA n h 1 2 3 4 100', 0],
];

for (const [title, soa, ttl] of NEGATIVES) {
  test(`a denial is kept for ${title}`, () => {
    const dialogue = new Dialogue(internet(() => ({ rcode: NXDOMAIN, authority: [soa] })));
    assert.match(
      dialogue.ask('x.b.test').log.join('\n'),
      new RegExp(`^nxdomain 0a000201 ${ttl} x\\.b\\.test\\.$`, 'm'),
    );
    dialogue.now += ttl;
    assert.equal(dialogue.ask('x.b.test').sent.length, ttl > 0 ? 0 : 1);
    dialogue.now += 1;
    assert.notEqual(dialogue.ask('x.b.test').sent.length, 0);
  });
}

test('the octets of an answer: RD and RA, no AA, the question as asked, owners as pointers to it', () => {
  const { bytes } = new Dialogue(internet(leaf)).ask('P.b.test', 'PTR', 255);
  const question = '015001620474657374000c'.replace('000c', '00000c00ff');
  const record = 'c00c000c000100000063000603777777c00e';
  assert.equal(bytes.toString('hex'), `1267818000010001000000 00${question}${record}`.replaceAll(' ', ''));
});

test('HIDETTL makes every TTL 0, those of special names too, and changes nothing in the cache', () => {
  const dialogue = new Dialogue(internet(leaf), { hideTtl: true });
  assert.deepEqual(dialogue.ask('alias.b.test').records, [
    'alias.b.test 0 CNAME www.b.test',
    'www.b.test 0 A 192.0.2.1',
  ]);
  assert.deepEqual(dialogue.ask('localhost').records, ['localhost 0 A 127.0.0.1']);
  assert.equal(dialogue.ask('alias.b.test').sent.length, 0);
});

const SPECIAL: readonly [name: string, type: string, records: string[] | undefined][] = [
  ['localhost', 'A', ['localhost 655360 A 127.0.0.1']],
  ['localhost', 'ANY', ['localhost 655360 A 127.0.0.1']],
  ['localhost', 'AAAA', []],
  ['x.localhost', 'A', undefined],
  ['10.1.2.3', 'A', ['10.1.2.3 655360 A 10.1.2.3']],
  ['255.255.255.255', 'ANY', ['255.255.255.255 655360 A 255.255.255.255']],
  ['10.1.2.3', 'MX', []],
  ['010.1.2.3', 'A', undefined],
  ['256.1.2.3', 'A', undefined],
  ['1.2.3', 'A', undefined],
  ['1.2.3.4.5', 'A', undefined],
  ['1.2.3.x', 'A', undefined],
  ['1.0.0.127.in-addr.arpa', 'PTR', ['1.0.0.127.in-addr.arpa 655360 PTR localhost']],
  ['1.0.0.127.in-addr.arpa', 'ANY', ['1.0.0.127.in-addr.arpa 655360 PTR localhost']],
  ['1.0.0.127.in-addr.arpa', 'A', []],
  ['2.0.0.127.in-addr.arpa', 'PTR', undefined],
];

for (const [name, type, records] of SPECIAL) {
  test(`${type} ${name} is ${records ? 'answered without asking anybody' : 'an ordinary question'}`, () => {
    const dialogue = new Dialogue({ '10.0.0.1': () => ({ rcode: NXDOMAIN }) });
    const outcome = dialogue.ask(name, type);
    assert.equal(outcome.sent.length, records ? 0 : 1);
    if (!records) return;
    assert.deepEqual(outcome.records, records);
    assert.deepEqual(outcome.log, name.endsWith('arpa') ? ['stats 1 0 1 0'] : []);
  });
}

test('records in the log: 32 octets of data at most, question marks for what does not print, SOA and MX in words', () => {
  const txt = 'x'.repeat(40);
  const servers = internet(({ type }) => {
    if (type === 'TXT') return { answer: [`x.b.test 5 TXT ${txt}`] };
    if (type === 'MX') return { answer: ['x.b.test 5 MX 513 mail.b.test'] };
    return { answer: ['x.b.test 5 SOA ns.b.test h.b.test 4294967295 2 3 4 500'] };
  });
  const line = (type: string) => new Dialogue(servers).ask('x.b.test', type).log.find((text) => / 5 /.test(text));
  assert.equal(line('TXT'), `rr 0a000201 5 16 x.b.test. 28${'78'.repeat(31)}...`);
  assert.equal(line('MX'), 'rr 0a000201 5 mx x.b.test. 513 mail.b.test.');
  assert.equal(line('SOA'), 'rr 0a000201 5 soa x.b.test. ns.b.test. h.b.test. 4294967295 2 3 4 500');
  const odd = new Dialogue({}, { roots: { odd: [] } }).ask('A\\040\\177b.odd').log;
  assert.deepEqual(odd, []);
  const { log } = new Dialogue(internet(leaf)).ask('A\\040\\177\\377\\056b.b.test');
  assert.equal(log[0], 'tx 0 1 a???.b.b.test. . 0a000001');
});

test('an answer of over 65535 octets is none: SERVFAIL', () => {
  const addresses = Array.from({ length: 4000 }, (_, i) => `x.b.test 5 A 10.9.${i >> 8}.${i & 255}`);
  const small = new Dialogue(internet(({ overTcp }) => (overTcp ? { answer: addresses } : { flags: AA | TC })));
  assert.equal(small.ask('x.b.test').records.length, 4000);
  // A chain of aliases before it makes it too long.
  const label = 'y'.repeat(60);
  const long = (n: number) => `${n % 10}${Math.floor(n / 10)}${label}.${label}.${label}.${n}.b.test`;
  const aliases = Array.from({ length: 15 }, (_, i) => `${long(i)} 5 CNAME ${i === 14 ? 'x.b.test' : long(i + 1)}`);
  const dialogue = new Dialogue(
    internet(({ name, overTcp }) => {
      const alias = aliases.find((text) => text.startsWith(`${name} `));
      if (alias) return { answer: [alias] };
      return overTcp ? { answer: addresses } : { flags: TC };
    }),
  );
  const { flags, log } = dialogue.ask(long(0));
  assert.equal(flags, SERVFAIL_FLAGS);
  assert.equal(log.at(-1), 'drop EIO');
});
