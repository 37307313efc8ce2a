// dnslog's reports as a terminal shows them, letter by letter: test/log/screens has what is expected. The terminal is
// tmux's. `SCREENS=write` writes the files anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';

const START = 0x37c219bf;

function label(milliseconds: number): string {
  const seconds = START + Math.floor(milliseconds / 1000);
  const nanoseconds = (milliseconds % 1000) * 1_000_000;
  return `@40000000${seconds.toString(16)}${nanoseconds.toString(16).padStart(8, '0')}`;
}

/** An hour of a content server that logs results: more and more queries, some for names that do not exist. */
function contentLog(): string {
  const lines = [`${label(0)} starting tinydns`];
  for (let i = 0; i < 900; i++) {
    const at = Math.floor(3_600_000 * Math.sqrt(i / 900));
    const client = `c00002${(i % 7).toString(16).padStart(2, '0')}`;
    const type = ['0001', '001c', '0001', '000f', '0010'][i % 5];
    const result = i % 9 === 4 ? 'NXDOMAIN 104' : i % 50 === 3 ? 'NOERROR 512 TC' : `NOERROR ${60 + (i % 40)}`;
    const name = i % 9 === 4 ? `typo-${i % 30}.example.com` : `${['www', 'mail', 'ns1'][i % 3]}.example.com`;
    if (i % 31 === 30) lines.push(`${label(at)} ${client}:8000:0001 - ${type} www.example.net`);
    else lines.push(`${label(at)} ${client}:8000:${i.toString(16).padStart(4, '0')} + ${type} ${name} ${result}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The same hour of dnscache: two of three answers come from the cache, some names fail. */
function cacheLog(): string {
  const lines = [`${label(0)} starting`];
  for (let i = 1; i <= 300; i++) {
    const at = 12_000 * i;
    const name = `host-${i % 23}.example.org.`;
    lines.push(`${label(at)} query ${i} 7f000001:${(4096 + i).toString(16)}:0001 1 ${name}`);
    if (i % 3 !== 0) lines.push(`${label(at)} cached 1 ${name}`);
    else lines.push(`${label(at)} tx 0 1 ${name} example.org. c6336401 20010db8000000000000000000000053`);
    const took = i % 3 !== 0 ? 0 : 1 + ((i * 37) % 480);
    if (i % 30 === 0) lines.push(`${label(at + took)} servfail ${name} input/output error`);
    else if (i % 3 === 0) lines.push(`${label(at + took)} rr c6336401 300 1 ${name} c0000201`);
    lines.push(`${label(at + took)} sent ${i} ${40 + (i % 20)}`);
  }
  lines.push(`${label(3_600_900)} stats 300 20480 1 0`);
  return `${lines.join('\n')}\n`;
}

const directory = temporaryDirectory();
writeFileSync(`${directory}/tinydns`, contentLog());
writeFileSync(`${directory}/dnscache`, cacheLog());
writeFileSync(`${directory}/short`, `${contentLog().split('\n').slice(0, 8).join('\n')}\n${cacheLog().slice(0, 900)}`);

const BOTH = `${directory}/tinydns ${directory}/dnscache`;

/** What is run, and a text that is there when it has drawn. */
const REPORTS: readonly (readonly [name: string, args: string, until: RegExp])[] = [
  ['lines', `--color never ${directory}/short`, /\$$/],
  ['services', `--color never --type mx --since '1999-08-24 05:03:30' ${BOTH}`, /\$$/],
  ['stats', `--color never --stats ${BOTH}`, /\$$/],
  ['live', `--color never --stats --follow ${BOTH}`, /Names/],
];

const skip = needs('tmux');

/** The screen of a terminal in which dnslog has been run. */
async function screenOf(t: TestContext, args: string, until: RegExp, width: number, height: number): Promise<string> {
  const socket = `${temporaryDirectory()}/tmux`;
  const config = `${temporaryDirectory()}/tmux.conf`;
  writeFileSync(config, 'set -g status off\nset -g default-terminal screen\nset -g default-shell /bin/sh\n');
  const tmux = (...args: string[]) => run(find('tmux')!, ['-u', '-S', socket, '-f', config, ...args], ENVIRONMENT);
  t.after(() => tmux('kill-server'));
  const shell = `PS1='$ ' exec sh -c '${command('dnslog').replaceAll("'", '')} ${args.replaceAll("'", '"')}; printf "\\$ "; sleep 600'`;
  const started = tmux('new-session', '-d', '-x', String(width), '-y', String(height), shell);
  assert.deepEqual([started.code, started.stderr], [0, '']);
  let screen = '';
  for (let i = 0; i < 400; i++) {
    const before = screen;
    screen = tmux('capture-pane', '-p').stdout.toString('utf8');
    if (screen === before && until.test(screen.trimEnd())) break;
    await sleep(50);
  }
  return screen.replaceAll(`${directory}/`, '');
}

const ENVIRONMENT = { env: { TZ: 'UTC', LANG: 'C.UTF-8', HOME: '/', TERM: 'screen' } };

for (const [width, height] of [
  [80, 24],
  [200, 50],
] as const) {
  for (const [name, args, until] of REPORTS) {
    test(`${name} on a terminal of ${width} columns and ${height} lines`, { skip }, async (t) => {
      const screen = await screenOf(t, args, until, width, height);
      const file = `${repository}/test/log/screens/${name}-${width}x${height}.txt`;
      if (process.env['SCREENS'] === 'write') writeFileSync(file, screen);
      assert.equal(screen, readFileSync(file, 'utf8'));
    });
  }
}
