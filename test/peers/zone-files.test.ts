// Zone files in and out, beside the programs that have always read them: BIND, Knot, NSD, ldns.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { TinydnsCompiler } from '../../src/data/tinydns-text.ts';
import { compiledText, recordsOf } from '../support/lookup.ts';
import { find, needs, run, start, temporaryDirectory } from '../support/programs.ts';
import { typedText } from '../support/typed-data.ts';
import { bindRecords, type FlatRecord, flat, knotRecords } from '../support/zone-files.ts';

const ZONE = 'types.test';
const HEAD = `$TTL 3600
@ IN SOA ns.elsewhere.test. me.${ZONE}. 42 3600 600 86400 300
@ IN NS ns.elsewhere.test.
`;

/** The records that our compiler makes of data lines. */
function ourRecords(lines: string): FlatRecord[] {
  return recordsOf(compiledText(lines, (maker) => new TinydnsCompiler(maker, 1))).map(([key, value]) => {
    const bytes = Buffer.from(value, 'latin1');
    assert.match(value[2]!, /[=*]/);
    const owner = Buffer.from(value[2] === '*' ? `\x01*${key}` : key, 'latin1');
    return flat(owner, bytes.readUInt16BE(0), bytes.readUInt32BE(3), bytes.subarray(15));
  });
}

/** Runs a program of ours that must succeed; its output. */
function ours(program: string, args: readonly string[], cwd: string): string {
  const { code, stdout, stderr } = run(program, args, { cwd });
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.toString('latin1');
}

/** The lines that tinydns-import makes of a zone file. */
function imported(zone: string, text: string): string {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/zone`, text, 'latin1');
  return ours('tinydns-import', [zone, 'zone'], cwd);
}

/** The zone file that tinydns-export makes of data lines. */
function exported(zone: string, data: string): string {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/data`, data, 'latin1');
  ours('tinydns-data', [], cwd);
  return ours('tinydns-export', [zone], cwd);
}

