// Records of all types as text: what --typed prints, and the way of a zone from data lines through axfrdns and axfr-get
// back to data lines, with nothing lost.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { command, run, temporaryDirectory } from '../support/programs.ts';
import { axfrdns, framedQuery } from '../support/transfer.ts';
import { typedText } from '../support/typed-data.ts';

const ZONE = 'typed.test';
const HEAD = `Z${ZONE}:a.ns.${ZONE}.:hostmaster.${ZONE}.:7:3600:60:100000:300:77\n&${ZONE}:192.0.2.1:a.ns.${ZONE}.:3600\n`;

/** A directory in which `data` has been compiled. */
function compiled(data: string): string {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, data, 'latin1');
  const { code, stderr } = run('tinydns-data', [], { cwd: root });
  assert.deepEqual([code, stderr], [0, '']);
  return root;
}

/** What axfr-get writes of the zone that axfrdns serves from `root`. */
function fetched(root: string, options = ''): string {
  const { stdout } = axfrdns(root, Buffer.concat([framedQuery(ZONE, 'SOA'), framedQuery(ZONE, 'AXFR')]));
  const cwd = temporaryDirectory();
  writeFileSync(`${cwd}/in`, stdout);
  const { code, stderr } = run(
    '/bin/sh',
    ['-c', `exec '${command('axfr-get')}' ${options} ${ZONE} z z.tmp 6<in 7>sent`],
    { cwd },
  );
  assert.deepEqual([code, stderr], [0, '']);
  return readFileSync(`${cwd}/z`, 'latin1');
}

const cdb = (root: string) => readFileSync(`${root}/data.cdb`);

test('a zone of all types comes back from axfr-get --typed as the same data.cdb, and so do lines of octets', () => {
  fc.assert(
    fc.property(fc.array(typedText, { minLength: 300, maxLength: 300, size: 'max' }), (texts) => {
      const lines = texts.map(({ type, line }, i) => `:${i % 9 === 0 ? '*.' : ''}r${i}.${ZONE}:${type}:${line}:${i}`);
      const root = compiled(`${HEAD}${lines.join('\n')}\n`);
      const typed = fetched(root, '--typed');
      const again = compiled(typed.replace(/^#.*\n/, ''));
      assert.equal(fetched(again, '--typed'), typed);
      const plain = compiled(fetched(root).replace(/^#.*\n/, ''));
      assert.ok(cdb(plain).equals(cdb(again)));
      assert.ok(!/^:[^:]*:\d/m.test(typed.replace(/^:[^:]*:6\d{4}:.*\n/gm, '')), 'every type of the table has text');
    }),
    { numRuns: 4 },
  );
});

test('axfr-get --typed writes what readers that split at every colon understand', () => {
  const root = compiled(`${HEAD}:_s._tcp.${ZONE}:SRV:1 2 80 H.test.:77
:${ZONE}:CAA:0 iodef "mailto:x@test":60
:a.${ZONE}:AAAA:[2001:db8::1]:5
:h.${ZONE}:HTTPS:1 . ipv6hint=[2001:db8::1],[::2]:5
:t.${ZONE}:TXT:a "b\\"c\\\\" \\000 "":5
:d.${ZONE}:DNSKEY:\\# 4 01010308:5
:bad.${ZONE}:33:\\000\\001:5
:odd.${ZONE}:64:\\000\\001\\000\\000\\003\\000\\002\\000\\120\\000\\001\\000\\003\\002h2:5
`);
  const [soa] = HEAD.split('\n');
  assert.equal(
    fetched(root, '--typed').replace(/^#.*\n/, ''),
    `${soa}
&${ZONE}::a.ns.${ZONE}.:3600
+a.ns.${ZONE}:192.0.2.1:3600
:_s._tcp.${ZONE}:SRV:1 2 80 H.test.:77
:${ZONE}:CAA:0 iodef "mailto\\072x@test":60
3a.${ZONE}:20010db8000000000000000000000001:5
:h.${ZONE}:HTTPS:1 . ipv6hint=20010db8000000000000000000000001,00000000000000000000000000000002:5
:t.${ZONE}:TXT:"a" "b\\042c\\134" "\\000" "":5
:d.${ZONE}:48:\\001\\001\\003\\010:5
:bad.${ZONE}:33:\\000\\001:5
:odd.${ZONE}:64:\\000\\001\\000\\000\\003\\000\\002\\000P\\000\\001\\000\\003\\002h2:5
`,
  );
});

test('tinydns-get --typed prints every type by name, and takes every name of a type', () => {
  const root = compiled(`${HEAD}:${ZONE}:CAA:0 issue "a;b"
:${ZONE}:HTTPS:1 . alpn=h2,h3 port=8443 ipv6hint=[2001:db8::1] key9=x
:${ZONE}:AAAA:[2001:DB8::1]
:${ZONE}:DNSKEY:\\# 4 01010308
:${ZONE}:33:\\000\\001
`);
  const get = (...args: string[]) => run('tinydns-get', args, { cwd: root }).stdout.toString().split('\n').slice(3);
  assert.ok(get('--typed', 'caa', ZONE).includes(`answer: ${ZONE} 86400 CAA 0 issue "a;b"`));
  assert.ok(get('TYPE257', ZONE).includes(`answer: ${ZONE} 86400 257 \\000\\005issuea;b`));
  assert.ok(
    get('--typed', 'https', ZONE).includes(
      `answer: ${ZONE} 86400 HTTPS 1 . alpn="h2,h3" port=8443 ipv6hint="2001:db8::1" key9="x"`,
    ),
  );
  assert.ok(get('--typed', 'aaaa', ZONE).includes(`answer: ${ZONE} 86400 AAAA 2001:db8::1`));
  assert.ok(get('--typed', 'dnskey', ZONE).includes(`answer: ${ZONE} 86400 DNSKEY \\# 4 01010308`));
  assert.ok(get('--typed', 'srv', ZONE).includes(`answer: ${ZONE} 86400 SRV \\# 2 0001`));
  assert.ok(get('--typed', 'soa', ZONE)[0]!.startsWith(`answer: ${ZONE} 77 SOA a.ns.${ZONE} hostmaster.${ZONE} 7 `));
});
