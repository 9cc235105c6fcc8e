import { Command } from 'commander';
import { COMMANDS } from '../program';
import type { Context } from './context';

const CONTEXT = { program: { name: 'taskrunner', version: '0' } } as Context;

// If a command is registered under another word, all commands are loaded for it, or it is missing where the other one is meant.
it.each(COMMANDS.map(([words, load]) => ({ words, load })))(
  'what is loaded for the words $words is the commands of these names',
  async ({ words, load }) => {
    const program = new Command();
    (await load())(program, CONTEXT);
    expect(program.commands.map((command) => command.name())).toEqual(words);
  },
);
