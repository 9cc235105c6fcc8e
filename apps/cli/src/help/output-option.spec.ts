import { Command } from 'commander';
import { COMMANDS } from '../program';
import type { Context } from '../commands/context';

const CONTEXT = { program: { name: 'taskrunner', version: '0' } } as Context;

/** Commands that print a document in a format of its own. */
const DOCUMENTS = [
  ...['graph', 'inspect', 'audit export', 'audit checkpoints', 'key', 'config sample', 'dev', 'dev token', 'schema'],
  ...['completion', 'serve'],
];

function leaves(command: Command, above: readonly string[] = []): readonly (readonly [string, Command])[] {
  return command.commands.flatMap((inner) => {
    const words = [...above, inner.name()];
    // A group has no action of its own, except those that also act by themselves.
    const own = inner.commands.length === 0 || ['dev', 'maintain'].includes(words.join(' '));
    return [...(own ? [[words.join(' '), inner] as const] : []), ...leaves(inner, words)];
  });
}

describe('the output of commands', () => {
  const program = new Command('taskrunner');
  beforeAll(async () => {
    for (const [, load] of COMMANDS) (await load())(program, CONTEXT);
  });

  it('has the same formats in every command that prints facts', () => {
    const all = leaves(program);
    expect(all.length).toBeGreaterThan(40);
    const formats = all.map(([words, command]) => [
      words,
      command.options.find(({ long }) => long === '--output')?.argChoices ?? null,
    ]);
    const expected = all.map(([words]) => [
      words,
      DOCUMENTS.includes(words) ? null : ['table', 'json', 'ndjson', 'text'],
    ]);
    expect(formats).toEqual(expected);
  });
});
