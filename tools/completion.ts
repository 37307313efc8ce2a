// Makes what shells complete the programs' arguments by, from what every program's --help says of its options:
// `node dist/tools/completion.js FOLDER` writes FOLDER/bash, FOLDER/zsh and FOLDER/fish. Options complete after a
// hyphen; where a program takes a record type first, its name completes too.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { typeName } from '../src/wire/type.ts';

/** One option as --help describes it. */
interface Option {
  /** `--json`; `-c` where it has a short form. */
  long: string;
  short: string;
  /** It is followed by a value. */
  hasValue: boolean;
  about: string;
}

interface Command {
  name: string;
  options: Option[];
  /** The first argument is a record type. */
  takesType: boolean;
}

const OPTION = /^ {2}(?:(-\w), )?(--[a-z][a-z0-9-]*)( <\w+>)?(?: \[\w+\])?(?: {2,}(.*))?$/;

/** What a program's help text says. */
export function commandOf(name: string, help: string): Command {
  const options: Option[] = [];
  const lines = help.split('\n');
  for (const line of lines.slice(lines.indexOf('Options:') + 1)) {
    if (line === '') break;
    const [, short = '', long, value, about = ''] = OPTION.exec(line) ?? [];
    const last = options.at(-1);
    if (long) options.push({ long, short, hasValue: value !== undefined, about });
    else if (last) last.about += `${last.about ? ' ' : ''}${line.trim()}`;
  }
  return { name, options, takesType: /^Usage: \S+ (?:\[options\] )?type name/.test(help) };
}

/** All types with a name, in lower case. */
export function typeNames(): string[] {
  const names = Array.from({ length: 65536 }, (_, type) => typeName(type)).filter((name) => !/^TYPE\d/.test(name));
  return names.map((name) => name.toLowerCase());
}

/** For bash-completion: one function for all programs. */
export function bash(commands: readonly Command[]): string {
  const cases = commands.map(({ name, options, takesType }) => {
    const words = options.map(({ long }) => long).join(' ');
    const valued = options
      .filter(({ hasValue }) => hasValue)
      .flatMap(({ long, short }) => (short ? [long, short] : long));
    return `    ${name}) options='${words}' valued='${valued.join(' ')}'${takesType ? ' types=1' : ''} ;;`;
  });
  return `# bash completion for djbdns-ts
_djbdns_ts() {
  local word=\${COMP_WORDS[COMP_CWORD]} options= valued= types= i first=1
  case \${COMP_WORDS[0]##*/} in
${cases.join('\n')}
  esac
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      -*) case " $valued " in *" \${COMP_WORDS[i]} "*) i=$((i + 1)) ;; esac ;;
      *) first= ;;
    esac
  done
  [ $i -eq $COMP_CWORD ] || return 0
  if [ "\${word#-}" != "$word" ]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [ "$types" ] && [ "$first" ]; then
    COMPREPLY=($(compgen -W '${typeNames().join(' ')}' -- "\${word,,}"))
  fi
}
complete -o default -F _djbdns_ts ${commands.map(({ name }) => name).join(' ')}
`;
}

/** For zsh: a file of its function path. */
export function zsh(commands: readonly Command[]): string {
  const cases = commands.map(({ name, options, takesType }) => {
    const specs = options.flatMap(({ long, short, hasValue, about }) =>
      [long, short]
        .filter(Boolean)
        .map((flag) => quoted(`${flag}[${about.replace(/[[\]\\]/g, '\\$&')}]${hasValue ? ':value:' : ''}`)),
    );
    const words = takesType ? [quoted(`1:type:(${typeNames().join(' ')})`), "'*:: :_default'"] : ["'*:: :_default'"];
    return `  ${name}) _arguments ${[...specs, ...words].join(' ')} ;;`;
  });
  return `#compdef ${commands.map(({ name }) => name).join(' ')}
case $service in
${cases.join('\n')}
esac
`;
}

/** For fish: commands that its vendor folder reads at the start. */
export function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap(({ name, options, takesType }) => [
    ...options.map(({ long, short, hasValue, about }) => {
      const flags = `-l ${long.slice(2)}${short ? ` -s ${short.slice(1)}` : ''}${hasValue ? ' -x' : ''}`;
      return `complete -c ${name} ${flags} -d ${quoted(about)}`;
    }),
    ...(takesType ? [`complete -c ${name} -n __fish_is_first_token -a ${quoted(typeNames().join(' '))}`] : []),
  ]);
  return `# fish completion for djbdns-ts\n${lines.join('\n')}\n`;
}

/** For all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '')}'`;
}

/** Every program of dist/bin, asked for its help. */
export function installedCommands(): Command[] {
  const folder = new URL('../bin/', import.meta.url).pathname;
  const names = readdirSync(folder).filter((file) => file.endsWith('.js'));
  return names.map((file) => {
    const { stdout } = spawnSync(`${folder}${file}`, ['--help'], { encoding: 'utf8' });
    return commandOf(file.slice(0, -3), stdout);
  });
}

const folder = process.argv[2];
if (process.argv[1]?.endsWith('tools/completion.js') && folder) {
  const commands = installedCommands();
  mkdirSync(folder, { recursive: true });
  for (const [shell, make] of Object.entries({ bash, zsh, fish })) {
    writeFileSync(`${folder}/${shell}.${process.pid}`, make(commands));
    renameSync(`${folder}/${shell}.${process.pid}`, `${folder}/${shell}`);
  }
}
