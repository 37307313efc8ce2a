// What a file of src exports is used by another file. Types are not looked at: they document what functions take and
// give.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repository } from './support/programs.ts';

const EXPORT = /^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm;

const sources = ['src', 'bin', 'test', 'bench', 'tools', 'soak'].flatMap((folder) =>
  readdirSync(`${repository}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ file: `${folder}/${name}`, text: readFileSync(`${repository}/${folder}/${name}`, 'utf8') })),
);

/** Files that users of the package import. */
const published = Object.values(
  (JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as { exports: Record<string, unknown> }).exports,
).map((target) => JSON.stringify(target));

/** How many files use each word. */
const users = new Map<string, number>();
for (const { text } of sources) {
  for (const word of new Set(text.match(/\w+/g))) users.set(word, (users.get(word) ?? 0) + 1);
}

test('there are exports to look at', () => {
  assert.ok(sources.reduce((count, { text }) => count + [...text.matchAll(EXPORT)].length, 0) > 300);
});

test('every function, class and value that is exported is used in another file, or is for users of the package', () => {
  const dead = sources.flatMap(({ file, text }) => {
    const isPublished = published.some((target) => target.includes(file.replace(/\.ts$/, '.js')));
    if (!file.startsWith('src/') || isPublished) return [];
    return [...text.matchAll(EXPORT)].flatMap(([, name]) => (users.get(name!) === 1 ? [`${file}: ${name}`] : []));
  });
  assert.deepEqual(dead, []);
});
