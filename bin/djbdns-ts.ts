#!/usr/bin/env node
// djbdns-ts: the package's name as a command, for `npx djbdns-ts dnsq a example.com 192.0.2.53`. Alone it lists the
// programs, each with the first line of its page.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UsageError } from '../src/base/errors.ts';
import { stdout } from '../src/base/output.ts';
import { run } from '../src/program/main.ts';

const OWN = 'djbdns-ts';

function programs(): string[] {
  const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.js'));
  return files.map((file) => file.slice(0, -3)).filter((name) => name !== OWN);
}

/** What the program does, in the words of its page. */
function about(name: string): string {
  const page = new URL(`../../docs/programs/${name}.md`, import.meta.url);
  return existsSync(page) ? (/ - (.*)/.exec(readFileSync(page, 'utf8'))?.[1] ?? '') : '';
}

function list(): void {
  const names = programs().sort();
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) stdout.putText(`${name.padEnd(width)}  ${about(name)}\n`);
  stdout.putText(`\n${OWN} PROGRAM --help says more about one.\n`);
}

const name = process.argv[2];
if (name !== undefined && !name.startsWith('-') && programs().includes(name)) {
  // The program finds its own name, the folder it was called from and its arguments, as if it had been started itself.
  const beside = join(dirname(process.argv[1] as string), name);
  process.argv.splice(1, 2, existsSync(beside) ? beside : new URL(`${name}.js`, import.meta.url).pathname);
  createRequire(import.meta.url)(`./${name}.js`);
} else {
  run(
    {
      name: OWN,
      synopsis: '[program [argument...]]',
      about: 'Runs one of the programs of djbdns, or lists them.',
    },
    (args) => {
      if (args.length > 0) throw new UsageError();
      list();
    },
  );
}
