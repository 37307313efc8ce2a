// Lines `Ipath` of tinydns-data: the lines of other files, compiled in this place.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { find, needs, run, start, temporaryDirectory, until } from '../support/programs.ts';

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

test('data that were replaced while others compiled are compiled; who edits data waits for who compiles', {
  skip: needs('flock'),
}, async () => {
  const root = temporaryDirectory();
  mkdirSync(`${root}/zones`);
  const replace = (text: string): void => {
    writeFileSync(`${root}/data.other`, text);
    renameSync(`${root}/data.other`, `${root}/data`);
  };
  replace('+old.test:10.0.0.1\nIzones\n');
  const holder = spawn(find('flock')!, [root, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.write('locked');
  await once(holder.stdout, 'data');
  const compiler = start('tinydns-data', [], { cwd: root });
  const edit = ['data', 'data.new', 'add', 'host', 'edited.test', '10.0.0.3'];
  const editor = start('tinydns-edit', edit, { cwd: root });
  for (const { process } of [compiler, editor]) {
    await until(() => new RegExp(`-> FLOCK .* ${process.pid} `).test(readFileSync('/proc/locks', 'latin1')));
  }
  replace('+new.test:10.0.0.2\nIzones\n');
  holder.stdin.end();
  await until(() => compiler.process.exitCode === 0 && editor.process.exitCode === 0);
  const data = readFileSync(`${root}/data.cdb`, 'latin1');
  assert.ok(data.includes('\x03new\x04test') && !data.includes('\x03old\x04test'));
  assert.match(readFileSync(`${root}/data`, 'latin1'), /^\+new\.test:.*\nIzones\n=edited\.test:10\.0\.0\.3:/);
});
