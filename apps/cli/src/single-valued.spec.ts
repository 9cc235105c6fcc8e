import { Command, type Option } from 'commander';
import type { Context } from './commands/context';
import { COMMANDS, runCommandLine } from './program';
import { refuseSecondValues } from './single-valued';
import type { Terminal } from './terminal/terminal';

const CONTEXT = { program: { name: 'taskrunner', version: '0' } } as Context;

/** All other options have one value. */
const COLLECTED = [
  ...[
    'plan --input',
    'simulate --input',
    'diff --input',
    'graph --input',
    'run --label',
    'run --input',
    'rerun --input',
  ],
  ...['list --label', 'schedule create --input', 'schedule create --label', 'release --withhold'],
  ...['verify --expect', 'inspect --expect', 'pack sign --key', 'pack push --key', 'pack push --signature'],
  ...['pack verify --key', 'pack verify --signature', 'dev --actor', 'dev token --act'],
  ...['login --scope', 'context add --scope'],
];

/** Options that take a value, with their commands. */
function optionsOf(command: Command, above = ''): readonly (readonly [string, Command, Option])[] {
  return command.commands.flatMap((inner) => {
    const words = `${above}${inner.name()} `;
    const own = inner.options.filter(({ required, optional }) => required || optional);
    return [...own.map((option) => [`${words}${option.long}`, inner, option] as const), ...optionsOf(inner, words)];
  });
}

describe('an option that is given twice', () => {
  const program = new Command('taskrunner').exitOverride().configureOutput({ writeErr: () => undefined });
  let all: readonly (readonly [string, Command, Option])[] = [];
  beforeAll(async () => {
    for (const [, load] of COMMANDS) (await load())(program, CONTEXT);
    refuseSecondValues(program);
    all = optionsOf(program);
    for (const [, command] of all) command.copyInheritedSettings(program);
  });

  it('is refused in every command, unless it collects its values', () => {
    expect(all.length).toBeGreaterThan(150);
    const refused = all.filter(([, command, { long, argChoices }]) => {
      const value = argChoices?.at(0) ?? 'a=b';
      try {
        command.parseOptions([`${long}`, value, `${long}`, value]);
      } catch (error) {
        expect(String(error)).toMatch(new RegExp(`option '.*${long} .*' has one value, and was given again: ${value}`));
        return true;
      }
      return false;
    });
    const collected = all.filter((one) => !refused.includes(one)).map(([words]) => words);
    expect(collected.sort()).toEqual([...COLLECTED].sort());
  });

  it.each([
    ['--usage admission --usage ledger', "option '--usage <usage>' has one value, and was given again: ledger"],
    [
      '--usage=admission k.pem --usage=admission',
      "option '--usage <usage>' has one value, and was given again: admission",
    ],
  ])('ends the command with the code of a wrong command line: key %s', async (words, message) => {
    const said: string[] = [];
    const terminal = { say: (text: string) => void said.push(...text.split('\n')) } as unknown as Terminal;
    const readStdin = (): Promise<Uint8Array> => Promise.reject(new Error('nothing is read'));
    const supplied = ['key', ...words.split(' ')];
    expect(await runCommandLine({ arguments: supplied, terminal, env: {}, readStdin, version: '0' })).toBe(2);
    expect(said).toEqual([`CLI_USAGE ${message}`, 'help: See the usage with --help.']);
  });
});
