// How every program begins and ends: --help (or -h alone) and --version, djb's words for failures, exit codes.
// Counterpart: strerr_die.c and the tail of every main(). The only place that catches UsageError and Fatal.
import { readFileSync } from 'node:fs';
import { Fatal, UsageError } from '../base/errors.ts';
import { stdout, writeAll } from '../base/output.ts';
import { packageFile } from './package-file.ts';

/** What a program says about itself. */
export interface Program {
  name: string;
  /** Arguments as in the usage line: `type name server`. */
  synopsis: string;
  /** The arguments end with another program's name and arguments, which may be anything. */
  endsWithCommand?: boolean;
  /** One sentence for --help. */
  about: string;
  /**
   * Options of ours, which the original refuses or takes for something else. `--x [y]` is given as `--x` or `--x=y`.
   */
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
  endOnSigusr1();
  try {
    const { args, options } = readOptions(program, process.argv.slice(2));
    if (options['json']) stdout.mustWrite();
    const done = body(args, options);
    if (done) done.then(() => stdout.flush(), die);
    else stdout.flush();
  } catch (error) {
    die(error);
  }
}

/**
 * SIGUSR1 ends the program, as it ends the original. Node's own handler would open a debugger that every user of the
 * machine can speak to; listening and not listening any more leaves the system's default in its place.
 */
function endOnSigusr1(): void {
  const nothing = (): void => {};
  process.on('SIGUSR1', nothing);
  process.off('SIGUSR1', nothing);
}

function exit(program: Program, error: unknown): never {
  const { name } = program;
  if (error instanceof UsageError) {
    complain(`${name}: usage: ${error.message || usageLine(program)}`);
    if (isTerminal(2)) complain(`${name}: try ${name} --help`); // scripts and logs see the original's line only
    process.exit(100);
  }
  if (error instanceof Fatal) {
    complain(`${name}: fatal: ${error.message}`);
    process.exit(error.exitCode);
  }
  complain(`${name}: bug: ${error instanceof Error ? error.stack : String(error)}`);
  process.exit(111);
}

function usageLine({ name, synopsis }: Program): string {
  return `${name} ${synopsis}`.trim();
}

/** True when the descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return process.getBuiltinModule('node:tty').isatty(fd);
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
 * the first argument and -h as the only one: everything else is left in place for the program, because djb's programs
 * take `-x` for a name. Words like `--listen` that are no option of the program, or stand where options do not, are
 * refused: the originals knew none, so nobody means a name or a file by them. Commander is loaded only when there is
 * something for it to do (it costs 8 ms).
 */
function readOptions(program: Program, words: string[]): { args: string[]; options: Options } {
  const read = words[0]?.startsWith('-') ? parseOptions(program, words) : { args: words, options: {} };
  const ours = program.endsWithCommand ? read.args.slice(0, 1) : read.args;
  const stray = ours.find((word) => /^--[a-z]/i.test(word));
  if (stray) throw new UsageError(`${usageLine(program)} (unknown option ${stray}; see ${program.name} --help)`);
  return read;
}

function parseOptions(program: Program, args: string[]): { args: string[]; options: Options } {
  const [first] = args;
  const isHelp = first === '--help' || (first === '-h' && args.length === 1);
  const isMeta = isHelp || first === '--version';
  if (!isMeta && !program.options) return { args, options: {} };
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  const { Command } = require('commander') as typeof import('commander');
  const command = new Command(program.name);
  command
    .usage(`${program.options ? '[options] ' : ''}${program.synopsis}`.trim() || '[options]')
    .description(program.about);
  for (const [flags, description] of program.options ?? []) command.option(flags, description);
  command.helpOption(isMeta ? '-h, --help' : '--help', 'print this and exit'); // -h with more is a name
  command.version(`${program.name} ${packageVersion()}`, '--version', 'print the version and exit');
  const notes = program.notes ? `\n${program.notes.trim()}\n` : '';
  command.addHelpText('after', `${notes}\nThe whole story: man ${program.name}`);
  command.allowUnknownOption().allowExcessArguments().passThroughOptions().argument('[args...]');
  command.configureHelp({ visibleArguments: () => [] });
  command.exitOverride((status) => {
    if (status.exitCode === 0) process.exit(0);
    throw new UsageError(status.message.replace(/^error: /, ''));
  });
  command.configureOutput({ writeErr: () => {} });
  if (isMeta) command.parse([isHelp ? '--help' : '--version'], { from: 'user' });
  command.parse(
    args.map((word) => (takesPart(program, word) ? `${word}=` : word)),
    { from: 'user' },
  );
  return { args: command.args, options: command.opts() };
}

/** True for an option whose value may be left out: it takes it with `=` only, never the next argument. */
function takesPart({ options = [] }: Program, word: string): boolean {
  return options.some(([flags]) => flags.startsWith(`${word} [`));
}

/** The version in the package's own package.json. */
function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}
