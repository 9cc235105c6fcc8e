import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { registerCompletion } from '../commands/completion.command';
import type { Context } from '../commands/context';
import { COMMANDS } from '../program';
import { bashScript } from './bash';
import { allCommands, commandTree, type CommandNode } from './command-tree';
import { fishScript } from './fish';
import { powershellScript } from './powershell';
import { zshScript } from './zsh';

const CONTEXT = { program: { name: 'taskrunner', version: '0' } } as Context;

async function everyCommand(): Promise<CommandNode> {
  const program = new Command('taskrunner').version('0');
  for (const [, load] of COMMANDS) (await load())(program, CONTEXT);
  return commandTree(program);
}

/** What bash offers for the last word of a line. */
function completed(script: string, ...words: readonly string[]): readonly string[] {
  const program = `${script}
compopt() { :; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _taskrunner; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync('bash', ['-c', program, 'bash', 'taskrunner', ...words], { encoding: 'utf8' });
  return printed.split('\n').filter((line) => line !== '');
}

describe('completion of the command line', () => {
  it('of bash offers commands, their commands, options, and the values of an option', async () => {
    const script = bashScript(await everyCommand());
    expect(completed(script, 'wh')).toEqual(['whoami']);
    expect(completed(script, 'pack', 'si')).toEqual(['sign']);
    expect(completed(script, 'pack', 'sign', '--k')).toEqual(['--key']);
    expect(completed(script, 'run', 'some-pack', '--output', '')).toEqual(['text', 'ndjson']);
    // File names are left to bash.
    expect(completed(script, 'validate', 'RE')).toEqual([]);
    expect(completed(script, '')).toContain('completion');
  });

  it.each([
    ['bash', bashScript],
    ['zsh', zshScript],
    ['fish', fishScript],
    ['powershell', powershellScript],
  ])('of %s names every command and every option', async (_, print) => {
    const root = await everyCommand();
    const script = print(root);
    for (const { name, options } of allCommands(root)) {
      expect(script).toContain(name);
      for (const { flags } of options)
        for (const flag of flags) expect(script).toContain(print === fishScript ? flag.replace(/^-+/, '') : flag);
    }
  });

  it('quotes descriptions', () => {
    const program = new Command('taskrunner').option('--a <file>', `it's [a]: $(x) \`y\` "z" \\`);
    registerCompletion(program, CONTEXT);
    const tree = commandTree(program);
    expect(bashScript(tree)).not.toContain('$(x)');
    expect(zshScript(tree)).toContain(`'*--a[it'\\''s \\[a\\]\\: $(x) \`y\` "z" \\\\]:file:_files'`);
    expect(fishScript(tree)).toContain(`-d 'it\\'s [a]: $(x) \`y\` "z" \\\\'`);
    expect(powershellScript(tree)).toContain(`@('--a', 'it''s [a]: $(x) \`y\` "z" \\')`);
  });
});
