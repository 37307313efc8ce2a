// What Debian's own checker says of the package.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';

/**
 * The programs begin as shell scripts: this check takes all of each for one, and a minute to say that it has nothing to
 * say.
 */
const BUT = ['-X', 'shell/non-posix/bash-centric'];

test('lintian finds no error in the package', { skip: needs('dpkg-deb', 'strip', 'lintian') }, () => {
  const folder = temporaryDirectory();
  const made = run('/bin/sh', ['scripts/deb.sh', folder], { cwd: repository, timeout: 900000 });
  assert.equal(made.code, 0, made.stderr);
  const [, file] = /'([^']+\.deb)'/.exec(made.stdout.toString()) ?? [];
  const args = [...BUT, '--fail-on', 'error', file as string];
  const { code, stdout } = run(find('lintian') as string, args, { timeout: 900000 });
  assert.equal(code, 0, stdout.toString());
});
