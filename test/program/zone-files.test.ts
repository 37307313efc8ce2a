// tinydns-import and tinydns-export as programs: arguments, files that are included, what is refused in which words.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { run, temporaryDirectory } from '../support/programs.ts';

const ZONE = '$TTL 86400\n@ SOA a.ns hostmaster 7 3600 600 86400 300\n@ 259200 NS a.ns\na.ns 259200 A 192.0.2.53\n';
const LINES = 'Zz.test:a.ns.z.test:hostmaster.z.test:7:3600:600:86400:300:86400\n&z.test:192.0.2.53:a\n';

function files(contents: Readonly<Record<string, string>>): string {
  const cwd = temporaryDirectory();
  for (const [name, text] of Object.entries(contents)) writeFileSync(`${cwd}/${name}`, text, 'latin1');
  return cwd;
}

function ran(program: string, args: readonly string[], cwd: string) {
  const { code, stdout, stderr } = run(program, args, { cwd });
  return [code, stdout.toString('latin1'), stderr];
}

describe('tinydns-import', () => {
  test('prints the lines of zones, and nothing when one is malformed', () => {
    const cwd = files({ zone: ZONE, bad: `${ZONE}x A 1.2.3\n` });
    assert.deepEqual(ran('tinydns-import', ['z.test', 'zone'], cwd), [0, LINES, '']);
    const failure = 'tinydns-import: fatal: bad:5: malformed A data\n';
    assert.deepEqual(ran('tinydns-import', ['z.test', 'zone', 'y.test', 'bad'], cwd), [111, '', failure]);
  });

  test('wants pairs of a zone and a file', () => {
    const usage = 'tinydns-import: usage: tinydns-import zone file ...\n';
    for (const args of [[], ['z.test'], ['z.test', 'zone', 'y.test']]) {
      assert.deepEqual(ran('tinydns-import', args, files({ zone: ZONE })), [100, '', usage]);
    }
    const missing = 'tinydns-import: fatal: unable to read none: file does not exist\n';
    assert.deepEqual(ran('tinydns-import', ['z.test', 'none'], files({})), [111, '', missing]);
    const long = 'x'.repeat(64);
    assert.deepEqual(ran('tinydns-import', [long, 'zone'], files({ zone: ZONE })), [
      111,
      '',
      `tinydns-import: fatal: malformed name ${long}\n`,
    ]);
  });

  test('warns of a TTL that is not that of its set', () => {
    const cwd = files({ zone: `${ZONE}x 5 A 1.2.3.4\nx 6 A 1.2.3.5\n` });
    assert.deepEqual(ran('tinydns-import', ['z.test', 'zone'], cwd), [
      0,
      `${LINES}+x.z.test:1.2.3.4:5\n+x.z.test:1.2.3.5:5\n`,
      'tinydns-import: warning: zone:6: TTL 6 is taken as 5, that of the set\n',
    ]);
  });

  test('leaves serials to tinydns-data when it is told to', () => {
    const cwd = files({ zone: ZONE });
    const [, lines] = ran('tinydns-import', ['--new-serials', 'z.test', 'zone'], cwd);
    assert.equal(lines, LINES.replace(':7:', '::'));
  });

  test('includes files in the folder of the zone file and below it only, unless any may be included', () => {
    const cwd = files({ zone: `${ZONE}$INCLUDE sub/more\n`, secret: 'x TXT secret\n' });
    mkdirSync(`${cwd}/sub`);
    mkdirSync(`${cwd}/zones`);
    writeFileSync(`${cwd}/sub/more`, 'x A 1.2.3.4\n$INCLUDE ../sub/more2\n');
    writeFileSync(`${cwd}/sub/more2`, 'y A 1.2.3.5\n');
    const more = `${LINES}+x.z.test:1.2.3.4\n+y.z.test:1.2.3.5\n`;
    assert.deepEqual(ran('tinydns-import', ['z.test', 'zone'], cwd), [0, more, '']);
    assert.deepEqual(ran('tinydns-import', ['z.test', `${cwd}/zone`], '/'), [0, more, '']);

    symlinkSync('../secret', `${cwd}/zones/link`);
    for (const path of ['../secret', `${cwd}/secret`, 'link', '/etc/hostname']) {
      writeFileSync(`${cwd}/zones/zone`, `${ZONE}$INCLUDE ${path}\n`);
      const message = `zones/zone:5: ${path} is outside the folder of zones/zone: see --include-anywhere`;
      assert.deepEqual(ran('tinydns-import', ['z.test', 'zones/zone'], cwd), [
        111,
        '',
        `tinydns-import: fatal: ${message}\n`,
      ]);
    }
    writeFileSync(`${cwd}/zones/zone`, `${ZONE}$INCLUDE ../secret\n`);
    const all = [0, `${LINES}'x.z.test:secret\n`, ''];
    assert.deepEqual(ran('tinydns-import', ['--include-anywhere', 'z.test', 'zones/zone'], cwd), all);
    writeFileSync(`${cwd}/zones/zone`, `${ZONE}$INCLUDE none\n`);
    assert.deepEqual(ran('tinydns-import', ['z.test', 'zones/zone'], cwd), [
      111,
      '',
      'tinydns-import: fatal: zones/zone:5: unable to read none: file does not exist\n',
    ]);
  });
});

