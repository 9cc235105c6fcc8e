import { Argument, type Command } from 'commander';
import { bashScript } from '../completion/bash';
import { commandTree, type CommandNode } from '../completion/command-tree';
import { fishScript } from '../completion/fish';
import { powershellScript } from '../completion/powershell';
import { zshScript } from '../completion/zsh';
import { EXIT } from '../terminal/exit-code';
import type { Context } from './context';

const SHELLS: Readonly<Record<string, (root: CommandNode) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

export function registerCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'shell to print the script for').choices(Object.keys(SHELLS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: string) =>
      context.run(() => {
        const script = SHELLS[shell]?.(commandTree(program)) ?? '';
        context.terminal.print(script.trimEnd());
        return Promise.resolve(EXIT.OK);
      }),
    );
}

const EXAMPLES = `
Examples:
  source <(taskrunner completion bash)           # in ~/.bashrc
  source <(taskrunner completion zsh)            # in ~/.zshrc, after compinit
  taskrunner completion fish | source            # in config.fish
  taskrunner completion powershell | Out-String | Invoke-Expression   # in $PROFILE`;
