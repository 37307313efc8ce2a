// dnslog: every kind of line read and shown, queries followed, statistics, directories of multilog, rotation.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { jsonEntry } from '../../src/log/dnslog-json.ts';
import { reversedAddress, scanLine } from '../../src/log/dnslog-parse.ts';
import { Distribution, Rates, Tally } from '../../src/log/dnslog-stats.ts';
import { readData } from '../../src/log/rdata-text.ts';
import { typeName } from '../../src/wire/type.ts';
import { command, find, needs, run, temporaryDirectory } from '../support/programs.ts';

const UTC = { env: { TZ: 'UTC' } };

function shown(lines: string, ...options: string[]): string {
  const { code, stdout, stderr } = run('dnslog', options, { ...UTC, input: Buffer.from(lines, 'latin1') });
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.toString('latin1');
}

/** What each kind of line becomes, without a time. */
const LINES: readonly (readonly [line: string, shown: string])[] = [
  ['starting tinydns', 'starting    tinydns'],
  ['starting', 'starting    dnscache'],
  ['tinydns: fatal: $IP not set', 'fatal       tinydns: $IP not set'],
  ['7f000001:d87a:1234 + 0001 www.test', 'answered    127.0.0.1:55418       A www.test'],
  ['7f000001:d87a:1234 - 001c www.test', 'no answer   127.0.0.1:55418       AAAA www.test'],
  ['7f000001:d87a:1234 I 00fc www.test', 'unsupported 127.0.0.1:55418       AXFR www.test'],
  ['7f000001:d87a:1234 C 0010 version.bind', 'bad class   127.0.0.1:55418       TXT version.bind'],
  ['7f000001:d87a:0000 / 0000 .', 'unreadable  127.0.0.1:55418       TYPE0 .'],
  ['c0000201:0035:ffff 00fc heaven.af.mil', 'query       192.0.2.1:53          AXFR heaven.af.mil'],
  [
    '20010db8000000000000000000000001:0035:ffff + 000c 1.2.0.192.in-addr.arpa',
    'answered    [2001:db8::1]:53      PTR 192.0.2.1 (in-addr.arpa)',
  ],
  ['query 1 7f030009:e3f1:1234 1 www.heaven.com.', 'query       #1 127.3.0.9:58353 A www.heaven.com'],
  ['query 1 7f030009:e3f1:1234 65280 .', 'query       #1 127.3.0.9:58353 TYPE65280 .'],
  ['tcpserver: ok 14988 0:127.2.0.5:5300 :127.0.0.1::33175', 'connection  127.0.0.1:33175'],
  ['tcpserver: deny 14988 0:127.2.0.5:5300 host.test:127.0.0.1:info:33175', 'denied      127.0.0.1:33175'],
  ['axfrdns: deny 3 0:127.2.0.5:53 :192.0.2.7::33175', 'denied      192.0.2.7:33175'],
  ['axfrdns: ok 3 0:::1:53 :2001:db8::7::33175', 'connection  [2001:db8::7]:33175'],
  ['tcpserver: status: 1/40', 'connections 1 of 40'],
  ['tcpserver: pid 14988 from 127.0.0.1', 'process     #14988 for 127.0.0.1'],
  ['tcpserver: end 14988 status 0', 'closed      #14988 done'],
  ['tcpserver: end 173 status 28416', 'closed      #173 exit code 111'],
  ['tcpserver: end 173 status 15', 'closed      #173 killed by signal 15'],
  [
    'axfrdns: warning: dropping connection, unable to read tcp.cdb',
    'warning     axfrdns: dropping connection, unable to read tcp.cdb',
  ],
  [
    '7f000001:d87a:1234 + 0001 www.test NXDOMAIN 93',
    'answered    127.0.0.1:55418       A www.test (NXDOMAIN, 93 octets)',
  ],
  [
    '7f000001:d87a:1234 + 001c www.test NOERROR 12 TC',
    'answered    127.0.0.1:55418       AAAA www.test (NOERROR, 12 octets, truncated)',
  ],
  ['sent 7 48', 'answered    #7 48 bytes'],
  ['drop 7 timed out', 'dropped     #7 timed out'],
  ['tcpopen 7f030009:e3f1', 'tcp open    127.3.0.9:58353'],
  ['refused 7f030009:e3f1', 'refused     127.3.0.9:58353'],
  ['tcpclose 7f030009:e3f1 broken pipe', 'tcp close   127.3.0.9:58353 broken pipe'],
  ['tx 0 1 www.a. a. 7f030101 7f030102', 'ask         A www.a of 127.3.1.1 127.3.1.2 (zone a)'],
  ['tx 2 28 www.a. . 7f030101', 'ask         AAAA www.a of 127.3.1.1 (zone ., 2 deep)'],
  ['merge 7f030101 1 www.a.', 'join        A www.a already asked of 127.3.1.1'],
  ['cached 1 a.ns.heaven.com.', 'cached      A a.ns.heaven.com'],
  ['cached cname a. b.', 'cached      CNAME a b'],
  ['cached ns com. a.ns.', 'cached      NS com a.ns'],
  ['cached nxdomain a.b.', 'cached      a.b does not exist'],
  ['rr 7f030101 300 1 w.a. c0000201', 'record      A w.a 192.0.2.1 (TTL 300, from 127.3.1.1)'],
  [
    'rr 7f030101 5 28 w.a. 20010db8000000000000000000000001',
    'record      AAAA w.a 2001:db8::1 (TTL 5, from 127.3.1.1)',
  ],
  ['rr 7f030101 5 16 w.a. 026869', 'record      TXT w.a "hi" (TTL 5, from 127.3.1.1)'],
  ['rr 7f030101 5 ns a. ns.a.', 'record      NS a ns.a (TTL 5, from 127.3.1.1)'],
  ['rr 7f030101 5 mx a. 10 mx.a.', 'record      MX a 10 mx.a (TTL 5, from 127.3.1.1)'],
  ['rr 7f030101 5 soa a. m. r. 1 2 3 4 5', 'record      SOA a m r 1 2 3 4 5 (TTL 5, from 127.3.1.1)'],
  ['rr 7f030101 5 65535 a. ', 'record      TYPE65535 a  (TTL 5, from 127.3.1.1)'],
  ['nxdomain 7f030101 9 a.b.', 'nxdomain    a.b does not exist (TTL 9, from 127.3.1.1)'],
  ['nodata 7f030101 9 28 a.b.', 'nodata      AAAA a.b (TTL 9, from 127.3.1.1)'],
  ['lame 7f030101 com. .', 'lame        127.3.1.1 does not serve com, refers to .'],
  ['servfail a.b. input/output error', 'servfail    a.b: input/output error'],
  ['stats 3 268 1 0', 'stats       3 queries, 268 bytes through the cache, 1 UDP and 0 TCP active'],
];

