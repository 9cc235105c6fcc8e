import { Command } from 'commander';
import { COMMANDS, runCommandLine } from '../program';
import type { Terminal } from '../terminal/terminal';
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

it.each<[readonly string[], readonly string[]]>([
  [
    ['valdiate', 'x'],
    ["CLI_USAGE unknown command 'valdiate'", 'help: Did you mean validate?'],
  ],
  [
    ['logs', 'latest', '--flolow'],
    ["CLI_USAGE unknown option '--flolow'", 'help: Did you mean --follow?'],
  ],
  [['run'], ["CLI_USAGE missing required argument 'pack'"]],
])('a wrong command line %j says what to do on lines that begin as hints', async (words, lines) => {
  const said: string[] = [];
  const terminal = { say: (text: string) => void said.push(...text.split('\n')) } as unknown as Terminal;
  const readStdin = (): Promise<Uint8Array> => Promise.reject(new Error('nothing is read'));
  expect(await runCommandLine({ arguments: words, terminal, env: {}, readStdin, version: '0' })).toBe(2);
  expect(said).toEqual([...lines, 'help: See the usage with --help.']);
});
