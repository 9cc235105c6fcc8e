import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller, DevStack } from './stack/stack';

// Inner packs with real services: a folder of the caller's pack, a published pack of a folder registry, a gate inside one, and a rollback
// for each item. The evidence of each run verifies.

const ROLLBACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: rollback, version: 1.0.0 }
spec:
  inputs: [ { name: region, type: string, required: true } ]
  approvals: [ { id: ops } ]
  steps:
    - { id: ask, gate: { approval: ops, message: "Roll back {{ inputs.region }}" } }
    - id: undo
      effects: idempotent
      run:
        uses: builtin:script
        with: { interpreter: [bash], path: undo.sh, args: ["{{ inputs.region }}"] }
        artifacts: [ { name: report, path: out/report.txt } ]
  outputs:
    - { name: region, type: string, value: "{{ inputs.region }}" }
    - { name: report, type: file, value: "{{ steps.undo.artifacts.report }}" }
`;
const UNDO = 'set -eu\nls pack > out/report.txt\nprintf "undone %s\\n" "$1" >> out/report.txt\n';

const PUBLISHED = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: greeter, version: 1.2.0, tenantVisibility: public }
spec:
  inputs: [ { name: whom, type: string, default: world } ]
  steps: [ { id: say, run: { uses: "builtin:transform", with: { outputs: { text: "hello {{ inputs.whom }}" } } } } ]
  outputs: [ { name: text, type: string, value: "{{ steps.say.outputs.text }}" } ]
`;

const CALLER = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: deploy, version: 1.0.0 }
spec:
  inputs: [ { name: regions, type: array, required: true } ]
  approvals: [ { id: owners } ]
  steps:
    - { id: greet, run: { uses: "pack:greeter:1.2.0", with: { whom: "{{ inputs.regions[0] }}" } } }
    - id: rollout
      map:
        items: "{{ inputs.regions }}"
        iterator: region
        label: "{{ region }}"
        continueOnError: true
        steps:
          - id: deploy
            when: "{{ region == 'bad' }}"
            continueOnError: false
            run: { uses: "builtin:fail", with: { message: "no room" } }
          - id: undo
            runOn: failure
            run: { uses: "pack:./packs/rollback", with: { region: "{{ region }}" }, approvals: { ops: owners } }
          - id: read
            runOn: always
            when: "{{ steps.undo.status == 'succeeded' }}"
            effects: idempotent
            run:
              uses: builtin:command
              files: { report.txt: "{{ steps.undo.artifacts.report }}" }
              with: { command: [cat, in/report.txt] }
`;

describe('packs inside packs', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;

  async function cli(args: readonly string[], token?: string): Promise<{ status: number; out: string; err: string }> {
    const caller = token === undefined ? {} : { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: token };
    const { status, stdout, stderr } = await stack.taskrunner(args, { HOME: folder, ...caller });
    return { status, out: stdout, err: stderr };
  }

  function write(path: string, text: string): void {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-inner-'));
    write('deploy/pack.yaml', CALLER);
    write('deploy/notes.txt', 'of the caller\n');
    write('deploy/packs/rollback/pack.yaml', ROLLBACK);
    write('deploy/packs/rollback/undo.sh', UNDO);
    write('deploy/packs/rollback/.packignore', 'draft.txt\n');
    write('deploy/packs/rollback/draft.txt', 'not yet\n');
    write('greeter/pack.yaml', PUBLISHED);
    stack = await DevStack.shared('plain');
    const { registry } = stack;
    const pushed = await cli(['pack', 'push', join(folder, 'greeter'), '--registry', registry]);
    if (pushed.status !== 0) throw new Error(pushed.err);
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function submit(regions: readonly string[]): Promise<string> {
    const args = [
      'run',
      join(folder, 'deploy'),
      '-i',
      `regions=${JSON.stringify(regions)}`,
      '--detach',
      '--output',
      'text',
    ];
    const { status, out, err } = await cli(args, await stack.tokenFor('ada'));
    if (status !== 0) throw new Error(`${status} ${err} ${out}`);
    return /run_[0-9A-Z]{26}/i.exec(out)?.[0] ?? '';
  }

  async function verified(run: string): Promise<string> {
    const file = join(folder, `${run}.tar`);
    writeFileSync(file, await ada.sealed(run));
    const { status, out, err } = await cli(['verify', file, '--trust', stack.trustPath, '--allow-dev', '--json']);
    if (status !== 0) throw new Error(`${err} ${out}`);
    return out;
  }

  it('roll back the item that failed, once people agree inside the inner pack', async () => {
    const run = await submit(['good', 'bad']);
    const gate = 'rollout[1]::undo::ask';
    await ada.until(run, ['waiting']);
    const shown = await grace.ask('GET', `/api/runs/${run}/gates/${encodeURIComponent(gate)}`);
    expect(shown.body).toMatchObject({ request: { gate, requirement: { approval: 'owners' } } });
    expect(JSON.stringify(shown.body)).toContain('Roll back bad');
    expect((await grace.approve(run, gate)).status).toBe(200);
    const ended = await ada.until(run, ['failed', 'succeeded']);
    expect(ended['status']).toBe('failed');
    const steps = async (id: string) => (await ada.ask('GET', `/api/runs/${run}/steps/${encodeURIComponent(id)}`)).body;
    expect(await steps('greet')).toMatchObject({ kind: 'pack', status: 'succeeded', outputs: { text: 'hello good' } });
    expect(await steps('rollout[0]::undo')).toMatchObject({ status: 'skipped' });
    expect(await steps('rollout[1]::undo')).toMatchObject({
      kind: 'pack',
      status: 'succeeded',
      outputs: { region: 'bad' },
    });
    expect(await steps('rollout[1]::undo::undo')).toMatchObject({ kind: 'run', status: 'succeeded' });
    const { lines } = await ada.lines(run);
    const said = lines.map(({ data }) => data['line'] ?? data['text'] ?? data['message']);
    // The inner step saw only the files of its own pack.
    expect(said).toEqual(expect.arrayContaining(['undo.sh', 'undone bad']));
    for (const other of ['notes.txt', 'draft.txt', 'pack.yaml', 'packs']) expect(said).not.toContain(other);
    expect(await verified(run)).toContain('"ok":true');
  }, 120_000);

  it('are refused where no registry has them, at their place', async () => {
    const manifest = CALLER.replace('greeter:1.2.0', 'greeter:9.9.9').replace(/ {4}- id: rollout[^]*$/, '');
    const { status, body } = await ada.ask('POST', '/api/runs', { manifest, inputs: { regions: [] } });
    expect([status, body['code']]).toEqual([422, 'PLAN_INVALID']);
    expect(body['errors']).toEqual([expect.objectContaining({ code: 'PACK_INNER_UNAVAILABLE', line: 8 })]);
  });
});
