// How every program begins and ends: --help and --version, djb's words for failures, exit codes. Counterpart:
// strerr_die.c and the tail of every main(). The only place that catches UsageError and Fatal.
import { existsSync, readFileSync } from 'node:fs';
import { Fatal, UsageError } from '../base/errors.ts';
import { stdout, writeAll } from '../base/output.ts';

/** What a program says about itself. */
export interface Program {
  name: string;
  /** Arguments as in the usage line: `type name server`. */
  synopsis: string;
  /** One sentence for --help. */
  about: string;
  /** Options of ours, which the original refuses or takes for something else; only `--json`-like flags and values. */
  options?: readonly ProgramOption[];
  /** More lines for --help: environment, files, exit codes. */
  notes?: string;
}

/** An option as commander writes it (`-c, --connections <n>`) and its one-line description. */
export type ProgramOption = readonly [flags: string, description: string];

/** The options given, by their long name in camel case; absent when not given. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Runs a program: prints help or the version, or calls `body` with the arguments and the options. `UsageError` ends
 * it with exit code 100, `Fatal` with its own, anything else is a bug: stack and 111. Output still buffered is lost on
 * failure and flushed on success. A body that returns a promise is waited for.
 */
export function run(program: Program, body: (args: string[], options: Options) => void | Promise<void>): void {
  const die = (error: unknown): never => exit(program, error);
  process.on('uncaughtException', die);
  try {
    const { args, options } = readOptions(program, process.argv.slice(2));
    const done = body(args, options);
    if (done) done.then(() => stdout.flush(), die);
    else stdout.flush();
  } catch (error) {
    die(error);
  }
}

function exit(program: Program, error: unknown): never {
  const { name } = program;
  if (error instanceof UsageError) {
    complain(`${name}: usage: ${error.message || `${name} ${program.synopsis}`.trim()}`);
    process.exit(100);
  }
  if (error instanceof Fatal) {
    complain(`${name}: fatal: ${error.message}`);
    process.exit(error.exitCode);
  }
  complain(`${name}: bug: ${error instanceof Error ? error.stack : String(error)}`);
  process.exit(111);
}

/** Writes a line of Latin-1 text to stderr; a reader that went away is ignored. */
export function complain(line: string): void {
  try {
    writeAll(2, Buffer.from(`${line}\n`, 'latin1'));
  } catch {
    // There is nobody left to tell.
  }
}

/**
 * Options come before the other arguments, and only those that the program declares, besides --help and --version as
 * the first argument: everything else is left in place for the program, because djb's programs take `-x` for a name.
 * Commander is loaded only when there is something for it to do (it costs 8 ms).
 */
function readOptions(program: Program, args: string[]): { args: string[]; options: Options } {
  const first = args[0];
  const isMeta = first === '--help' || first === '--version';
  if (!isMeta && !(program.options && first?.startsWith('-'))) return { args, options: {} };
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  const { Command } = require('commander') as typeof import('commander');
  const command = new Command(program.name);
  command.usage(`${program.options ? '[options] ' : ''}${program.synopsis}`.trim()).description(program.about);
  for (const [flags, description] of program.options ?? []) command.option(flags, description);
  command.helpOption('--help', 'print this and exit');
  command.version(`${program.name} ${packageVersion()}`, '--version', 'print the version and exit');
  if (program.notes) command.addHelpText('after', `\n${program.notes.trimEnd()}`);
  command.allowUnknownOption().allowExcessArguments().passThroughOptions().argument('[args...]');
  command.configureHelp({ visibleArguments: () => [] });
  command.exitOverride((status) => {
    if (status.exitCode === 0) process.exit(0);
    throw new UsageError(status.message.replace(/^error: /, ''));
  });
  command.configureOutput({ writeErr: () => {} });
  if (isMeta) command.parse([first as string], { from: 'user' });
  command.parse(args, { from: 'user' });
  return { args: command.args, options: command.opts() };
}

/** The version in the package's own package.json, the nearest one above this file. */
function packageVersion(): string {
  for (let dir = new URL('.', import.meta.url); dir.pathname !== '/'; dir = new URL('..', dir)) {
    const file = new URL('package.json', dir);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return 'unknown';
}
