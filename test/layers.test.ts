// The layer table of docs/architecture.md, enforced: a file imports from its own folder or from one below it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repository } from './support/programs.ts';

/** From the bottom up; each folder may import from those before it and from itself. */
const LAYERS = ['base', 'wire', 'cdb', 'data', 'answer', 'stub', 'resolve', 'transfer', 'transport', 'log', 'program'];

/** Which folders may use which Node modules that reach outside the process. */
const SOCKETS = ['node:net', 'node:dgram', 'node:child_process', 'node:tls', 'node:http', 'node:dns'];

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/(?:^|\n)(?:import|export)[^;]*?from '([^']+)'|import\('([^']+)'\)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
}

for (const [rank, layer] of LAYERS.entries()) {
  const folder = `${repository}/src/${layer}`;
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    test(`src/${layer}/${name} imports only from its own layer and those below it`, () => {
      for (const specifier of importsOf(`${folder}/${name}`)) {
        const other = /^\.\.\/([a-z]+)\//.exec(specifier)?.[1];
        if (other) assert.ok(LAYERS.indexOf(other) < rank, `${specifier} is above ${layer}`);
        else if (specifier.startsWith('.')) assert.match(specifier, /^\.\/[a-z0-9-]+\.ts$/);
        if (SOCKETS.includes(specifier)) assert.equal(layer, 'transport', `${specifier} outside src/transport`);
      }
      const source = readFileSync(`${folder}/${name}`, 'utf8');
      if (rank < LAYERS.indexOf('transport')) assert.doesNotMatch(source, /\basync\b|setTimeout|setInterval/);
    });
  }
}

test('every folder of src has its place in the table', () => {
  assert.deepEqual(readdirSync(`${repository}/src`).sort(), [...LAYERS].sort());
});

test('the programs in bin are the programs of package.json', () => {
  const { bin } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as { bin: Record<string, string> };
  const files = readdirSync(`${repository}/bin`).map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(files.sort(), Object.keys(bin).sort());
});
