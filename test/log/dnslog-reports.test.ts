// dnslog over several services, its filters, and its reports for machines; promtool says whether metrics are well made.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, find, needs, run, temporaryDirectory } from '../support/programs.ts';

const UTC = { env: { TZ: 'UTC' } };

const CONTENT = `@4000000037c219bf00000000 starting tinydns
@4000000037c219c000000000 c0000201:8000:0001 + 0001 www.example.com NOERROR 60
@4000000037c219c100000000 c0000202:8000:0002 + 001c typo.example.com NXDOMAIN 104
@4000000037c219c300000000 20010db8000000000000000000000007:8000:0003 + 0010 www.example.com NOERROR 512 TC
@4000000037c219c400000000 c0000201:8000:0004 - 0001 www.example.net
`;
const CACHE = `@4000000037c219bf00000001 starting
@4000000037c219c000000001 query 1 7f000001:1000:0001 1 www.example.org.
@4000000037c219c000000002 tx 0 1 www.example.org. example.org. c0000201
@4000000037c219c21dcd6500 rr c0000201 300 1 www.example.org. c0000207
@4000000037c219c21dcd6501 stats 1 40 1 0
@4000000037c219c21dcd6501 sent 1 49
`;

/** A directory of two services as svscan sees them. */
function services(): string {
  const top = temporaryDirectory();
  for (const [name, log] of Object.entries({ tinydns: CONTENT, dnscache: CACHE })) {
    mkdirSync(`${top}/${name}/log/main`, { recursive: true });
    writeFileSync(`${top}/${name}/log/main/current`, log);
  }
  return top;
}

const top = services();

function shown(...args: string[]): string {
  const { code, stdout, stderr } = run('dnslog', args, UTC);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.toString('latin1');
}

test('lines of several services come in the order of their times, each with the name of its service', () => {
  const lines = shown(`${top}/tinydns`, `${top}/dnscache/log/main`).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => line.slice(11).replace(/ {2,}/g, ' ')),
    [
      '04:04:05.000 tinydns starting tinydns',
      '04:04:05.000 dnscache starting dnscache',
      '04:04:06.000 tinydns answered 192.0.2.1:32768 A www.example.com (NOERROR, 60 octets)',
      '04:04:06.000 dnscache query #1 127.0.0.1:4096 A www.example.org',
      '04:04:06.000 dnscache ask A www.example.org of 192.0.2.1 (zone example.org)',
      '04:04:07.000 tinydns answered 192.0.2.2:32768 AAAA typo.example.com (NXDOMAIN, 104 octets)',
      '04:04:08.500 dnscache record A www.example.org 192.0.2.7 (TTL 300, from 192.0.2.1)',
      '04:04:08.500 dnscache stats 1 queries, 40 bytes through the cache, 1 UDP and 0 TCP active',
      '04:04:08.500 dnscache answered #1 49 bytes in 2.5 s: A www.example.org for 127.0.0.1',
      '04:04:09.000 tinydns answered [2001:db8::7]:32768 TXT www.example.com (NOERROR, 512 octets, truncated)',
      '04:04:10.000 tinydns no answer 192.0.2.1:32768 A www.example.net',
    ],
  );
  const json = shown('--json', `${top}/tinydns/log/main/current`, `${top}/dnscache`).trimEnd().split('\n');
  const named = json.map((line) => (JSON.parse(line) as { service: string }).service);
  assert.deepEqual([...new Set(named)], ['tinydns', 'dnscache']);
});

