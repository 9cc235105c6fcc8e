import { Command, Help } from 'commander';
import { COMMANDS } from '../program';
import type { Context } from '../commands/context';
import { completeHelp } from './complete-help';
import { EXAMPLES } from './examples';
import { registerSummaries, SUMMARIES } from './summaries';

const CONTEXT = { program: { name: 'taskrunner', version: '0' } } as Context;
/** Has examples of its own: a line for each shell. */
const OWN_EXAMPLES = ['completion'];

function allOf(command: Command, above: readonly string[] = []): readonly (readonly [string, Command])[] {
  return command.commands.flatMap((inner) => {
    const words = [...above, inner.name()];
    return [[words.join(' '), inner] as const, ...allOf(inner, words)];
  });
}

describe('the help', () => {
  const program = new Command('taskrunner');
  let all: readonly (readonly [string, Command])[] = [];
  beforeAll(async () => {
    for (const [, load] of COMMANDS) (await load())(program, CONTEXT);
    completeHelp(program);
    all = allOf(program);
  });

  it('of the program has each command as the command describes itself', () => {
    const help = new Help();
    expect(SUMMARIES).toEqual(program.commands.map((one) => [help.subcommandTerm(one), one.description()]));
    const summary = new Command('taskrunner');
    registerSummaries(summary);
    expect(summary.commands.map((one) => help.subcommandTerm(one))).toEqual(SUMMARIES.map(([term]) => term));
  });

  it('explains every argument of every command', () => {
    const unexplained = all.flatMap(([words, command]) =>
      command.registeredArguments
        .filter(({ description }) => description === '')
        .map((one) => `${words} <${one.name()}>`),
    );
    expect(unexplained).toEqual([]);
  });

  it('has two examples of every command, with options that the command has', () => {
    const acting = all.filter(([words, { commands }]) => commands.length === 0 || ['dev', 'maintain'].includes(words));
    const without = acting.map(([words]) => words).filter((words) => !OWN_EXAMPLES.includes(words));
    expect(Object.keys(EXAMPLES).sort()).toEqual(without.sort());
    for (const [words, command] of acting)
      for (const example of EXAMPLES[words] ?? []) {
        expect(`${example} `).toMatch(new RegExp(`^${words} `));
        const known = command.options.flatMap(({ short, long }) => [short, long]);
        for (const flag of example.match(/(?<=\s)--?[a-z][a-z-]*/g) ?? []) expect(known).toContain(flag);
        for (const { mandatory, long } of command.options) if (mandatory) expect(example).toContain(`${long} `);
      }
  });
});