test('every kind of line reads as a sentence', () => {
  const output = shown(LINES.map(([line]) => `${line}\n`).join('')).split('\n');
  for (const [i, [line, expected]] of LINES.entries()) assert.equal(output[i], expected, line);
});

test("lines that are no server's pass untouched", () => {
  const lines = [
    'tcpserver: status: 1/x',
    'tcpserver: end 14988 status',
    '',
    ' query 1 7f030009:e3f1:1234 1 a.',
    'query one 7f030009:e3f1:1234 1 a.',
    'query 1 7f030009:e3f1 1 a.',
    'query 1 7f030009:e3f1:1234 1 a. more',
    '7f000001:d87a:1234 ? 0001 www.test',
    '7f000001:d87a:12345 + 0001 www.test',
    'stats 1 2 3',
    'constructor 1 2',
    '@40000000 short',
    'caf\xe9 \x1b[31m',
  ];
  const text = lines.map((line) => `${line}\n`).join('');
  assert.equal(shown(text), text);
});

test('any bytes survive: a line is shown for each line, and JSON can be read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = Buffer.from(text.replaceAll('\n', '')).toString('latin1');
      const entry = scanLine(line);
      assert.equal(entry.text, line.slice(line.length - entry.text.length));
      assert.equal(typeof JSON.parse(jsonEntry(entry, undefined)), 'object');
    }),
  );
});

test('labels and tai64nlocal times become local time', () => {
  const packet = '7f000001:d87a:1234 + 0001 www.test\n';
  const expected = '1999-08-24 04:04:05.787  answered    127.0.0.1:55418       A www.test\n';
  assert.equal(shown(`@4000000037c219bf2ef02e94 ${packet}`), expected);
  assert.equal(shown(`1999-08-24 04:04:05.787492500 ${packet}`), expected);
  const berlin = { env: { TZ: 'Europe/Berlin' }, input: Buffer.from(`@4000000037c219bf2ef02e94 ${packet}`) };
  assert.match(run('dnslog', [], berlin).stdout.toString(), /^1999-08-24 06:04:05\.787 /);
  assert.match(run('dnslog', ['--utc'], berlin).stdout.toString(), /^1999-08-24 04:04:05\.787 /);
});

