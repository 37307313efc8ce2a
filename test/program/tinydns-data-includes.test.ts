// Lines `Ipath` of tinydns-data: the lines of other files, compiled in this place.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { run, temporaryDirectory } from '../support/programs.ts';

function compile(root: string): { code: number | null; stderr: string } {
  return run('tinydns-data', [], { cwd: root });
}

/** What the lines alone give. */
function compiled(lines: string, mtime: number): Buffer {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, lines);
  utimesSync(`${root}/data`, mtime, mtime);
  assert.equal(compile(root).code, 0);
  return readFileSync(`${root}/data.cdb`);
}

test('a file and the files of a directory are compiled where they are named, in the order of their octets', () => {
  const root = temporaryDirectory();
  mkdirSync(`${root}/elsewhere`);
  symlinkSync('elsewhere', `${root}/zones`);
  writeFileSync(`${root}/one`, '+one.test:10.0.0.1\n');
  writeFileSync(`${root}/zones/b.test`, '+b.test:10.0.0.3\n');
  writeFileSync(`${root}/zones/a.test`, '+a.test:10.0.0.2');
  writeFileSync(`${root}/zones/.hidden`, 'nonsense\n');
  symlinkSync('b.test', `${root}/zones/c.test`);
  mkdirSync(`${root}/zones/folder`);
  writeFileSync(`${root}/data`, 'Ione\n+first.test:10.0.0.9\nIzones\n+last.test:10.0.0.8\n');
  assert.deepEqual(compile(root), { ...compile(root), code: 0, stderr: '' });
  const all = '+one.test:10.0.0.1\n+first.test:10.0.0.9\n+a.test:10.0.0.2\n+b.test:10.0.0.3\n+last.test:10.0.0.8\n';
  assert.deepEqual(readFileSync(`${root}/data.cdb`), compiled(all, 1000));
});

test('the serial of zones that do not say theirs is the time of the file that they are in', () => {
  const root = temporaryDirectory();
  mkdirSync(`${root}/zones`);
  writeFileSync(`${root}/zones/a.test`, '.a.test:10.0.0.1:ns\n');
  utimesSync(`${root}/zones/a.test`, 2000, 2000);
  writeFileSync(`${root}/data`, 'Izones\n.b.test:10.0.0.1:ns\n');
  utimesSync(`${root}/data`, 3000, 3000);
  assert.equal(compile(root).code, 0);
  const serial = (zone: string): string => run('tinydns-get', ['soa', zone], { cwd: root }).stdout.toString();
  assert.match(serial('a.test'), / 2000 /);
  assert.match(serial('b.test'), / 3000 /);
});

test('a bad line is named with its file, an I within a file is one, and data.cdb stays', () => {
  const root = temporaryDirectory();
  mkdirSync(`${root}/zones`);
  writeFileSync(`${root}/data`, '+a.test:10.0.0.1\n');
  assert.equal(compile(root).code, 0);
  const before = readFileSync(`${root}/data.cdb`);
  writeFileSync(`${root}/data`, 'Izones\n');
  for (const [text, message] of [
    ['+a.test:10.0.0.1\n?\n', 'unable to parse zones/x line 2: unrecognized leading character'],
    ['Izones\n', 'unable to parse zones/x line 1: unrecognized leading character'],
  ]) {
    writeFileSync(`${root}/zones/x`, text!);
    assert.deepEqual(compile(root).stderr, `tinydns-data: fatal: ${message}\n`);
  }
  writeFileSync(`${root}/data`, '+b.test:10.0.0.1\nInowhere\n');
  assert.equal(compile(root).stderr, 'tinydns-data: fatal: unable to open nowhere: file does not exist\n');
  assert.deepEqual(readFileSync(`${root}/data.cdb`), before);
});
