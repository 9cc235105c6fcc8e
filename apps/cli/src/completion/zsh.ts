import { quote } from './bash';
import { allCommands, type CommandNode, type OptionNode } from './command-tree';

/** A completion script for zsh: commands and options with their descriptions. */
export function zshScript(root: CommandNode): string {
  const { name } = root;
  return `#compdef ${name}
# zsh completion of ${name}: source <(${name} completion zsh)
${allCommands(root)
  .map((command) => functionOf(name, command))
  .join('\n')}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function functionOf(program: string, command: CommandNode): string {
  const { commands } = command;
  const rules = command.options.map(ruleOf);
  if (commands.length === 0)
    return `${headOf(program, command)}\n  _arguments ${[...rules, quote('*:file:_files')].join(LINE)}\n}`;
  const described = commands.map(({ name, description }) => quote(`${colons(name)}:${description}`));
  const calls = commands.map((inner) => `        ${quote(inner.name)}) ${functionName(program, inner)} ;;`);
  return `${headOf(program, command)}
  local -a commands=(
    ${described.join('\n    ')}
  )
  local context state state_descr line
  typeset -A opt_args
  _arguments -C ${[...rules, quote('1:command:->command'), quote('*::argument:->argument')].join(LINE)}
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${calls.join('\n')}
      esac ;;
  esac
}`;
}

const LINE = ' \\\n    ';

const headOf = (program: string, command: CommandNode): string => `${functionName(program, command)}() {`;

const functionName = (program: string, { path }: CommandNode): string =>
  ['', program, ...(path === '' ? [] : path.split(' '))].join('_').replaceAll('-', '_');

function ruleOf({ flags, description, value, choices }: OptionNode): string {
  const text = `[${description.replaceAll(/[[\]\\:]/g, '\\$&')}]`;
  const values = choices.length > 0 ? `:value:(${choices.join(' ')})` : value === 'file' ? ':file:_files' : ':value: ';
  const rule = `${text}${value === 'none' ? '' : values}`;
  // Options may be repeated: which of them is meant to be is decided by the program.
  return flags.map((flag) => quote(`*${flag}${rule}`)).join(LINE);
}

const colons = (text: string): string => text.replaceAll(':', '\\:');