test('only what is wanted is shown: since when, of whom, about what', () => {
  const count = (...args: string[]) =>
    shown(...args, `${top}/tinydns`, `${top}/dnscache`)
      .split('\n')
      .filter((line) => line !== '').length;
  assert.equal(count('--since', '1999-08-24 04:04:09'), 2);
  assert.equal(count('--since', '@4000000037c219c300000000'), 2);
  assert.equal(count('--since', '1999-08-25'), 0);
  assert.equal(count('--since', '52w'), 0);
  assert.equal(count('--client', '192.0.2.1'), 2);
  assert.equal(count('--client', '192.0.2.0/24'), 3);
  assert.equal(count('--client', '2001:db8::/32'), 1);
  assert.equal(count('--client', '127.0.0.1'), 2);
  assert.equal(count('--name', 'EXAMPLE.com.'), 3);
  assert.equal(count('--name', 'ample.com'), 0);
  assert.equal(count('--name', 'www.example.org'), 4);
  assert.equal(count('--type', 'aaaa'), 1);
  assert.equal(count('--type', '1', '--name', 'example.net'), 1);
  assert.match(shown('--stats', '--type', 'txt', `${top}/tinydns`), /^1 queries in 1 lines/);
});

test('--stats --json is the report as one object', () => {
  const report = JSON.parse(shown('--stats', '--json', `${top}/tinydns`, `${top}/dnscache`));
  assert.deepEqual(
    [report.lines, report.queries, report.starts, report.truncated, report.from, report.to],
    [11, 5, 2, 1, '1999-08-24T04:04:06.000000000Z', '1999-08-24T04:04:10.000000000Z'],
  );
  assert.deepEqual(report.rcodes, { NOERROR: 2, NXDOMAIN: 1 });
  assert.deepEqual(report.outcomes, { answered: 3, 'asked servers': 1, 'no answer': 1 });
  assert.deepEqual([report.milliseconds.count, Math.round(report.milliseconds.max)], [1, 2500]);
  assert.deepEqual([report.octets.count, report.octets.max], [4, 512]);
  assert.deepEqual(report.services, { dnscache: 6, tinydns: 5 });
  assert.deepEqual(report.clients.top[0], { key: '192.0.2.1', count: 2 });
  assert.equal(JSON.parse(shown('--stats', '--json', '/dev/null')).queries, 0);
});

