// docs/migration.md, literally: the commands of the switch between the C programs and ours and back, and every line of
// the table of data lines.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { inMachine, needsMachine } from '../support/machine.ts';
import { repository, run, temporaryDirectory } from '../support/programs.ts';

const page = readFileSync(`${repository}/docs/migration.md`, 'utf8');

/** The indented commands within the numbered step. */
function step(number: number): string {
  const text = page.slice(page.indexOf(`\n${number}. `), page.indexOf(`\n${number + 1}. `));
  return [...text.matchAll(/^ {7}(.*)$/gm)].map((match) => match[1]).join('\n');
}

test('the steps lead from the C programs to ours and back, and nothing on disk is changed but what they say', {
  skip: needsMachine('tinydns', 'tinydns-conf', 'dnsq', 'svscan', 'supervise', 'multilog', 'make'),
}, () => {
  const script = `
set -e
sh scripts/install.sh '' /opt/djbdns
mkdir /service
/usr/sbin/tinydns-conf nobody daemon /etc/tinydns 192.0.2.53
cd /etc/tinydns/root
./add-ns example.com 192.0.2.53
make
ln -s /etc/tinydns /service/tinydns
svscan /service >/run/svscan 2>&1 &
ask() { until dnsq a $1 192.0.2.53 | grep answer:; do sleep 1; done; }
until svstat /service/tinydns | grep up; do sleep 1; done
cp -pr /etc/tinydns /run/before
# Step 2
${step(2)}
kill $!
echo compared
# Step 3
${step(3)}
! grep -r /usr/sbin/ /service/tinydns/run
svc -t /service/tinydns
cd /service/tinydns/root
./add-host www.example.com 192.0.2.80
make
ask www.example.com
until grep node /proc/$(svstat /service/tinydns | sed 's/.*pid \\([0-9]*\\).*/\\1/')/comm; do sleep 1; done
# and back
for file in /service/*/run.c /service/*/root/*.c; do mv $file \${file%.c}; done
svc -t /service/tinydns
until grep tinydns /proc/$(svstat /service/tinydns | sed 's/.*pid \\([0-9]*\\).*/\\1/')/comm; do sleep 1; done
ask www.example.com
cd /service/tinydns/root
rm data data.cdb
cp -p /run/before/root/data* .
diff -r --exclude=supervise --exclude=log /run/before /etc/tinydns && echo as before
`;
  const { code, stdout, stderr } = inMachine(script);
  const output = stdout.toString();
  assert.equal(code, 0, `${output}${stderr}`);
  assert.match(
    output,
    /\ncompared\n[\s\S]*answer: www\.example\.com 86400 A 192\.0\.2\.80\nnode\ntinydns\nanswer: www[\s\S]*\nas before\n$/,
  );
});

test('every data line of the table compiles to a record', () => {
  const table = page.slice(page.indexOf('| zone file |'), page.indexOf('There is no serial number'));
  const lines = [...table.matchAll(/\| .*? \| `([^`]+)`/g)].map((match) => match[1] as string);
  assert.ok(lines.length > 8);
  for (const line of lines) {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/data`, `${line}\n`);
    const { code, stderr } = run('tinydns-data', [], { cwd: directory });
    assert.deepEqual([code, stderr], [0, ''], line);
    const [, name] = /^[:.&=+@C'S]?([^:]+)/.exec(line) ?? [];
    writeFileSync(`${directory}/data`, `${line}\n.com:192.0.2.1:a\n`);
    run('tinydns-data', [], { cwd: directory });
    const { stdout } = run('tinydns-get', ['any', (name as string).replace('*', 'x')], { cwd: directory });
    assert.match(stdout.toString(), /^(answer|authority): /m, line);
  }
});