test('data of records is readable', () => {
  assert.equal(readData(16, '05696e612262'), '"ina\\"b"');
  assert.equal(readData(16, `ff${'61'.repeat(31)}...`), `"${'a'.repeat(31)}"...`);
  assert.equal(readData(257, '000569737375656c652e6f7267'), '0 issue "le.org"');
  assert.equal(readData(1, 'c00002'), 'c00002');
  assert.equal(readData(65280, 'c00002...'), 'c00002...');
});

test('reversed names are put right', () => {
  assert.equal(reversedAddress('4.3.2.1.in-addr.arpa'), '1.2.3.4');
  assert.equal(reversedAddress('3.2.1.in-addr.arpa'), undefined);
  assert.equal(reversedAddress(`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`), '2001:db8::1');
});

test('types have their names', () => {
  assert.deepEqual([1, 28, 257, 252, 65280].map(typeName), ['A', 'AAAA', 'CAA', 'AXFR', 'TYPE65280']);
});

const SESSION = [
  ['37c219bf00000000', 'query 1 7f000001:1000:0001 1 a.b.'],
  ['37c219bf000f4240', 'cached 1 a.b.'],
  ['37c219bf001e8480', 'sent 1 50'],
  ['37c219c000000000', 'query 2 7f000001:1000:0002 28 c.d.'],
  ['37c219c000000001', 'tx 0 28 c.d. . c0000201'],
  ['37c219c000000002', 'query 3 7f000002:1000:0003 1 e.f.'],
  ['37c219c000000003', 'tx 0 1 e.f. . c0000201'],
  ['37c219c100000000', 'rr c0000201 300 28 c.d. 20010db8000000000000000000000001'],
  ['37c219c11dcd6500', 'sent 2 60'],
  ['37c219c21dcd6500', 'servfail e.f. input/output error'],
  ['37c219c21dcd6501', 'sent 3 30'],
  ['37c219c30000ffff', 'query 4 7f000001:1000:0004 1 g.h.'],
  ['37c219c31000ffff', 'drop 4 timed out'],
]
  .map(([at, line]) => `@40000000${at} ${line}\n`)
  .join('');

test('the end of a query tells how long it took and where the answer came from', () => {
  const ends = shown(SESSION)
    .split('\n')
    .filter((line) => /answered|cache |failed|dropped/.test(line));
  assert.deepEqual(
    ends.map((line) => line.slice(25)),
    [
      'from cache  #1 50 bytes in 2 ms: A a.b for 127.0.0.1',
      'answered    #2 60 bytes in 1.5 s: AAAA c.d for 127.0.0.1',
      'failed      #3 30 bytes in 2.5 s: A e.f for 127.0.0.2',
      'dropped     #4 timed out in 268 ms: A g.h for 127.0.0.1',
    ],
  );
});

test('--json gives an object a line', () => {
  const lines = shown(SESSION, '--json')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(lines.length, 13);
  assert.deepEqual(lines[0], {
    time: '1999-08-24T04:04:05.000000000Z',
    event: 'query',
    type: 'A',
    name: 'a.b',
    number: 1,
    client: { ip: '127.0.0.1', port: 4096 },
    id: 1,
  });
  assert.deepEqual(lines[8], {
    time: '1999-08-24T04:04:07.500000000Z',
    event: 'sent',
    number: 2,
    octets: 60,
    ending: 'resolved',
    milliseconds: 1500,
    query: { type: 'AAAA', name: 'c.d', client: { ip: '127.0.0.1', port: 4096 } },
  });
});

