import { Command } from 'commander';
import { COMMANDS } from '../program';
import type { Context } from './context';

const CONTEXT = { program: { name: 'taskrunner', version: '0' } } as Context;

// If a command is registered under another word, all commands are loaded for it, or it is missing where the other one is meant.
it.each(COMMANDS.flatMap(([word, load]) => (word === null ? [] : [{ word, load }])))(
  'what is loaded for the word $word is the command of that name',
  async ({ word, load }) => {
    const program = new Command();
    (await load())(program, CONTEXT);
    expect(program.commands.map((command) => command.name())).toEqual([word]);
  },
);
