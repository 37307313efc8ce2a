// Links every compiled program in dist/bin with the modules it imports into one CommonJS file, in place: Node's module
// loader takes about half a millisecond for each ES module (measured: dnsq starts in 66 ms instead of 85 where
// `node -e 0` takes 54), and a program that has given up its root can load nothing from disk later. Runs after tsc.
// A module becomes a function that is called when it is first imported, so dynamic imports stay lazy. The modules keep
// their own import.meta.url. What this cannot translate (`export let`, `export *`, default exports, top-level await)
// is an error.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const top = dirname(fileURLToPath(import.meta.url));
const folder = `${top}/dist/bin`;

/** `{ a as b }` of an import or export to the other notation, `{ a: b }`. */
const destructured = (names) => names.replace(/ as /g, ': ');

function link(entry) {
  const modules = new Map(); // file -> { id, text }

  function load(file) {
    const known = modules.get(file);
    if (known) return known.id;
    const module = { id: `$${modules.size}`, text: '' };
    modules.set(file, module);
    module.text = translate(file, readFileSync(file, 'utf8'));
    return module.id;
  }

  /** The expression for what `specifier` exports. */
  function imported(file, specifier) {
    return specifier.startsWith('.') ? `${load(resolve(dirname(file), specifier))}()` : `require('${specifier}')`;
  }

  function translate(file, source) {
    const exported = [];
    const text = source
      .replace(/^#!.*\n/, '')
      .replace(/^\/\/# sourceMappingURL=.*$/m, '')
      .replace(/^import '([^']+)';$/gm, (_, from) => `${imported(file, from)};`)
      .replace(/^import \* as (\w+) from '([^']+)';$/gm, (_, name, from) => `const ${name} = ${imported(file, from)};`)
      .replace(/^import (\w+) from '([^'.][^']*)';$/gm, (_, name, from) => `const ${name} = ${imported(file, from)};`)
      .replace(/^import (\{[^}]*\}) from '([^']+)';$/gm, (_, names, from) => {
        return `const ${destructured(names)} = ${imported(file, from)};`;
      })
      .replace(/^export (\{[^}]*\}) from '([^']+)';$/gm, (_, names, from) => {
        const own = [...names.matchAll(/(\w+)(?: as (\w+))?/g)];
        for (const [, name, as] of own) exported.push(`${as ?? name}: ${imported(file, from)}.${name}`);
        return '';
      })
      .replace(/^export \{([^}]*)\};$/gm, (_, names) => {
        exported.push(...names.split(',').map((name) => name.trim().replace(/(\w+) as (\w+)/, '$2: $1')));
        return '';
      })
      .replace(/^export ((?:async )?function\*?|class|const) (\w+)/gm, (_, kind, name) => {
        exported.push(name);
        return `${kind} ${name}`;
      })
      .replace(/\bimport\('(\.[^']+)'\)/g, (_, from) => {
        return `Promise.resolve().then(() => ${imported(file, from)})`;
      })
      .replace(/\bimport\.meta\.url\b/g, () => {
        return `$url('${relative(folder, file)}')`;
      });
    const left = /^(?:import|export)\b.*$/m.exec(text);
    if (left) throw new Error(`${file}: cannot link: ${left[0]}`);
    return `${text.trim()}\nreturn { ${exported.filter((name) => name).join(', ')} };`;
  }

  const id = load(entry);
  const parts = [...modules].map(([file, module]) => {
    const name = relative(`${top}/dist`, file);
    return `// ${name}\nconst ${module.id} = $once(() => {\n${module.text}\n});\n`;
  });
  return `#!/usr/bin/env node
'use strict';
const $once = (make) => {
  let made;
  return () => (made ??= make());
};
const $url = (path) => new URL(path, require('node:url').pathToFileURL(__filename)).href;
${parts.join('')}${id}();
`;
}

const { name, version } = JSON.parse(readFileSync(`${top}/package.json`, 'utf8'));
const programs = readdirSync(folder).filter((file) => file.endsWith('.js'));
// All are read before the first is replaced, so that one program may import another.
const linked = programs.map((file) => [`${folder}/${file}`, link(`${folder}/${file}`)]);
for (const [file, text] of linked) {
  new Script(text.replace(/^#!.*/, ''), { filename: file }); // a syntax error shows here, not at the first use
  writeFileSync(file, text);
}
writeFileSync(`${folder}/package.json`, `${JSON.stringify({ name, version, type: 'commonjs' })}\n`);
