// What Debian's own checker says of the package. It takes a minute, so it has a file, and a processor, of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';

test('lintian finds no error in the package', { skip: needs('dpkg-deb', 'strip', 'lintian') }, () => {
  const folder = temporaryDirectory();
  const made = run('/bin/sh', ['scripts/deb.sh', folder], { cwd: repository, timeout: 900000 });
  assert.equal(made.code, 0, made.stderr);
  const [, file] = /'([^']+\.deb)'/.exec(made.stdout.toString()) ?? [];
  const { code, stdout } = run(find('lintian') as string, ['--fail-on', 'error', file as string], { timeout: 900000 });
  assert.equal(code, 0, stdout.toString());
});
