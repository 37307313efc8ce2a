// The lines of dnstrace, made and taken apart again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ip4 } from '../../src/base/address.ts';
import { type Fact, formatLine, splitLine, type Task } from '../../src/stub/trace-line.ts';
import { nameOf } from '../../src/wire/name.ts';

const name = (text: string): Uint8Array => nameOf(text)!;

function taskAt(port: number): Task {
  const server = { ip: ip4(192, 0, 2, 1), port };
  return { name: name('Www.Example'), type: 1, zone: name('example'), server, serverName: name('ns.example') };
}

const FACTS: readonly (readonly [Fact | 'tx', kind: string, values: readonly string[]])[] = [
  ['tx', 'tx', []],
  [{ kind: 'ns', zone: name('example'), server: name('NS.example') }, 'NS', ['example', 'ns.example']],
  [
    { kind: 'a', owner: name('a:b.example'), server: { ip: ip4(192, 0, 2, 2), port: 53 } },
    'A',
    ['a\\072b.example', '192.0.2.2'],
  ],
  [{ kind: 'answer', record: 'www.example 60 16 \\003a:b' }, 'answer', ['www.example 60 16 \\003a', 'b']],
  [{ kind: 'cname', target: name('.') }, 'CNAME', ['.']],
  [{ kind: 'nxdomain' }, 'NXDOMAIN', []],
  [{ kind: 'nodata' }, 'NODATA', []],
  [{ kind: 'see', zone: name('www.example') }, 'see', ['www.example']],
  [{ kind: 'alert', text: 'query failed; timed out' }, 'ALERT', ['query failed; timed out']],
];

for (const [fact, kind, values] of FACTS) {
  test(`a line of the kind ${kind} is taken apart into what it was made of`, () => {
    const common = { type: '1', name: 'www.example', zone: 'example', kind, values };
    assert.deepEqual(splitLine(formatLine(taskAt(53), fact)), { ...common, server: '192.0.2.1' });
    assert.deepEqual(splitLine(formatLine(taskAt(5353), fact)), { ...common, server: '192.0.2.1:5353' });
    const start = { ...common, type: '0', name: '.', zone: '.', server: 'start' };
    assert.deepEqual(splitLine(formatLine(undefined, fact)), start);
  });
}

test('a line without colons is a type', () => {
  const nothing = { name: '', zone: '', server: '', kind: '', values: [] };
  assert.deepEqual(splitLine('x'), { type: 'x', ...nothing });
});
