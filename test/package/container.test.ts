// The image without an engine: what the Containerfile would run is run here, in a machine to throw away.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { inMachine, needsMachine } from '../support/machine.ts';
import { needs, repository, run, start, temporaryDirectory } from '../support/programs.ts';

const file = readFileSync(`${repository}/Containerfile`, 'utf8').replace(/\\\n/g, '');

/** Runs the health check as the engine would, with `variables` in the container. */
function health(variables: Record<string, string>): number | null {
  const check = /^HEALTHCHECK .*? CMD (.*)$/m.exec(file)?.[1];
  assert.ok(check);
  const PATH = `${repository}/command:${process.env['PATH']}`;
  return run('/bin/sh', ['-c', check], { env: { ...variables, PATH } }).code;
}

test('the health check does what $CHECK says, and is content without it', async (t) => {
  const root = temporaryDirectory();
  writeFileSync(`${root}/data`, '.example.com:127.0.0.1:a\n+www.example.com:192.0.2.80\n');
  assert.equal(run('tinydns-data', [], { cwd: root }).code, 0);
  run('tcprules', ['tcp.cdb', 'tcp.tmp'], { cwd: root, input: Buffer.from(':allow\n') });
  const env = { UNPRIVILEGED: '1', ROOT: root, IP: '0.0.0.0', PORT: '5300' };
  const tinydns = start('tinydns', [], { cwd: root, env });
  const axfrdns = start('axfrdns', ['--listen'], { cwd: root, env });
  t.after(() => Promise.all([tinydns.stop(), axfrdns.stop()]));
  await tinydns.logged(/starting/);
  await axfrdns.logged(/starting/);
  mkdirSync(`${root}/ip`);
  mkdirSync(`${root}/servers`);
  writeFileSync(`${root}/ip/127`, '');
  writeFileSync(`${root}/servers/@`, '127.0.0.1\n');
  const cache = start('dnscache', [], {
    cwd: root,
    env: { ...env, PORT: '5301', IPSEND: '0.0.0.0', CACHESIZE: '1000000' },
  });
  t.after(() => cache.stop());
  await cache.logged(/starting/);
  assert.equal(health({}), 0);
  assert.equal(health({ CHECK: 'dnsq --check a www.example.com 127.0.0.1:5300' }), 0);
  assert.equal(health({ CHECK: 'dnsq --check --tcp soa example.com 127.0.0.1:5300' }), 0);
  assert.equal(health({ CHECK: 'dnsip --check localhost', DNSCACHEIP: '127.0.0.1:5301' }), 0);
  assert.notEqual(health({ CHECK: 'dnsq --check a nowhere.example.com 127.0.0.1:5300' }), 0);
  await Promise.all([tinydns.stop(), cache.stop()]);
  assert.notEqual(health({ CHECK: 'dnsq --check a www.example.com 127.0.0.1:5300' }), 0);
  assert.notEqual(health({ CHECK: 'dnsip --check localhost', DNSCACHEIP: '127.0.0.1:5301' }), 0);
});

test('the image takes its packages from the lock file, and what it copies is what make install makes', {
  skip: needs('make'),
}, () => {
  assert.doesNotMatch(file, /npm install/);
  const [, install] = /^RUN make clean && (make install .*)$/m.exec(file) ?? [];
  assert.ok(install);
  const [, image] = /^COPY --from=build (\S+) \/usr\/local$/m.exec(file) ?? [];
  const printed = run('/usr/bin/make', ['--dry-run', ...install.split(' ').slice(1)], { cwd: repository });
  const [, destination, prefix] = /install\.sh "(.*)" "(.*)"/.exec(printed.stdout.toString()) ?? [];
  assert.equal(`${destination}${prefix}`, image);
});

test('the steps of the Containerfile, one after the other, leave an image whose servers serve as an ordinary user', {
  skip: needsMachine('make', 'setpriv', 'sysctl'),
}, () => {
  const [build = '', image = ''] = file.split(/^FROM .*$/m).slice(1);
  const runs = (stage: string): string[] => [...stage.matchAll(/^RUN (.*)$/gm)].map((match) => match[1]!);
  const [packages, install = ''] = runs(build);
  assert.match(packages!, /apt-get install .* make$/); // which this machine has
  const env = /^ENV (.*)$/m.exec(image)?.[1];
  const workdir = /^WORKDIR (.*)$/m.exec(image)?.[1];
  const check = /^HEALTHCHECK .*? CMD (.*)$/m.exec(image)?.[1];
  assert.match(image, /^USER node$/m);
  const command = JSON.parse(/^CMD (.*)$/m.exec(image)?.[1] ?? '') as string[];
  // Engines let every user of a container bind port 53. The build is the one that stands here already.
  const script = `set -e
${install.replace('make clean && ', '')}
cp -a /image/usr/local/. /usr/local/
${runs(image).join('\n')}
sysctl -qw net.ipv4.ip_unprivileged_port_start=0
cd ${workdir}/root
printf '.example.com:127.0.0.1:a\\n' >data
/usr/local/bin/tinydns-data
cd ${workdir}
serve() { exec env -i PATH=$PATH:/usr/local/bin ${env} setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
serve ${command.join(' ')} >log 2>&1 &
until grep -q starting log; do sleep 0.1; kill -0 $!; done
CHECK='dnsq --check soa example.com 127.0.0.1'
PATH=$PATH:/usr/local/bin
sh -c 'CHECK=$0; ${check}' "$CHECK" >/dev/null && echo healthy
kill $!
wait || :
sh -c 'CHECK=$0; ${check}' "$CHECK" >/dev/null || echo ill
`;
  const { code, stdout, stderr } = inMachine(script);
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.match(stdout.toString(), /healthy\nill\n$/);
});