test('--stats sums up, at the width it is given', () => {
  for (const width of [40, 80, 200]) {
    const report = shown(SESSION, '--stats', '--width', String(width));
    for (const line of report.split('\n')) assert.ok(line.length <= width || !line.includes('#'), line);
    assert.match(report, /^4 queries in 13 lines, 4 names, 2 clients\n1999-08-24 04:04:05 to 1999-08-24 04:04:09\n/);
    for (const row of [/from cache +1 +25\.0 %/, /failed +1 /, /dropped +1 /, /asked servers +1 /])
      assert.match(report, row);
    assert.match(report, /Time to answer: half in /);
    assert.match(report, /A +3 +75\.0 % {2}#+\n +AAAA +1 +25\.0 %/);
    assert.match(report, /127\.0\.0\.1 +3 +75\.0 %/);
    assert.match(report, /Failing names\n +e\.f +1 /);
  }
});

test('--stats draws blocks where the locale has them', () => {
  const env = { ...UTC.env, LANG: 'C.UTF-8' };
  const { stdout } = run('dnslog', ['--stats'], { env, input: Buffer.from(SESSION) });
  assert.match(stdout.toString('utf8'), /█/);
  assert.doesNotMatch(shown(SESSION, '--stats'), /[^\x00-\x7f]/);
});

test('counts are exact, and stay bounded', () => {
  const tally = new Tally();
  for (let i = 0; i < 70000; i++) {
    tally.add(`once-${i}`);
    if (i % 2 === 0) tally.add('often');
  }
  assert.deepEqual(tally.top(1), [['often', 35000]]);
  assert.ok(tally.approximate && tally.size <= 65536 && tally.total === 105000);
});

test('rates add up to the queries, however many seconds there are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1e7 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 200 }),
      (times, columns) => {
        const rates = new Rates();
        for (const time of times) rates.add(time);
        const { perSecond, seconds } = rates.columns(columns);
        assert.ok(perSecond.length <= columns);
        const sum = perSecond.reduce((total, value) => total + value * seconds, 0);
        assert.ok(Math.abs(sum - times.length) < 1e-6 * times.length);
      },
    ),
  );
  const wide = new Rates();
  for (let second = 0; second < 100000; second++) wide.add(second);
  assert.equal(wide.width, 16);
});

test('quantiles are right to five per cent', () => {
  const latencies = new Distribution();
  for (let i = 1; i <= 1000; i++) latencies.add(i);
  for (const [share, expected] of [
    [0.5, 500],
    [0.9, 900],
    [0.99, 990],
    [1, 1000],
  ] as const) {
    assert.ok(Math.abs(latencies.quantile(share) / expected - 1) < 0.05);
  }
  assert.deepEqual(latencies.classes([0.1, 2000]), [0, 1000, 0]);
});

