// Completions: what is read from help texts, and what the shells themselves make of the files.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { bash, commandOf, fish, installedCommands, zsh } from '../../tools/completion.ts';
import { command, find, needs, repository, run, temporaryDirectory } from '../support/programs.ts';

const HELP = `Usage: x [options] type name

Options:
  -c, --connections <n>  with --listen: at most n connections
                         at a time (40)
  --edns [size]          send an OPT record
  --it's                 not an option
  -h, --help             print this and exit

Environment:
  --not                  an option
`;

test('options, their short forms, values and descriptions are read from a help text', () => {
  const { name, options, takesType } = commandOf('x', HELP);
  assert.deepEqual([name, takesType], ['x', true]);
  assert.deepEqual(
    options.map(({ long, short, hasValue }) => [long, short, hasValue]),
    [
      ['--connections', '-c', true],
      ['--edns', '', false],
      ['--help', '-h', false],
    ],
  );
  assert.equal(options[0]!.about, 'with --listen: at most n connections at a time (40)');
});

describe('with the programs as they are', () => {
  const commands = installedCommands();
  const folder = temporaryDirectory();
  mkdirSync(`${folder}/functions`);
  writeFileSync(`${folder}/bash`, bash(commands));
  writeFileSync(`${folder}/functions/_djbdns-ts`, zsh(commands));
  writeFileSync(`${folder}/fish`, fish(commands));

  test('every program is known, and has its options', () => {
    const { bin } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as { bin: Record<string, string> };
    assert.deepEqual(commands.map(({ name }) => name).sort(), Object.keys(bin).sort());
    for (const { name, options } of commands) {
      assert.ok(
        options.some(({ long, short }) => long === '--help' && short === '-h'),
        name,
      );
    }
    assert.ok(commands.find(({ name }) => name === 'dnsq')!.takesType);
  });

  /** What bash offers for the last of `words`. */
  function offered(...words: string[]): string[] {
    const script = `. ${folder}/bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _djbdns_ts; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = run(find('bash') as string, ['--norc', '-c', script, 'bash', ...words]);
    assert.equal(stderr, '');
    return stdout
      .toString()
      .split('\n')
      .filter((line) => line !== '');
  }

  test('bash completes options and types, and leaves other words to files', { skip: needs('bash') }, () => {
    assert.ok(offered('dnsq', '--').includes('--json'));
    assert.deepEqual(offered(command('dnsq'), '--js'), ['--json']);
    assert.deepEqual(offered('dnsq', '--json', 'htt'), ['https']);
    assert.deepEqual(offered('dnsq', '--timeout', '3', 'CA'), ['caa']);
    assert.deepEqual(offered('dnsq', '--timeout', 'a'), []);
    assert.deepEqual(offered('dnsq', 'a', 'a'), []);
    assert.deepEqual(offered('axfrdns', '--li'), ['--listen']);
    assert.deepEqual(offered('dnsip', 'a'), []);
  });

  test('zsh loads its file and defines what it completes', { skip: needs('zsh') }, () => {
    const script = `fpath=(${folder}/functions $fpath); autoload -U compinit; compinit -D -u; print -- $_comps[dnsq] $_comps[tinydns]`;
    const { stdout, stderr } = run(find('zsh') as string, ['-fc', script]);
    assert.deepEqual([stdout.toString(), stderr], ['_djbdns-ts _djbdns-ts\n', '']);
    assert.equal(run(find('zsh') as string, ['-fn', `${folder}/functions/_djbdns-ts`]).stderr, '');
  });

  test('fish completes options and types', { skip: needs('fish') }, () => {
    const ask = (line: string): string[] => {
      const script = `source ${folder}/fish; complete -C '${line}'`;
      const { stdout } = run(find('fish') as string, ['-N', '-c', script], { env: { HOME: folder } });
      return stdout
        .toString()
        .split('\n')
        .map((each) => each.split('\t')[0] as string);
    };
    assert.ok(ask('dnsq --js').includes('--json'));
    assert.ok(ask('dnsq htt').includes('https'));
  });
});
