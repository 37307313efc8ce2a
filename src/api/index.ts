// What `import 'djbdns-ts'` finds. There is no one module for everything: a program that reads a cdb loads no more than
// that. Importing this one says which others there are.

const MODULES = ['tinydns', 'message', 'cdb', 'tai64', 'wire/name', 'wire/reader', 'wire/writer', 'wire/type'];

throw new Error(
  `djbdns-ts has no main module. Import the part that you need: ${MODULES.map((name) => `djbdns-ts/${name}`).join(', ')}. ` +
    'They are described in docs/api.md of the package. Its commands: npx djbdns-ts',
);
