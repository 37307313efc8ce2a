// The recipes of docs/recipes.md, pasted: each on a machine of its own, where another server stands at 198.51.100.1.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inMachine, needsMachine } from '../support/machine.ts';
import { repository } from '../support/programs.ts';

const page = readFileSync(`${repository}/docs/recipes.md`, 'utf8');

/** What the last lines of each recipe print. */
const PRINTED: Readonly<Record<string, RegExp>> = {
  'Other addresses inside than outside':
    /answer: www\.example\.com 86400 A 192\.0\.2\.80\nanswer: www\.example\.com 86400 A 192\.168\.0\.80\n$/,
  'A cache that asks another cache': /^192\.0\.2\.80 \n$/m,
  'A cache that knows inner zones': /^192\.168\.0\.80 \nwww\.example\.net\n$/m,
  'Two servers with the same data': /(answer: www\.example\.com 86400 A 192\.0\.2\.80\n){2}$/,
  'Is it alive?': /down: 111\n[\s\S]*up: 0\n$/,
};

const SETTING = `
sh scripts/install.sh '' /usr/local || exit 99
cp systemd/*@.service /etc/systemd/system/
ip address add 198.51.100.1/32 dev lo
mkdir /run/other && cd /run/other
cat >data <<DATA
.:198.51.100.1:a
+www.example.com:192.0.2.80
.example.net:198.51.100.1:a
.168.192.in-addr.arpa:198.51.100.1:a
=www.example.net:192.168.0.80
DATA
tinydns-data || exit 98
UNPRIVILEGED=1 ROOT=/run/other IP=198.51.100.1 tinydns >/dev/null 2>&1 &
cd /
`;

test('each recipe has what it prints in this test', () => {
  assert.deepEqual([...page.matchAll(/^## (.*)$/gm)].map((match) => match[1]).sort(), Object.keys(PRINTED).sort());
});

for (const [title, printed] of Object.entries(PRINTED)) {
  test(`pasted, the recipe does what it says: ${title}`, { skip: needsMachine('systemctl', 'make') }, () => {
    const text = page.slice(page.indexOf(`## ${title}`));
    const commands = /\n\n((?: {4}.*\n)+)/.exec(text)?.[1]?.replace(/^ {4}/gm, '') ?? '';
    const { stdout, stderr } = inMachine(`${SETTING}${commands}`, 'systemd');
    assert.match(stdout.toString(), printed, stderr);
  });
}
