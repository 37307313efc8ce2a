// Service directories that the originals' own -conf programs made, memory limits included, with nothing changed but
// which programs they run.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { command, find, needs, run } from '../support/programs.ts';
import { DAEMONTOOLS, dig, lives, Services } from './daemontools.ts';

const TINYDNS = '127.44.40.1';
const DNSCACHE = '127.44.40.2';
const services = new Services();
after(() => services.stop());

/** Makes the paths of the original programs in a file those of ours. */
function replacePrograms(file: string): void {
  const text = readFileSync(file, 'latin1');
  const replaced = text.replace(/\/usr\/s?bin\/(tinydns[a-z-]*|dnscache)/g, (_, name: string) => command(name));
  assert.notEqual(replaced, text, file);
  writeFileSync(file, replaced);
}

test('a running set of services goes on with our programs in it, under the limits of the originals', {
  skip: needs(...DAEMONTOOLS, 'make', 'dig', 'tinydns', 'dnscache', 'tinydns-conf', 'dnscache-conf'),
}, async () => {
  const tinydns = services.directory('tinydns');
  const made = run(find('tinydns-conf')!, ['nobody', 'daemon', tinydns, TINYDNS]);
  assert.equal(made.code, 0, made.stderr);
  replacePrograms(`${tinydns}/run`);
  replacePrograms(`${tinydns}/root/Makefile`);
  replacePrograms(`${tinydns}/root/add-host`);
  assert.match(readFileSync(`${tinydns}/run`, 'latin1'), /softlimit -d[34]00000 /);
  writeFileSync(`${tinydns}/root/data`, `.heaven.example:${TINYDNS}:a\n`);
  assert.equal(
    run(`${tinydns}/root/add-host`, ['lion.heaven.example', '127.44.40.9'], { cwd: `${tinydns}/root` }).code,
    0,
  );
  assert.equal(run(find('make')!, [], { cwd: `${tinydns}/root` }).code, 0);
  await lives(services.add('tinydns'), () => dig(TINYDNS, 'lion.heaven.example'), /^127\.44\.40\.9\n$/);

  const dnscache = services.directory('dnscache');
  assert.equal(run(find('dnscache-conf')!, ['nobody', 'daemon', dnscache, DNSCACHE]).code, 0);
  replacePrograms(`${dnscache}/run`);
  writeFileSync(`${dnscache}/root/servers/heaven.example`, `${TINYDNS}\n`);
  assert.match(readFileSync(`${dnscache}/env/DATALIMIT`, 'latin1'), /^[34]000000\n$/);
  assert.ok(existsSync(`${dnscache}/seed`));
  await lives(services.add('dnscache'), () => dig(DNSCACHE, 'lion.heaven.example'), /^127\.44\.40\.9\n$/);
});
