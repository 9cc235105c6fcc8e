import { allCommands, type CommandNode } from './command-tree';

/** A completion script for bash 4 and later. Words that no rule completes are file names. */
export function bashScript(root: CommandNode): string {
  const commands = allCommands(root);
  const name = root.name;
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => quote(`/${path.replaceAll(' ', '/')}`));
  return `# bash completion of ${name}: source <(${name} completion bash)
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $path/$word in
      ${paths.join('|')}) path=$path/$word ;;
    esac
  done
  COMPREPLY=()
  case $path:$before in
${commands.flatMap(optionRules).join('\n')}
  esac
  local commands='' options=''
  case $path in
${commands.map(wordRule).join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n $commands ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
complete -o default -F _${name} ${name}
`;
}

/** What follows an option that takes a value. */
function optionRules({ path, options }: CommandNode): readonly string[] {
  return options
    .filter(({ value }) => value !== 'none')
    .map(({ flags, choices, value }) => {
      const patterns = flags.map((flag) => quote(`${placeOf(path)}:${flag}`)).join('|');
      const words = choices.length > 0 ? `COMPREPLY=($(compgen -W ${quote(choices.join(' '))} -- "$current")); ` : '';
      // Without a reply bash completes file names.
      const none = choices.length > 0 || value === 'file' ? '' : 'compopt +o default; ';
      return `    ${patterns}) ${words}${none}return ;;`;
    });
}

function wordRule({ path, commands, options }: CommandNode): string {
  const names = commands.map(({ name }) => name).join(' ');
  const flags = options.flatMap((option) => option.flags).join(' ');
  return `    ${quote(placeOf(path))}) commands=${quote(names)} options=${quote(flags)} ;;`;
}

const placeOf = (path: string): string => (path === '' ? '' : `/${path.replaceAll(' ', '/')}`);

/** One word of a POSIX shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