describe('tinydns-export', () => {
  const DATA = `${LINES}+www.z.test:192.0.2.80\n:z.test:CAA:0 issue "ca;x"\n`;

  const OUT = `$ORIGIN z.test.
@\t86400\tIN\tSOA\ta.ns.z.test. hostmaster.z.test. 7 3600 600 86400 300
\t259200\tIN\tNS\ta.ns.z.test.
\t86400\tIN\tCAA\t0 issue "ca;x"
a.ns\t259200\tIN\tA\t192.0.2.53
www\t86400\tIN\tA\t192.0.2.80
`;

  test('prints a zone of data.cdb, or of data lines', () => {
    const cwd = files({ data: DATA });
    assert.deepEqual(ran('tinydns-export', ['Z.test', 'data'], cwd), [0, OUT, '']);
    assert.equal(run('tinydns-data', [], { cwd }).code, 0);
    assert.deepEqual(ran('tinydns-export', ['z.test'], cwd), [0, OUT, '']);
  });

  test('leaves what a child zone says to the child, but for its delegation', () => {
    const child =
      '.c.z.test:192.0.2.9:a\n+www.c.z.test:192.0.2.10\n:c.z.test:DS:1 8 2 00\n+below.d.z.test:192.0.2.11\n';
    const cwd = files({ data: `${DATA}${child}&d.z.test::ns.other\n` });
    const [, text] = ran('tinydns-export', ['z.test', 'data'], cwd) as [number, string];
    assert.deepEqual(text.split('\n').slice(4, -1), [
      'c\t259200\tIN\tNS\ta.ns.c.z.test.',
      '\t86400\tIN\tDS\t1 8 2 00',
      'a.ns.c\t259200\tIN\tA\t192.0.2.9',
      'd\t259200\tIN\tNS\tns.other.',
      'below.d\t86400\tIN\tA\t192.0.2.11',
      'a.ns\t259200\tIN\tA\t192.0.2.53',
      'www\t86400\tIN\tA\t192.0.2.80',
    ]);
  });

  for (const [line, reason] of [
    ['+x.z.test:1.2.3.4:::in', 'x.z.test A: the record has a location: say --location to take what is seen there'],
    [
      '+x.z.test:1.2.3.4:5:4000000038af1379',
      'x.z.test A: the record has a timestamp: say --now to take what is there now',
    ],
    [':x.z.test:33:\\000', 'x.z.test SRV: the data does not fit its type'],
    ['.z.test::b', 'zone z.test has more than one SOA'],
  ] as const) {
    test(`refuses ${line}`, () => {
      const cwd = files({ data: `${DATA}${line}\n` });
      assert.deepEqual(ran('tinydns-export', ['z.test', 'data'], cwd), [111, '', `tinydns-export: fatal: ${reason}\n`]);
    });
  }

  test('takes what a location sees, and what is there now, when it is told to', () => {
    const cwd = files({
      data: `${DATA}+x.z.test:1.2.3.4:::in\n+y.z.test:1.2.3.5:::ex\n+o.z.test:1.2.3.6:5:4000000038af1379
+p.z.test:1.2.3.7:5:4fffffffffffffff\n`,
    });
    const [code, text] = ran('tinydns-export', ['--location', 'in', '--now', 'z.test', 'data'], cwd) as [
      number,
      string,
    ];
    assert.equal(code, 0);
    assert.deepEqual(text.split('\n').slice(5, -1), [
      'o\t5\tIN\tA\t1.2.3.6',
      'www\t86400\tIN\tA\t192.0.2.80',
      'x\t86400\tIN\tA\t1.2.3.4',
    ]);
  });

  test('says what is wrong with arguments and files', () => {
    const cwd = files({ data: 'nonsense\n', short: '' });
    for (const [args, code, stderr] of [
      [[], 100, 'usage: tinydns-export zone [file]'],
      [['a', 'b', 'c'], 100, 'usage: tinydns-export zone [file]'],
      [['z.test'], 111, 'fatal: unable to read data.cdb: file does not exist'],
      [['z.test', 'data'], 111, 'fatal: unable to parse data line 1: unrecognized leading character'],
      [['y.test', 'short'], 111, 'fatal: no zone y.test in the data'],
    ] as const) {
      assert.deepEqual(ran('tinydns-export', args, cwd), [code, '', `tinydns-export: ${stderr}\n`]);
    }
    writeFileSync(`${cwd}/short.cdb`, 'short');
    assert.deepEqual(ran('tinydns-export', ['z.test', 'short.cdb'], cwd), [
      111,
      '',
      'tinydns-export: fatal: the file is corrupt\n',
    ]);
  });
});
