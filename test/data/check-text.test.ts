// SPF and DMARC by table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDmarc, checkSpf } from '../../src/data/check-text.ts';

const SPF: readonly (readonly [text: string, ...faults: string[]])[] = [
  ['v=spf1 -all'],
  ['v=spf1'],
  ['V=SPF1 MX a:mail.example.com/24//64 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.example.net ~all'],
  ['v=spf1 exists:%{ir}.%{v}._spf.%{d2} redirect=_spf.example.com exp=why.example.com other=x'],
  ['v=spf10 nonsense'],
  ['google-site-verification=x'],
  ['v=spf1 ip4:192.0.2.300 -all', 'ip4:192.0.2.300 is no IPv4 address or prefix'],
  ['v=spf1 ip4:192.0.2.0/33', 'ip4:192.0.2.0/33 is no IPv4 address or prefix'],
  ['v=spf1 ip6:192.0.2.1', 'ip6:192.0.2.1 is no IPv6 address or prefix'],
  ['v=spf1 ip6:2001:db8::/129', 'ip6:2001:db8::/129 is no IPv6 address or prefix'],
  ['v=spf1 ipv4:192.0.2.1', 'ipv4:192.0.2.1 is no term of SPF'],
  ['v=spf1 include -all', 'include names no domain'],
  ['v=spf1 -all mx', 'mx after all is never looked at'],
  ['v=spf1 all:x', 'all:x takes nothing behind it'],
  ['v=spf1 redirect= redirect=a', 'redirect= names no domain', 'redirect= is there twice'],
  ['v=spf1 mx/x', 'mx/x has a bad prefix'],
  [`v=spf1 ${Array.from({ length: 11 }, (_, i) => `include:i${i}.test`).join(' ')}`, '11 terms ask the DNS, 10 may'],
];

for (const [text, ...faults] of SPF) {
  test(`SPF ${text.slice(0, 60)}: ${faults.join(', ') || 'nothing is wrong'}`, () => {
    assert.deepEqual(checkSpf(text), faults);
  });
}

const DMARC: readonly (readonly [text: string, ...faults: string[]])[] = [
  ['v=DMARC1; p=none'],
  [
    'v=DMARC1; p=reject; sp=quarantine; adkim=s; aspf=r; pct=100; rua=mailto:a@example.com,mailto:b@example.com!10m; fo=1:d;',
  ],
  ['v=DMARC1;p=none;ri=86400;ruf=mailto:a@example.com'],
  ['v=dmarc1; p=none', 'does not begin with v=DMARC1;'],
  ['p=none; v=DMARC1', 'does not begin with v=DMARC1;'],
  ['v=DMARC1', 'p= is missing'],
  ['v=DMARC1; p=no', 'p=no is malformed'],
  ['v=DMARC1; p=none; rua=a@example.com', 'rua=a@example.com is malformed'],
  ['v=DMARC1; p=none; pct=101', 'pct=101 is malformed'],
  ['v=DMARC1; p=none; policy=none', 'policy is no tag of DMARC'],
  ['v=DMARC1; p=none; p=none', 'p is there twice'],
  ['v=DMARC1; p=none, rua=mailto:x', 'p=none, rua=mailto:x is malformed'],
];

for (const [text, ...faults] of DMARC) {
  test(`DMARC ${text.slice(0, 60)}: ${faults.join(', ') || 'nothing is wrong'}`, () => {
    assert.deepEqual(checkDmarc(text), faults);
  });
}
