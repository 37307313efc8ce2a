// The package as it is published and installed: `npm pack`, `npm install -g`, `make install`.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';

const { bin, man, version } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as {
  bin: Record<string, string>;
  man: string[];
  version: string;
};
const programs = Object.keys(bin);
const env = { HOME: process.env['HOME'] ?? '/root', npm_config_update_notifier: 'false' };

/** npm gets the whole environment: how it reaches its registry (proxy, certificates, settings) may stand there. */
function npm(...args: string[]): string {
  const everything = { ...(process.env as Record<string, string>), ...env };
  const { code, stdout, stderr } = run(find('npm') as string, args, {
    cwd: repository,
    env: everything,
    timeout: 300000,
  });
  assert.equal(code, 0, stderr);
  return stdout.toString();
}

/** Every program answers --version, and its man page is found under `prefix`. */
function check(prefix: string): void {
  for (const program of programs) {
    const { code, stdout } = run(`${prefix}/bin/${program}`, ['--version']);
    assert.deepEqual([code, stdout.toString()], [0, `${program} ${version}\n`], program);
    const help = run(`${prefix}/bin/${program}`, ['--help']);
    assert.equal(help.code, 0, program);
    assert.match(help.stdout.toString(), new RegExp(`^Usage: ${program}`));
    if (needs('man')) continue;
    const page = run(find('man') as string, ['-M', `${prefix}/share/man`, '-w', program], { env: { ...env } });
    assert.match(page.stdout.toString(), new RegExp(`^${prefix}/.*/${program}\\.[158]\n`), program);
  }
  for (const page of man) {
    const file = basename(page);
    assert.ok(existsSync(`${prefix}/share/man/man${file.slice(-1)}/${file}`), file);
  }
}

/** Every link of every page below `folder` leads to a file there. */
function checkLinks(folder: string): void {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.md') && !path.startsWith('node_modules'),
  );
  assert.ok(pages.includes('README.md') && pages.includes('docs/README.md'));
  for (const page of pages) {
    for (const [, target] of readFileSync(`${folder}/${page}`, 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(target as string)) continue;
      assert.ok(existsSync(join(folder, dirname(page), target as string)), `${page}: ${target}`);
    }
  }
}

before(() => {
  const { code, stderr } = run(find('make') as string, ['man'], { cwd: repository, env });
  assert.equal(code, 0, stderr);
});

test('npm pack and a global install of the tarball give every program and every man page', {
  skip: needs('npm', 'make'),
}, () => {
  const prefix = temporaryDirectory();
  const [pack] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', prefix)) as [
    { filename: string; files: { path: string }[] },
  ];
  const files = pack.files.map(({ path }) => path);
  for (const path of [...Object.values(bin), ...man]) assert.ok(files.includes(path), path);
  for (const needed of [
    'share/dnsroots.global',
    'LICENSE',
    'package.json',
    'dist/src/cdb/cdb.js',
    'dist/src/cdb/cdb.d.ts',
  ]) {
    assert.ok(files.includes(needed), needed);
  }
  for (const path of files) {
    assert.doesNotMatch(
      path,
      /(^|\/)test\/|bench|\.map$|^src\/|^bin\/|node_modules|tsconfig|^\./,
      `${path} is not needed`,
    );
  }
  const target = `${prefix}/global`;
  mkdirSync(target);
  npm(
    'install',
    '--global',
    '--prefix',
    target,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    `${prefix}/${pack.filename}`,
  );
  assert.deepEqual(readdirSync(`${target}/bin`).sort(), [...programs].sort());
  check(target);
  checkLinks(`${target}/lib/node_modules/djbdns-ts`);
  const service = `${prefix}/service`;
  if (needs('root')) return;
  assert.equal(run(`${target}/bin/dnscache-conf`, ['nobody', 'daemon', service]).code, 0);
  assert.match(readFileSync(`${service}/run`, 'latin1'), new RegExp(`${target}/bin/dnscache\n`));
  assert.match(readFileSync(`${service}/root/servers/@`, 'latin1'), /^198\.41\.0\.4\n/);
});

test('make install below a DESTDIR gives the same, with links that hold there', { skip: needs('make') }, () => {
  const root = temporaryDirectory();
  const install = (destination: string, prefix: string) =>
    run('/bin/sh', ['scripts/install.sh', destination, prefix], { cwd: repository, env });
  assert.equal(install(root, '/opt/dns').code, 0);
  const link = `${root}/opt/dns/bin/tinydns`;
  assert.ok(lstatSync(link).isSymbolicLink());
  const prefix = `${root}/in-place`;
  assert.equal(install('', prefix).code, 0);
  check(prefix);
  checkLinks(`${prefix}/lib/djbdns-ts`);
  const stale = 'bin/dnsgone';
  writeFileSync(`${prefix}/${stale}`, '');
  appendFileSync(`${prefix}/lib/djbdns-ts/installed`, `${stale}\n`);
  assert.equal(install('', prefix).code, 0, 'a second install replaces the first');
  check(prefix);
  assert.ok(!existsSync(`${prefix}/${stale}`), 'what the new version no longer has is gone');
  const held = readdirSync(`${prefix}/lib/djbdns-ts/node_modules`).sort();
  assert.deepEqual(held, ['@koromix', 'commander', 'koffi']);
  assert.deepEqual(
    readdirSync(`${prefix}/lib`).sort(),
    ['djbdns-ts', readlinkSync(`${prefix}/lib/djbdns-ts`)],
    'nothing of the versions of before is left',
  );
  assert.equal(basename(realpathSync(`${prefix}/bin/dnsip`)), 'dnsip.js');
});

test('make uninstall removes what make install made, and leaves what is not its own', { skip: needs('make') }, () => {
  const prefix = temporaryDirectory();
  mkdirSync(`${prefix}/bin`);
  writeFileSync(`${prefix}/bin/mine`, '');
  const script = (name: string) => run('/bin/sh', [`scripts/${name}.sh`, '', prefix], { cwd: repository, env });
  assert.equal(script('uninstall').code, 1, 'nothing is installed yet');
  assert.equal(script('install').code, 0);
  rmSync(`${prefix}/bin/tinydns`);
  writeFileSync(`${prefix}/bin/tinydns`, 'another one');
  assert.deepEqual(script('uninstall'), { code: 0, stdout: Buffer.alloc(0), stderr: '' });
  const left = readdirSync(prefix, { recursive: true, encoding: 'utf8' }).filter((path) =>
    lstatSync(`${prefix}/${path}`).isFile(),
  );
  assert.deepEqual(left.sort(), ['bin/mine', 'bin/tinydns']);
});

test('while make install replaces a version, its programs are there at every moment', { skip: needs('make') }, () => {
  const prefix = temporaryDirectory();
  const install = `sh scripts/install.sh '' ${prefix}`;
  // A program that cannot be opened is missed at once: its link leads nowhere.
  const script = `
${install} || exit 1
(while :; do [ -s ${prefix}/bin/tinydns ] || echo missed; done) >${prefix}/log &
watcher=$!
${install} && ${install}; code=$?
kill $watcher
exit $code
`;
  const { code, stderr } = run('/bin/sh', ['-c', script], { cwd: repository, env, timeout: 120000 });
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(readFileSync(`${prefix}/log`, 'utf8'), '');
});
