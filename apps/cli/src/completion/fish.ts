import { allCommands, type CommandNode, type OptionNode } from './command-tree';

/** A completion script for fish: commands and options with their descriptions. */
export function fishScript(root: CommandNode): string {
  const { name } = root;
  const lines = allCommands(root).flatMap((command) => [
    ...command.commands.map((inner) =>
      line(name, command, ['-f', '-a', quote(inner.name), '-d', quote(inner.description)]),
    ),
    ...command.options.map((option) => line(name, command, argumentsOf(option))),
  ]);
  return `# fish completion of ${name}: ${name} completion fish | source
function __${name}_at
  set -l words (string match -v -- '-*' (commandline -opc))[2..-1]
  set -l length (count $argv)
  test (count $words) -ge $length; and test "$words[1..$length]" = "$argv"
end
function __${name}_no_command
  test (count (string match -v -- '-*' (commandline -opc))) -eq 1
end
${lines.join('\n')}
`;
}

function line(program: string, { path }: CommandNode, rest: readonly string[]): string {
  const condition = path === '' ? `__${program}_no_command` : `__${program}_at ${path}`;
  return ['complete', '-c', program, '-n', quote(condition), ...rest].join(' ');
}

function argumentsOf({ flags, description, value, choices }: OptionNode): readonly string[] {
  const names = flags.flatMap((flag) => (flag.startsWith('--') ? ['-l', flag.slice(2)] : ['-s', flag.slice(1)]));
  const values = choices.length > 0 ? ['-x', '-a', quote(choices.join(' '))] : value === 'file' ? ['-r', '-F'] : ['-x'];
  return [...names, ...(value === 'none' ? [] : values), '-d', quote(description)];
}

/** One word of fish. */
function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
