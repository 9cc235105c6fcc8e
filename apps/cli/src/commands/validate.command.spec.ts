import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from '@taskrunner/core/foundation';
import { marked, TEN_CODES, TEN_FAULTS } from '@taskrunner/core/testing';
import { runCommandLine } from '../program';

interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: readonly string[];
}

async function taskrunner(...args: readonly string[]): Promise<Ended> {
  const [out, err]: [string[], string[]] = [[], []];
  const exit = await runCommandLine({
    arguments: args,
    env: {},
    version: '0',
    readStdin: async () => new Uint8Array(),
    terminal: {
      print: (line) => void out.push(line),
      say: (line) => void err.push(line),
      draw: () => undefined,
      isInteractive: false,
      columns: 80,
      rows: 24,
      ask: async () => null,
    },
  });
  return { exit, out: out.join('\n'), err };
}

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'validate-'))));
afterAll(() => rmSync(folder, { recursive: true }));

describe('taskrunner validate', () => {
  it('tells ten faults of one pack in one go, each with its place, and ends with 2', async () => {
    const { text, places } = marked(TEN_FAULTS);
    const file = join(folder, 'ten.yaml');
    writeFileSync(file, text);
    const { exit, out } = await taskrunner('validate', file, '--output', 'json');
    const { valid, errors } = JSON.parse(out) as { valid: boolean; errors: readonly Fault[] };
    expect([exit, valid]).toEqual([2, false]);
    expect(errors.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual(
      TEN_CODES.map((code, index) => `${code} ${places[index]}`),
    );
    const said = await taskrunner('validate', file);
    expect([said.exit, said.err.length, said.err[0]?.split(' ').slice(0, 2)]).toEqual([
      2,
      20,
      ['PACK_NAME', `${file}:4:9`],
    ]);
  });

  it('shows a fault of a file of the pack in that file', async () => {
    const pack = join(folder, 'pack');
    mkdirSync(join(pack, 'schemas'), { recursive: true });
    writeFileSync(join(pack, 'schemas', 'x.json'), '{\n  "type": "nothing"\n}\n');
    writeFileSync(
      join(pack, 'pack.yaml'),
      'apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: x, version: 1.0.0 }\nspec:\n  inputs: [ { name: x, type: object, schema: schemas/x.json } ]\n  steps: [ { id: a, run: { uses: "builtin:noop" } } ]\n',
    );
    const { exit, err } = await taskrunner('validate', pack);
    expect([exit, err[0]]).toEqual([
      2,
      expect.stringContaining(`SCHEMA_INVALID ${join(pack, 'schemas/x.json')}:2:11 `),
    ]);
  });
});

it('taskrunner validate prints the warnings of plan, also of a pack whose inputs nobody gave', async () => {
  const file = join(folder, 'warned.yaml');
  const step = (input: string) =>
    `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: x, version: 1.0.0 }\nspec:\n  inputs: [ { name: who, type: string${input} } ]\n  steps: [ { id: a, run: { uses: "builtin:noop" }, when: "{{ inputs.who != '' }}" } ]\n  success: { message: "\${{ inputs.who }}" }\n`;
  writeFileSync(file, step(', default: x'));
  const planned = await taskrunner('plan', file);
  expect([planned.exit, planned.err]).toEqual([
    0,
    [expect.stringMatching(/^warning: EXPR_DOLLAR /), expect.any(String)],
  ]);
  expect(await taskrunner('validate', file)).toMatchObject({ exit: 0, err: planned.err });
  writeFileSync(file, step(', required: true'));
  expect(await taskrunner('validate', file)).toMatchObject({ exit: 0, err: planned.err });
});

it('taskrunner schema prints the schema that is in the repository', async () => {
  const { exit, out } = await taskrunner('schema');
  const committed = readFileSync(join(__dirname, '../../../../etc/schemas/taskrunner.pack.v1.schema.json'), 'utf8');
  expect([exit, `${out}\n`]).toEqual([0, committed]);
});
