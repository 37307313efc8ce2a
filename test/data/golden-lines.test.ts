// Recorded facts of djbdns with IPv6 lines, and of lines of 1.05 that typed lines must equal, octet for octet.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { facts, goldenFolder, inflated, type TextFact, unpacked } from '../support/golden.ts';
import { run, temporaryDirectory } from '../support/programs.ts';

const MTIME = 1700000000;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface CompileFact {
  source: string;
  mtime: number;
  sha256: string;
}
interface EditFact {
  data: string;
  args: string[];
  rc: number;
  stderr: string;
  after: string;
  left: string[];
}
interface TypedFact {
  text: string;
  plain: string;
  sha256: string;
}

/** Compiles `text` in a directory of its own; returns that. */
function compile(text: string, mtime = MTIME): { cwd: string; code: number | null; stderr: string } {
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/data`, text, 'latin1');
  utimesSync(`${cwd}/data`, mtime, mtime);
  const { code, stderr } = run('tinydns-data', [], { cwd });
  return { cwd, code, stderr };
}

test('lines 3, 6 and S give the records, messages and exit codes of the programs that had them first', () => {
  const all = facts<TextFact>('ipv6', 'compile-text');
  assert.equal(all.length, 56);
  for (const fact of all) {
    const { cwd, code, stderr } = compile(fact.text);
    const about = JSON.stringify(fact.text.slice(0, 80));
    assert.deepEqual([code, stderr], [fact.rc, fact.stderr], about);
    assert.deepEqual(readdirSync(cwd).sort(), fact.left, about);
    const cdb = existsSync(`${cwd}/data.cdb`) ? readFileSync(`${cwd}/data.cdb`) : null;
    assert.deepEqual(cdb, fact.cdb === null ? null : inflated(fact.cdb), about);
    rmSync(cwd, { recursive: true });
  }
});

test('files with all kinds of lines compile to the recorded octets', () => {
  const all = facts<CompileFact>('ipv6', 'compile');
  assert.equal(all.length, 2);
  for (const fact of all) {
    const cwd = temporaryDirectory();
    copyFileSync(`${goldenFolder}/sources/${fact.source}.data`, `${cwd}/data`);
    utimesSync(`${cwd}/data`, fact.mtime, fact.mtime);
    assert.equal(run('tinydns-data', [], { cwd }).code, 0);
    assert.equal(sha256(readFileSync(`${cwd}/data.cdb`)), fact.sha256, fact.source);
  }
});

test('tinydns-edit adds IPv6 hosts and aliases as recorded', () => {
  const all = facts<EditFact>('ipv6', 'tinydns-edit');
  assert.equal(all.length, 36);
  for (const fact of all) {
    const cwd = temporaryDirectory();
    writeFileSync(`${cwd}/data`, unpacked(fact.data));
    const { code, stderr } = run('tinydns-edit', ['data', 'data.new', 'add', ...fact.args], { cwd });
    const about = fact.args.join(' ');
    assert.deepEqual([code, stderr], [fact.rc, fact.stderr], about);
    assert.deepEqual(readFileSync(`${cwd}/data`), unpacked(fact.after), about);
    assert.deepEqual(readdirSync(cwd).sort(), fact.left, about);
    rmSync(cwd, { recursive: true });
  }
});

test('typed lines compile to the file that the same records as numbers and octets give', () => {
  const all = facts<TypedFact>('typed', 'compile-typed');
  assert.equal(all.length, 160);
  for (const fact of all) {
    for (const text of [fact.text, fact.plain]) {
      const { cwd, code, stderr } = compile(text);
      assert.deepEqual([code, stderr], [0, ''], text);
      assert.equal(sha256(readFileSync(`${cwd}/data.cdb`)), fact.sha256, text);
      rmSync(cwd, { recursive: true });
    }
  }
});

test('the worked examples of the pages compile to known files', () => {
  for (const [text, mtime, size, hash] of [
    [
      '6Www.test:20010DB8000000000000000000000001:300:4000000038af1379:in\n',
      1,
      2364,
      'cf25d8222fe82743f485285dca295ae178199ce285d7e99649b12fe23ab0ddf9',
    ],
    [
      [
        '.example.com:[2001:db8::53]:a',
        '=www.example.com:[2001:db8::80]:300',
        '@example.com:[2001:db8::25]:mail:10',
        ':example.com:CAA:0 iodef "mailto:security@example.com"',
        `:_25._tcp.mail.mx.example.com:TLSA:3 1 1 ${'0123456789abcdef'.repeat(4)}`,
        ':example.com:HTTPS:1 . alpn=h2,h3 ipv6hint=[2001:db8::80]',
        ':_sip._tcp.example.com:SRV:10 20 5060 sip.example.com:600',
        ':example.com:TXT:"v=spf1 ip6:2001:db8::/32 -all"',
        '',
      ].join('\n'),
      987654321,
      3100,
      'd191120d9642e1631033fa7da1afab023c6e45ebfd8b0650c4a78066ca627edc',
    ],
    [
      '%in:10.1\n%v6:[2001:db8::]/32\n%li:[fe80::1]\n%ex\n',
      1,
      2224,
      'f4789c3329c5a0c362c44bdfbff6a37ff1384bf25d10d2ee0671db390f3bbe71',
    ],
  ] as const) {
    const { cwd, code, stderr } = compile(text, mtime);
    assert.deepEqual([code, stderr], [0, ''], text);
    const cdb = readFileSync(`${cwd}/data.cdb`);
    assert.equal(cdb.length, size, text);
    assert.equal(sha256(cdb), hash, text);
  }
});