function judged(text: string, judges: readonly (readonly string[])[]): void {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/zone`, text, 'latin1');
  for (const [program, ...args] of judges) {
    const { code, stdout, stderr } = run(find(program!)!, args, { cwd });
    assert.equal(code, 0, `${program}: ${stdout.toString().slice(-2000)} ${stderr.slice(-2000)}`);
  }
}

const texts = (count: number) => fc.sample(typedText, { numRuns: count });
const sorted = (records: readonly FlatRecord[]) => [...new Set(records)].sort();
const digest = (records: readonly FlatRecord[]) =>
  createHash('sha256').update(sorted(records).join('\n')).digest('hex');

/** The first records that only one side has, for a message. */
function differences(a: readonly FlatRecord[], b: readonly FlatRecord[]): string {
  const inB = new Set(b);
  const inA = new Set(a);
  const only = (list: readonly FlatRecord[], other: Set<string>) =>
    list.filter((record) => !other.has(record)).slice(0, 3);
  return `only here: ${only(a, inB).join(' | ')}; only there: ${only(b, inA).join(' | ')}`;
}

function same(a: readonly FlatRecord[], b: readonly FlatRecord[]): void {
  assert.equal(digest(a), digest(b), differences(a, b));
}

/** The record with the letters in its data lowercased. */
function lowercase(record: FlatRecord): FlatRecord {
  return record.replace(/[0-9a-f]*$/, (data) =>
    data.replace(/../g, (octet) => (octet >= '41' && octet <= '5a' ? (parseInt(octet, 16) + 32).toString(16) : octet)),
  );
}

const BIND = ['named-compilezone', 'named-checkzone'];

describe('20,000 records of all types as text', { skip: needs(...BIND, 'knotd', 'kdig') }, () => {
  const generated = texts(20000);
  const zone = HEAD + generated.map(({ type, zone: text }, i) => `r${i} IN ${type} ${text}\n`).join('');
  const lines = generated.map(({ type, line }, i) => `:r${i}.${ZONE}:${type}:${line}:3600\n`).join('');
  const mine = ourRecords(lines);
  const withoutHead = (records: readonly FlatRecord[]) => records.filter((record) => !/^\S+ (6|2) /.test(record));

  test('have the same octets in our typed lines and in BIND', () => {
    assert.equal(mine.length, 20000);
    same(mine, withoutHead(bindRecords(ZONE, zone)));
  });

  test('have the same octets in our typed lines and in Knot', async () => {
    // Knot keeps names in lowercase.
    const lower = (records: readonly FlatRecord[]) => records.map(lowercase);
    same(lower(mine), lower(withoutHead(await knotRecords(ZONE, zone, '127.46.15.2', 5300))));
  });

  test('are imported from their zone file as they are', () => {
    same(mine, withoutHead(ourRecords(imported(ZONE, zone))));
  });
});

const JUDGES = (zone: string, ...knot: string[]): readonly (readonly string[])[] => [
  ['named-checkzone', '-i', 'none', '-k', 'ignore', zone, 'zone'],
  ['kzonecheck', ...knot, '-o', zone, 'zone'],
  ['nsd-checkzone', zone, 'zone'],
  ['ldns-read-zone', 'zone'],
];

describe('a zone of 100,000 records', {
  skip: needs(...BIND, 'named', 'kzonecheck', 'nsd-checkzone', 'ldns-read-zone'),
}, () => {
  const generated = texts(12000);
  const records: string[] = [];
  for (let i = 0; i < 100000; i++) {
    const kind = i % 8;
    const { type, zone } = generated[i % generated.length]!;
    if (kind < 3) records.push(`h${i} ${300 + (i % 50)} A 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`);
    else if (kind === 3) records.push(`c${i} CNAME h${i - 1}`);
    else if (kind === 4) records.push(`m${i} MX ${i % 100} h${i - 2}`);
    else if (kind === 5) records.push(`*.w${i} 7 TXT "text ${i}" "more: \\${100 + (i % 150)}"`);
    else if (kind === 6) records.push(`d${i} NS ns.d${i}\nns.d${i} A 192.0.2.${i % 250}`);
    else records.push(`t${i} 60 IN ${type} ${zone}`);
  }
  const text = `$ORIGIN ${ZONE}.\n${HEAD}${records.join('\n')}\n`;
  const data = imported(ZONE, text);

  test('is imported as BIND reads it', () => {
    const all = ourRecords(data);
    assert.ok(all.length > 100000);
    same(all, bindRecords(ZONE, text));
  });

  test('is exported so that everybody reads it, and BIND the same records', () => {
    const out = exported(ZONE, data);
    judged(out, JUDGES(ZONE));
    same(ourRecords(data), bindRecords(ZONE, out));
    same(ourRecords(data), ourRecords(imported(ZONE, out)));
  });

  test('comes back the same by way of axfrdns and a BIND that copies it', async () => {
    const root = temporaryDirectory();
    writeFileSync(`${root}/data`, data, 'latin1');
    ours('tinydns-data', [], root);
    run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') });
    const env = { ROOT: root, UNPRIVILEGED: '1', IP: '127.46.15.3', PORT: '5300' };
    const tinydns = start('tinydns', [], { env });
    const axfrdns = start('axfrdns', ['--listen'], { cwd: root, env });
    await tinydns.logged(/starting tinydns/);
    await axfrdns.logged(/starting axfrdns/);
    const directory = temporaryDirectory();
    const file = `${directory}/zone`;
    writeFileSync(
      `${directory}/named.conf`,
      `options {
        directory "${directory}"; pid-file none; session-keyfile none; lock-file none; managed-keys-directory "${directory}";
        listen-on port 5305 { 127.0.0.1; }; listen-on-v6 { none; }; notify no; recursion no; dnssec-validation no;
      };
      controls { };
      zone "${ZONE}" {
        type secondary; file "zone"; masterfile-format text; primaries { ${env.IP} port ${env.PORT}; };
      };`,
    );
    const named = start(find('named')!, ['-g', '-n', '1', '-c', `${directory}/named.conf`], { cwd: directory });
    try {
      for (let i = 0; i < 600 && !existsSync(file); i++) await sleep(100);
      assert.ok(existsSync(file), named.log().slice(-3000));
      same(ourRecords(data), ourRecords(imported(ZONE, readFileSync(file, 'latin1'))));
    } finally {
      await Promise.all([named.stop(), axfrdns.stop(), tinydns.stop()]);
    }
  });
});

/** A zone like the root: delegations with glue, DS records, signatures, NSEC. */
function rootZone(): string {
  const octets = (length: number, seed: number) =>
    Buffer.from(Array.from({ length }, (_, i) => (seed * 31 + i * 7 + ((seed * i) >> 3)) & 255));
  const tlds = Array.from({ length: 1450 }, (_, i) => `tld${String(i).padStart(4, '0')}`);
  const signature = (type: string, labels: number, ttl: number, seed: number) =>
    `${type} 8 ${labels} ${ttl} 20261204050000 20261121040000 ${20000 + (seed % 999)} . ${octets(256, seed).toString('base64')}`;
  const lines = [
    '. 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 2026112100 1800 900 604800 86400',
    `. 86400 IN RRSIG ${signature('SOA', 0, 86400, 1)}`,
    `. 172800 IN DNSKEY 257 3 8 ${octets(260, 2).toString('base64')}`,
    `. 172800 IN DNSKEY 256 3 8 ${octets(260, 3).toString('base64')}`,
    `. 172800 IN RRSIG ${signature('DNSKEY', 0, 172800, 4)}`,
    `. 86400 IN NSEC tld0000. NS SOA RRSIG NSEC DNSKEY ZONEMD`,
    `. 86400 IN RRSIG ${signature('NSEC', 0, 86400, 5)}`,
    `. 86400 IN ZONEMD 2026112100 1 1 ${octets(48, 6).toString('hex')}`,
  ];
  for (const [i, letter] of [...'abcdefghijklm'].entries()) {
    lines.push(`. 518400 IN NS ${letter}.root-servers.net.`);
    lines.push(`${letter}.root-servers.net. 518400 IN A 198.41.0.${i}`);
    lines.push(`${letter}.root-servers.net. 518400 IN AAAA 2001:503::${i}`);
  }
  for (const [i, tld] of tlds.entries()) {
    for (let n = 0; n < 4; n++) {
      lines.push(`${tld}. 172800 IN NS ns${n}.nic.${tld}.`);
      lines.push(`ns${n}.nic.${tld}. 172800 IN A 10.${i >> 8}.${i & 255}.${n}`);
      lines.push(`ns${n}.nic.${tld}. 172800 IN AAAA 2001:db8:${i.toString(16)}::${n}`);
    }
    lines.push(`${tld}. 86400 IN DS ${i} 8 2 ${octets(32, i).toString('hex').toUpperCase()}`);
    lines.push(`${tld}. 86400 IN RRSIG ${signature('DS', 1, 86400, i)}`);
    lines.push(`${tld}. 86400 IN NSEC ${tlds[i + 1] ?? ''}. NS DS RRSIG NSEC`);
    lines.push(`${tld}. 86400 IN RRSIG ${signature('NSEC', 1, 86400, i + 1)}`);
  }
  return `${lines.join('\n')}\n`;
}

describe('a zone of the shape of the root', {
  skip: needs(...BIND, 'kzonecheck', 'nsd-checkzone', 'ldns-read-zone'),
}, () => {
  const text = rootZone();

  test('goes through import and export unchanged, signatures as typed lines', () => {
    const data = imported('.', text);
    const all = ourRecords(data);
    assert.ok(all.length > 23000, String(all.length));
    assert.match(data, /^:tld0007:DS:7 8 2 [0-9a-f]{64}$/m);
    assert.match(data, /^:tld0007:RRSIG:\\# \d+ [0-9a-f]+$/m);
    same(all, bindRecords('.', text));
    const out = exported('.', data);
    judged(out, JUDGES('.', '-d', 'off'));
    same(all, bindRecords('.', out));
    same(all, ourRecords(imported('.', out)));
    assert.equal(exported('.', imported('.', out)), out);
  });
});
