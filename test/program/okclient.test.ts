// The access list: what counts for the next packet.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ip4, scanIp6 } from '../../src/base/address.ts';
import { OkClients } from '../../src/program/okclient.ts';
import { temporaryDirectory } from '../support/programs.ts';

const CLIENT = ip4(10, 1, 2, 3);

const FILES: readonly [name: string, accepted: boolean][] = [
  ['10.1.2.3', true],
  ['10.1.2', true],
  ['10.1', true],
  ['10', true],
  ['10.1.', false],
  ['1', false],
  ['10.1.2.4', false],
  ['010.1.2.3', false],
];

for (const [name, accepted] of FILES) {
  test(`ip/${name} ${accepted ? 'accepts' : 'does not accept'} 10.1.2.3`, () => {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/${name}`, '');
    const clients = new OkClients(directory);
    clients.begin();
    assert.equal(clients.accepts(CLIENT), accepted);
  });
}

test('a directory counts, a link counts when it leads somewhere, and without a list nobody is accepted', () => {
  const directory = temporaryDirectory();
  const clients = new OkClients(`${directory}/ip`);
  clients.begin();
  assert.equal(clients.accepts(CLIENT), false);
  mkdirSync(`${directory}/ip/10.1`, { recursive: true });
  clients.begin();
  assert.equal(clients.accepts(CLIENT), true);
  rmSync(`${directory}/ip/10.1`, { recursive: true });
  symlinkSync('../target', `${directory}/ip/10`);
  clients.begin();
  assert.equal(clients.accepts(CLIENT), false);
  writeFileSync(`${directory}/target`, '');
  clients.begin();
  assert.equal(clients.accepts(CLIENT), true);
});

test('a file made or removed counts for the next packet, also when the list has not changed for long', async () => {
  const directory = temporaryDirectory();
  const clients = new OkClients(directory);
  for (let round = 0; round < 3; round++) {
    await sleep(150); // what has been seen is kept only of a directory that has settled
    clients.begin();
    assert.equal(clients.accepts(CLIENT), false);
    assert.equal(clients.accepts(CLIENT), false);
    writeFileSync(`${directory}/10.1.2.3`, '');
    clients.begin();
    assert.equal(clients.accepts(CLIENT), true);
    await sleep(150);
    clients.begin();
    assert.equal(clients.accepts(CLIENT), true);
    rmSync(`${directory}/10.1.2.3`);
    clients.begin();
    assert.equal(clients.accepts(CLIENT), false);
  }
});

test('a link whose end comes and goes counts for the next packet, though the list itself does not change', async () => {
  const directory = temporaryDirectory();
  mkdirSync(`${directory}/ip`);
  symlinkSync('../target', `${directory}/ip/10`);
  utimesSync(`${directory}/ip`, 1, 1);
  const clients = new OkClients(`${directory}/ip`);
  await sleep(150);
  for (let round = 0; round < 2; round++) {
    clients.begin();
    assert.equal(clients.accepts(CLIENT), false);
    writeFileSync(`${directory}/target`, '');
    clients.begin();
    assert.equal(clients.accepts(CLIENT), true);
    rmSync(`${directory}/target`);
  }
});

const FILES_6: readonly [name: string, accepted: boolean][] = [
  ['2001:db8:0:1::5', true],
  ['2001:db8:0:1:0:0:0:5', true],
  ['2001:db8:0:1', true],
  ['2001', true],
  ['2001:db8::1', false],
  ['2001:db8:', false],
  ['2001:db8:0:1:', false],
  ['20', false],
  ['32.1.13.184', false],
];

for (const [name, accepted] of FILES_6) {
  test(`ip/${name} ${accepted ? 'accepts' : 'does not accept'} 2001:db8:0:1::5`, () => {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/${name}`, '');
    const clients = new OkClients(directory);
    clients.begin();
    assert.equal(clients.accepts(scanIp6('2001:db8:0:1::5')!), accepted);
  });
}
