import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXAMPLES } from '../../../cli/src/help/examples';
import { Caller, DevStack, ROOT, type Ran } from '../stack/stack';
import { commandCalls, FORMATS, type CommandCall, type Format } from './command-table';

// Every command of the command line, each executed: with JSON output, stdout carries JSON and nothing else. `help.spec` of the CLI compares
// EXAMPLES with the commands, so a command without examples fails there, and one without a call fails here.

const WORDS = [...Object.keys(EXAMPLES), 'completion'];
const PEOPLE = ['ada', 'grace', 'ops'] as const;

describe('every command', () => {
  let folder: string;
  let stack: DevStack;
  let calls: Readonly<Record<string, CommandCall>>;
  let browser: string;
  const tokens = new Map<string, string>();

  const taskrunner = (args: readonly string[], person = 'ada'): Promise<Ran> => {
    const isOfSession = ['login', 'logout', 'context'].includes(args[0] ?? '');
    const caller = isOfSession ? {} : { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: tokens.get(person) };
    return stack.taskrunner(args, { XDG_CONFIG_HOME: folder, BROWSER: browser, ...caller });
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-commands-'));
    browser = join(folder, 'browser.mjs');
    const login = pathToFileURL(join(ROOT, 'tools/dev-authority/login.mjs')).href;
    const script = `import { signInAt } from '${login}';\nawait signInAt(process.argv[2], { login: 'ada' });\n`;
    writeFileSync(browser, `#!${process.execPath}\n${script}`, { mode: 0o700 });
    stack = await DevStack.shared('plain');
    for (const person of PEOPLE) tokens.set(person, await stack.tokenFor(person));
    const as = (person: string) => new Caller(stack.server, tokens.get(person) ?? '');
    calls = await commandCalls({ folder, stack, ada: as('ada'), grace: as('grace'), taskrunner });
  }, 240_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('is in the table', () => {
    expect(Object.keys(calls).sort()).toEqual([...WORDS].sort());
  });

  /** A coded error. Before it, a command says what it waits for, if that takes long. */
  const REFUSED = /^(?:waiting for .*\n)?[A-Z][A-Z_]+ .*\nhelp: /;

  /** The values on stdout. Throws if there is anything but JSON. */
  const valuesIn = (stdout: string, format: Format): readonly unknown[] =>
    (format === 'json' ? [stdout] : stdout.split('\n').slice(0, -1)).map((text) => JSON.parse(text) as unknown);

  it.each(WORDS)(
    '%s prints JSON and nothing else on stdout',
    async (words) => {
      const { args, person, exit = 0, isRefused = false, document } = calls[words] as CommandCall;
      const results = [];
      for (const format of document === undefined ? FORMATS : [undefined])
        results.push({
          format,
          ...(await taskrunner(
            [...args(format ?? 'json'), ...(format === undefined ? [] : ['--output', format])],
            person,
          )),
        });
      for (const { format, status, stdout, stderr } of results) {
        const seen = `${words} as ${format}: ${stderr}`;
        expect([seen, status]).toEqual([seen, exit]);
        if (isRefused) expect([stdout, stderr]).toEqual(['', expect.stringMatching(REFUSED)]);
        else if (document === 'text') expect(stdout).not.toBe('');
        else if (format === 'json' || document === 'json') expect(valuesIn(stdout, 'json')).toHaveLength(1);
        else expect(valuesIn(stdout, 'ndjson').every((value) => typeof value === 'object')).toBe(true);
      }
    },
    60_000,
  );

  it.each(WORDS)('%s explains itself, and refuses what it does not know without a word on stdout', async (words) => {
    const help = await taskrunner([...words.split(' '), '--help']);
    expect([help.status, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(new RegExp(`^Usage: taskrunner ${words}`));
    const examples = help.stdout.slice(help.stdout.indexOf('\nExamples:\n')).match(/taskrunner /g) ?? [];
    expect(examples.length).toBeGreaterThanOrEqual(2);
    const [, names = ''] = /^Usage: ([^\n]*)/.exec(help.stdout) ?? [];
    for (const [, name = ''] of names.matchAll(/[<[](?!options|command)([a-z]+)[>\]]/g))
      expect(help.stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    const unknown = await taskrunner([...words.split(' '), '--no-such-option']);
    expect(unknown).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(/^CLI_USAGE /) });
  });
});
