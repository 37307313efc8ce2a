// The package's own files at run time: package.json, share/.
import { existsSync } from 'node:fs';
import { Fatal } from '../base/errors.ts';

/** The nearest file of this name above the running program. Fatal when the package is not whole. */
export function packageFile(name: string): URL {
  for (let folder = new URL('.', import.meta.url); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const file = new URL(name, folder);
    if (existsSync(file)) return file;
  }
  throw new Fatal(`unable to find ${name} of this package`);
}
