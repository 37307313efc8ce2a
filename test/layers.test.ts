// The house of docs/architecture.md, enforced: a file imports from its own room or from one below it, and reaches out
// of the process only where its room may. Imports are seen in every spelling: `import`, `export from`, `import()`,
// `require()` and `process.getBuiltinModule()`.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repository } from './support/programs.ts';

/** The rooms of src, the lowest first. */
const ROOMS = [
  'base',
  'wire',
  'cdb',
  'data',
  'answer',
  'stub',
  'resolve',
  'transfer',
  'transport',
  'log',
  'program',
  'api',
];

/** What a room may use from outside src. A room that is not here uses nothing: it has no files, sockets or clocks. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  base: ['node:fs', 'node:os', 'node:module', 'node:crypto', 'koffi'],
  transport: ['node:fs', 'node:net', 'node:dgram', 'node:child_process', 'node:tls'],
  data: ['node:zlib'],
  resolve: ['node:fs'],
  transfer: ['node:crypto'],
  log: ['node:fs', 'node:path'],
  program: [
    'node:fs',
    'node:path',
    'node:os',
    'node:module',
    'node:tty',
    'node:v8',
    'node:timers/promises',
    'commander',
  ],
};

/** Of what is outside src, this reaches for nothing. */
const PURE = ['node:util'];

/** Rooms that know no time. */
const TIMELESS = ROOMS.slice(0, ROOMS.indexOf('transport'));

interface Import {
  readonly specifier: string;
  /** Only types are imported: nothing of it is there at run time. */
  readonly isType: boolean;
}

const SPELLINGS = [
  /(?:^|\n)(?:import|export)(?<type> type)?(?: [^;']*?from)? '(?<specifier>[^']+)'/g,
  /\b(?<type>typeof )?import\('(?<specifier>[^']+)'\)/g,
  /\b(?:require|getBuiltinModule)\('(?<specifier>[^']+)'\)/g,
];

function source(file: string): string {
  return readFileSync(`${repository}/${file}`, 'utf8');
}

function importsOf(text: string): Import[] {
  return SPELLINGS.flatMap((spelling) =>
    [...text.matchAll(spelling)].map(({ groups }) => ({
      specifier: groups?.['specifier'] ?? '',
      isType: Boolean(groups?.['type']),
    })),
  );
}

function filesIn(folder: string): string[] {
  return readdirSync(`${repository}/${folder}`)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
}

test('imports are seen in every spelling', () => {
  const text = `import { a } from '../a/a.ts';
import type { b } from './b.ts';
import {
  c,
} from 'c';
import 'd';
export { e } from './e.ts';
  const { f } = await import('./f.ts');
  let g: typeof import('g');
  const h = require('h');
  const { i } = process.getBuiltinModule('node:i');
`;
  const found = importsOf(text).map(({ specifier, isType }) => (isType ? `type ${specifier}` : specifier));
  const expected = ['../a/a.ts', 'type ./b.ts', 'c', 'd', './e.ts', './f.ts', 'type g', 'h', 'node:i'];
  assert.deepEqual(found.sort(), expected.sort());
});

for (const [rank, room] of ROOMS.entries()) {
  for (const file of filesIn(`src/${room}`)) {
    test(`${file} imports only from its own room and those below it`, () => {
      const text = source(file);
      for (const { specifier, isType } of importsOf(text)) {
        const other = /^\.\.\/([a-z]+)\/[a-z0-9-]+\.ts$/.exec(specifier)?.[1];
        if (other) assert.ok(ROOMS.indexOf(other) >= 0 && ROOMS.indexOf(other) < rank, `${specifier} is above ${room}`);
        else if (specifier.startsWith('.')) assert.match(specifier, /^\.\/[a-z0-9-]+\.ts$/);
        else if (!isType) assert.ok([...PURE, ...(OUTSIDE[room] ?? [])].includes(specifier), `${specifier} in ${room}`);
      }
      assert.doesNotMatch(text, /\b(?:import|require|getBuiltinModule)\((?!')/, 'what is imported cannot be seen');
      assert.doesNotMatch(text, /process\.binding|\bfetch\(|\bWebSocket\b/);
      if (TIMELESS.includes(room)) assert.doesNotMatch(text, /\basync\b|setTimeout|setInterval|setImmediate/);
    });
  }
}

test('every folder of src is a room', () => {
  assert.deepEqual(readdirSync(`${repository}/src`).sort(), [...ROOMS].sort());
});

test('the programs in bin are the programs of package.json', () => {
  const { bin } = JSON.parse(source('package.json')) as { bin: Record<string, string> };
  const files = filesIn('bin').map((file) => file.replace(/^bin\/|\.ts$/g, ''));
  assert.deepEqual(files.sort(), Object.keys(bin).sort());
});

/** The files of src that the file needs at run time, itself included. */
function needed(file: string, known: Set<string> = new Set()): Set<string> {
  if (known.has(file)) return known;
  known.add(file);
  for (const { specifier, isType } of importsOf(source(file))) {
    if (specifier.startsWith('.') && !isType) needed(new URL(specifier, `file:///${file}`).pathname.slice(1), known);
  }
  return known;
}

/** Programs, and rooms that they have no business in. */
const APART: readonly (readonly [programs: RegExp, rooms: readonly string[]])[] = [
  [/^(?:tinydns|rbldns|pickdns|walldns)$/, ['stub', 'resolve', 'transfer']],
  [/^dns(?:ip|ip6|ipq|ip6q|mx|name|q|qr|trace|txt|filter)$/, ['answer', 'resolve', 'transfer', 'cdb']],
  [/^dnscache$/, ['transfer', 'cdb']],
  [/^djbdns-ts$/, ROOMS.filter((room) => room !== 'base' && room !== 'program')],
  [/-data$|^tinydns-edit$|^tcprules/, ['answer', 'stub', 'resolve', 'transport', 'log']],
  [/^(?:tinydns|rbldns|pickdns)-data$|^tinydns-edit$|^tcprules/, ['transfer']],
  [/-conf$/, ['wire', 'cdb', 'answer', 'stub', 'resolve', 'transfer', 'transport', 'log']],
  [/^dnslog$|^tai64n/, ['cdb', 'answer', 'stub', 'resolve', 'transfer', 'transport']],
];

for (const file of filesIn('bin')) {
  const program = file.replace(/^bin\/|\.ts$/g, '');
  test(`${program} needs no room that it has no business in`, (t) => {
    const files = [...needed(file)].filter((name) => name.startsWith('src/'));
    const rooms = ROOMS.filter((room) => files.some((name) => name.startsWith(`src/${room}/`)));
    t.diagnostic(
      `${program}: ${rooms.map((room) => `${room} ${files.filter((name) => name.startsWith(`src/${room}/`)).length}`).join(', ')}`,
    );
    for (const [programs, apart] of APART) {
      if (programs.test(program))
        for (const room of apart) assert.ok(!rooms.includes(room), `${program} needs ${room}`);
    }
  });
}
