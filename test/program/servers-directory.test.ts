// The directory servers/: which files, which lines, which errors.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorText } from '../../src/base/oserror.ts';
import { readRoots } from '../../src/program/servers-directory.ts';
import { nameOf } from '../../src/wire/name.ts';
import { temporaryDirectory } from '../support/programs.ts';

function directoryWith(files: Record<string, string>): string {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text);
  return directory;
}

function serversOf(files: Record<string, string>, domain: string): string[] | undefined {
  const servers = readRoots(directoryWith(files), [1]).serversOf(nameOf(domain)!);
  return servers?.map(({ ip, port }) => `${ip.join('.')}:${port}`);
}

const LINES: readonly [title: string, text: string, servers: string[]][] = [
  ['an address a line', '1.2.3.4\n5.6.7.8\n', ['1.2.3.4:53', '5.6.7.8:53']],
  ['text after the address', '1.2.3.4 comment\n5.6.7.8\r\n', ['1.2.3.4:53', '5.6.7.8:53']],
  ['a port after the address', '1.2.3.4:5353\n', ['1.2.3.4:5353']],
  ['no newline at the end', '1.2.3.4', ['1.2.3.4:53']],
  ['lines that begin with something else', '# x\n 1.2.3.4\n2001:db8::1\nname\n\n5.6.7.8\n', ['5.6.7.8:53']],
  ['numbers over 255', '1.2.256.4\n', ['1.2.0.4:53']],
  ['an address twice', '1.2.3.4\n1.2.3.4\n', ['1.2.3.4:53', '1.2.3.4:53']],
  ['0.0.0.0, which takes a place', `0.0.0.0\n${'1.2.3.4\n'.repeat(20)}`, Array(15).fill('1.2.3.4:53')],
  ['more than sixteen', '1.2.3.4\n'.repeat(20), Array(16).fill('1.2.3.4:53')],
  ['nothing', '', []],
];

for (const [title, text, servers] of LINES) {
  test(`a file of servers/ with ${title}`, () => assert.deepEqual(serversOf({ '@': text }, '.'), servers));
}

test('file names are domains: any case, octal escapes, a dot at the end; names with a dot before are left out', () => {
  const files = { 'Priv.TEST.': '1.1.1.1\n', 'a\\101b.x': '2.2.2.2\n', '.hidden': '3.3.3.3\n' };
  assert.deepEqual(serversOf(files, 'priv.test'), ['1.1.1.1:53']);
  assert.deepEqual(serversOf(files, 'aAb.x'), ['2.2.2.2:53']);
  assert.equal(serversOf(files, 'hidden'), undefined);
  assert.equal(serversOf(files, '.'), undefined);
});

test('two names are under the same servers when the nearest listed domain above them is the same', () => {
  const roots = readRoots(directoryWith({ '@': '1.1.1.1', 'priv.test': '2.2.2.2' }), [1]);
  const same = (a: string, b: string) => roots.same(nameOf(a)!, 0, nameOf(b)!, 0);
  assert.ok(same('x.priv.test', 'PRIV.test'));
  assert.ok(same('test', 'x.y'));
  assert.ok(!same('x.priv.test', 'test'));
});

const FAILURES: readonly [title: string, text: string, make: (servers: string) => void][] = [
  ['that is missing', 'file does not exist', () => {}],
  ['with a dangling link', 'file does not exist', (servers) => symlinkSync('nowhere', `${make(servers)}/@`)],
  ['with a directory in it', 'is a directory', (servers) => mkdirSync(`${make(servers)}/sub`)],
  [
    'with a name that is no domain',
    'protocol error',
    (servers) => writeFileSync(`${make(servers)}/${'x'.repeat(64)}`, ''),
  ],
];

function make(directory: string): string {
  mkdirSync(directory);
  return directory;
}

for (const [title, text, prepare] of FAILURES) {
  test(`a directory servers/ ${title} is an error: ${text}`, () => {
    const servers = `${temporaryDirectory()}/servers`;
    prepare(servers);
    const read = () => readRoots(servers, [1]);
    assert.throws(read, (error) => errorText(error) === text);
  });
}
