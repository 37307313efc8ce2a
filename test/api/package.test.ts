// The package as an import: the examples of docs/api.md print what stands below them, and every part has types.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { repository, run, temporaryDirectory } from '../support/programs.ts';

/** A folder in which `djbdns-ts` is installed; `alone`: as `npm install --omit=optional` has it, and less. */
function project(alone = false): string {
  const folder = temporaryDirectory();
  const installed = `${folder}/node_modules/djbdns-ts`;
  mkdirSync(`${folder}/node_modules`);
  if (alone) {
    cpSync(`${repository}/dist/src`, `${installed}/dist/src`, { recursive: true });
    cpSync(`${repository}/package.json`, `${installed}/package.json`);
  } else symlinkSync(repository, installed);
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }\n');
  return folder;
}

const page = readFileSync(`${repository}/docs/api.md`, 'utf8');
const examples = [...page.matchAll(/^## (.*)\n[\s\S]*?```js\n([\s\S]*?)```\n\n```\n([\s\S]*?)```\n/gm)];

test('every example of the page on the library prints what it says, without any other package', () => {
  assert.equal(examples.length, page.match(/```js/g)?.length);
  const folder = project(true);
  for (const [, title, code, expected] of examples) {
    writeFileSync(`${folder}/example.js`, code as string);
    const { code: exit, stdout, stderr } = run(process.execPath, ['example.js'], { cwd: folder });
    assert.deepEqual([exit, stderr, stdout.toString()], [0, '', expected], title);
  }
});

const { exports: parts } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as {
  exports: Record<string, string>;
};
const names = Object.keys(parts).map((part) => part.replace('.', 'djbdns-ts'));
const modules = names.filter((name) => name !== 'djbdns-ts' && !name.endsWith('.json'));

test('every part is imported, and required, by its name; the page speaks of each', () => {
  for (const name of modules) {
    const short = name.replace('djbdns-ts/wire', '');
    assert.ok(page.includes(`\`${name}\``) || page.includes(`\`${short}\``), name);
  }
  const folder = project();
  const both = modules.map((name) => `await import('${name}'); require('${name}');`).join('\n');
  const script = `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${both}`;
  writeFileSync(`${folder}/all.js`, `${script}\nconsole.log(require('djbdns-ts/package.json').name);`);
  const { stdout, stderr } = run(process.execPath, ['--no-warnings', 'all.js'], { cwd: folder });
  assert.deepEqual([stdout.toString(), stderr], ['djbdns-ts\n', '']);
});

test('compilers that know no exports find the types of every part too', () => {
  const { typesVersions } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as {
    typesVersions: Record<string, Record<string, string[]>>;
  };
  const expected = modules.map((name) => {
    const part = name.replace('djbdns-ts/', '');
    return [part, [(parts[`./${part}`] as string).slice(2).replace(/\.js$/, '.d.ts')]];
  });
  assert.deepEqual(typesVersions, { '*': Object.fromEntries(expected) });
});

test('the package itself, imported, says which parts there are', () => {
  const folder = project();
  writeFileSync(`${folder}/bare.js`, "import 'djbdns-ts';\n");
  const { code, stderr } = run(process.execPath, ['bare.js'], { cwd: folder });
  assert.equal(code, 1);
  assert.match(stderr, /djbdns-ts has no main module.*docs\/api\.md/);
  for (const [name] of stderr.matchAll(/djbdns-ts\/[a-z0-9/]+(?=[,.] )/g)) assert.ok(modules.includes(name), name);
});

for (const resolution of ['node16', 'nodenext', 'bundler']) {
  test(`the types of every part are found and hold together, moduleResolution ${resolution}`, () => {
    const folder = project();
    const imports = modules.map((name, i) => `import * as m${i} from '${name}';\nexport type T${i} = typeof m${i};\n`);
    const use =
      "import { decode } from 'djbdns-ts/message';\nexport const id: number = decode(new Uint8Array(0))!.id;\n";
    writeFileSync(`${folder}/types.ts`, `${imports.join('')}${use}`);
    const module = resolution === 'bundler' ? 'esnext' : resolution;
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      module,
      '--moduleResolution',
      resolution,
    ];
    const types = ['--skipLibCheck', 'false', '--types', 'node', '--typeRoots', `${repository}/node_modules/@types`];
    const tsc = `${repository}/node_modules/.bin/tsc`;
    const { code, stdout } = run(tsc, [...options, ...types, 'types.ts'], { cwd: folder, timeout: 120000 });
    assert.deepEqual([stdout.toString(), code], ['', 0]);
  });
}