test('colour comes only when asked for or on a terminal', () => {
  assert.doesNotMatch(shown(SESSION), /\x1b/);
  assert.match(shown(SESSION, '--color', 'always'), /\x1b\[32mfrom cache/);
});

test('on a terminal there is colour, and control characters of foreign lines are not passed on', {
  skip: needs('script'),
}, () => {
  const file = `${temporaryDirectory()}/log`;
  writeFileSync(file, 'evil \x1b]0;title\x07\nstarting\n');
  const on = (env: Record<string, string>) =>
    run(find('script') as string, ['-qec', `${command('dnslog')} ${file}`, '/dev/null'], {
      env: { TERM: 'xterm', ...env },
    }).stdout.toString('latin1');
  assert.match(on({}), /evil \?\]0;title\?\r\n\x1b\[1mstarting/);
  assert.doesNotMatch(on({ NO_COLOR: '1' }), /\x1b/);
});

test('wrong options are refused', () => {
  for (const args of [
    ['--color', 'sometimes'],
    ['--width', 'x'],
    ['--top', '0'],
    ['--json', '--prometheus'],
    ['--stats', '--prometheus'],
    ['--follow', '--prometheus'],
    ['--output', 'x'],
    ['--since', 'yesterday'],
    ['--client', 'localhost'],
    ['--client', '10.0.0.0/33'],
    ['--type', 'nonsense'],
  ]) {
    assert.equal(run('dnslog', args).code, 100);
  }
  const { code, stderr } = run('dnslog', ['/no/such/log']);
  assert.deepEqual([code, stderr], [111, 'dnslog: fatal: unable to open /no/such/log: file does not exist\n']);
});

test('a multilog directory is read oldest first, whether named itself or by its service', () => {
  const service = temporaryDirectory();
  const main = `${service}/log/main`;
  mkdirSync(main, { recursive: true });
  writeFileSync(`${main}/current`, 'third\n');
  writeFileSync(`${main}/@4000000037c219bf2ef02e94.s`, 'first\n');
  writeFileSync(`${main}/@4000000037c219c02ef02e94.u`, 'second');
  writeFileSync(`${main}/state`, 'no log\n');
  for (const path of [main, `${service}/log`, service]) {
    assert.equal(run('dnslog', [path]).stdout.toString(), 'first\nsecond\nthird\n');
  }
});

/** Starts `dnslog --follow` and collects what it prints. */
function follow(t: TestContext, path: string) {
  const child = spawn(command('dnslog'), ['--follow', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString('latin1');
  });
  return {
    async until(enough: (output: string) => boolean): Promise<string> {
      for (let i = 0; i < 400 && !enough(output); i++) await sleep(25);
      return output;
    },
  };
}

test('--follow reads on after a file was replaced, and after it was emptied', async (t) => {
  const file = `${temporaryDirectory()}/log`;
  writeFileSync(file, '1\n');
  const following = follow(t, file);
  await following.until((output) => output.includes('1'));
  appendFileSync(file, '2\n3');
  await following.until((output) => output.includes('2'));
  appendFileSync(file, ' whole\n');
  await following.until((output) => output.includes('3'));
  renameSync(file, `${file}.0`);
  writeFileSync(file, '4\n');
  await following.until((output) => output.includes('4'));
  writeFileSync(file, '');
  await sleep(500);
  appendFileSync(file, '5\n');
  assert.equal(await following.until((output) => output.includes('5')), '1\n2\n3 whole\n4\n5\n');
});

test('--follow loses and repeats nothing when the clock is set back between two rotations', async (t) => {
  const main = temporaryDirectory();
  writeFileSync(`${main}/@4000000037c219bf2ef02e94.s`, '1\n');
  writeFileSync(`${main}/current`, '2\n');
  const following = follow(t, main);
  await following.until((output) => output.includes('2'));
  appendFileSync(`${main}/current`, '3\n');
  renameSync(`${main}/current`, `${main}/@4000000037c219ae2ef02e94.s`);
  writeFileSync(`${main}/current`, '4\n');
  await following.until((output) => output.includes('4'));
  renameSync(`${main}/current`, `${main}/@4000000037c219b02ef02e94.s`);
  writeFileSync(`${main}/@4000000037c219b12ef02e94.s`, '5\n');
  writeFileSync(`${main}/current`, '6\n');
  assert.equal(await following.until((output) => output.includes('6')), '1\n2\n3\n4\n5\n6\n');
});

test('--follow reads a file once that has no label yet when the next one begins', async (t) => {
  const main = temporaryDirectory();
  const label = (name: string, n: number) => renameSync(`${main}/${name}`, `${main}/@4000000037c219b${n}2ef02e94.s`);
  writeFileSync(`${main}/current`, '1\n');
  const following = follow(t, main);
  await following.until((output) => output.includes('1'));
  renameSync(`${main}/current`, `${main}/previous`);
  writeFileSync(`${main}/current`, '2\n');
  await following.until((output) => output.includes('2'));
  label('previous', 1);
  // Two rotations at once: what is between is read where it is, before what follows.
  label('current', 2);
  writeFileSync(`${main}/previous`, '3\n');
  writeFileSync(`${main}/current`, '4\n');
  await following.until((output) => output.includes('4'));
  label('previous', 3);
  label('current', 4);
  writeFileSync(`${main}/current`, '5\n');
  assert.equal(await following.until((output) => output.includes('5')), '1\n2\n3\n4\n5\n');
});

test('--follow loses and repeats nothing while multilog rotates', { skip: needs('multilog') }, async (t) => {
  const main = `${temporaryDirectory()}/main`;
  const multilog = spawn(find('multilog') as string, ['t', 's4096', 'n10000', main], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  t.after(() => multilog.kill('SIGKILL'));
  const line = (i: number): string => `7f000001:d87a:1234 + 0001 number-${i}.test\n`;
  for (let i = 0; i < 500; i++) multilog.stdin.write(line(i));
  await sleep(300);
  const following = follow(t, main);
  for (let i = 500; i < 4000; i++) {
    multilog.stdin.write(line(i));
    if (i % 100 === 0) await sleep(20);
  }
  const output = await following.until((text) => text.includes('number-3999.'));
  const numbers = [...output.matchAll(/number-(\d+)\.test/g)].map((match) => Number(match[1]));
  assert.deepEqual(
    numbers,
    Array.from({ length: 4000 }, (_, i) => i),
  );
});