/** The samples of a text in Prometheus's format, by name and labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

test('--prometheus is what promtool accepts without a remark, and counts what the log has', {
  skip: needs('promtool'),
}, () => {
  const metrics = shown('--prometheus', `${top}/tinydns`, `${top}/dnscache`);
  const check = run(find('promtool')!, ['check', 'metrics'], { input: Buffer.from(metrics) });
  assert.deepEqual([check.code, check.stdout.toString(), check.stderr], [0, '', '']);
  const samples = samplesOf(metrics);
  for (const [sample, value] of Object.entries({
    'dns_queries_total{service="tinydns",type="A"}': 2,
    'dns_queries_total{service="dnscache",type="A"}': 1,
    'dns_responses_total{service="tinydns",rcode="NXDOMAIN"}': 1,
    'dns_truncated_responses_total{service="tinydns"}': 1,
    'dns_resolution_duration_seconds_bucket{service="dnscache",le="1"}': 0,
    'dns_resolution_duration_seconds_bucket{service="dnscache",le="3"}': 1,
    'dns_resolution_duration_seconds_count{service="dnscache"}': 1,
    'dns_response_size_bytes_bucket{service="tinydns",le="128"}': 2,
    'dns_response_size_bytes_sum{service="tinydns"}': 676,
    'dns_cache_motion_bytes_total{service="dnscache"}': 40,
    'dnslog_lines_total{service="tinydns"}': 5,
  })) {
    assert.equal(samples.get(sample), value, sample);
  }
  const odd = `${temporaryDirectory()}/a"b\\c`;
  writeFileSync(odd, CONTENT);
  const quoted = run(find('promtool')!, ['check', 'metrics'], { input: Buffer.from(shown('--prometheus', odd)) });
  assert.deepEqual([quoted.code, quoted.stderr], [0, '']);
});

test('--output replaces a file as a whole, and with --follow again when there is more', async (t) => {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/dns.txt`, CONTENT);
  writeFileSync(`${directory}/metrics`, 'old');
  shown('--prometheus', '--output', `${directory}/metrics`, `${directory}/dns.txt`);
  assert.equal(samplesOf(readFileSync(`${directory}/metrics`, 'utf8')).get('dnslog_lines_total{service="dns.txt"}'), 5);
  assert.ok(!existsSync(`${directory}/metrics.tmp`));
  const child = spawn(
    command('dnslog'),
    ['--prometheus', '--follow', '--output', `${directory}/more`, `${directory}/dns.txt`],
    { stdio: 'inherit' },
  );
  t.after(() => child.kill('SIGKILL'));
  const linesAre = async (expected: number): Promise<void> => {
    for (let i = 0; i < 1200; i++, await sleep(50)) {
      if (!existsSync(`${directory}/more`)) continue;
      const samples = samplesOf(readFileSync(`${directory}/more`, 'utf8'));
      if (samples.get('dnslog_lines_total{service="dns.txt"}') === expected) return;
    }
    assert.fail(`${expected} lines are not in the file`);
  };
  await linesAre(5);
  appendFileSync(`${directory}/dns.txt`, CONTENT);
  await linesAre(10);
});

test('a log that may not be read, or is none, is one message and 111', () => {
  const closed = temporaryDirectory();
  mkdirSync(`${closed}/log/main`, { recursive: true });
  writeFileSync(`${closed}/log/main/current`, 'x\n');
  chmodSync(`${closed}/log/main`, 0o700);
  const empty = temporaryDirectory();
  const asUser = process.getuid?.() === 0 ? ['--reuid', '65534', '--regid', '65534', '--clear-groups'] : [];
  if (asUser.length === 0) chmodSync(`${closed}/log/main`, 0);
  for (const [path, message] of [
    [closed, `unable to open ${closed}/log/main/current: access denied`],
    [empty, `no log in ${empty}`],
    [top, `no log in ${top}, but in ${top}/dnscache, ${top}/tinydns`],
    ['/no/such/log', 'unable to open /no/such/log: file does not exist'],
  ] as const) {
    const [program, ...args] =
      asUser.length > 0 ? [find('setpriv')!, ...asUser, command('dnslog')] : [command('dnslog')];
    const { code, stdout, stderr } = run(program!, [...args, path]);
    assert.deepEqual([code, stdout.toString(), stderr], [111, '', `dnslog: fatal: ${message}\n`]);
  }
  chmodSync(`${closed}/log/main`, 0o700); // or it could not be removed
});

test('labels of impossible times, control characters and odd words break no report', () => {
  const file = `${temporaryDirectory()}/log`;
  const lines = [
    '@000000000000000000000000 starting',
    '@ffffffffffffffffffffffff starting',
    '7f000001:1234:0001 + 0001 a\x1b]0;x\x07',
    'tinydns: fatal: \x1b[2J',
    'rr 7f000001 1 constructor a.b x',
    'rr 7f000001 1 __proto__ a.b x',
  ];
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''), 'latin1');
  assert.match(shown(file), /^@0{24} starting\n@f{24} starting\n/);
  for (const line of shown('--json', file).trimEnd().split('\n')) assert.doesNotMatch(line, /function|\x1b/);
  const report = shown('--stats', file);
  assert.doesNotMatch(report, /NaN|undefined|\x1b/);
  const terminal = run(find('script')!, ['-qec', `${command('dnslog')} --color never ${file}`, '/dev/null']);
  assert.doesNotMatch(terminal.stdout.toString('latin1'), /[\x1b\x07]/);
});

test('a long log shows on a terminal how far it is, and leaves nothing behind', {
  skip: needs('script', 'mkfifo'),
}, async (t) => {
  const directory = temporaryDirectory();
  assert.equal(run(find('mkfifo')!, [`${directory}/log`]).code, 0);
  const child = spawn('script', ['-qec', `${command('dnslog')} ${directory}/log >${directory}/out`, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let screen = '';
  child.stdout.on('data', (data: Buffer) => {
    screen += data.toString('latin1');
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  spawn('/bin/sh', ['-c', `exec >${directory}/log; echo starting; sleep 2; echo starting; sleep 1; echo end`]);
  assert.equal(await ended, 0);
  assert.match(screen, /\r\x1b\[K\d+ octets, \d+\/s.*\r\x1b\[K$/s);
  assert.equal(readFileSync(`${directory}/out`, 'latin1').split('\n').length, 4);
});
