import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller, DevStack, pack, type Ran } from '../stack/stack';

const GATE = `gate: { approval: owners, message: "Apply it?" }`;
const APPROVALS = '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n';
const ONE = pack(`- { id: ask, ${GATE} }`, APPROVALS);
const TWO = pack(`- { id: both, parallel: { steps: [ { id: left, ${GATE} }, { id: right, ${GATE} } ] } }`, APPROVALS);

describe('the command line against a server', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-e2e-'));
    stack = await DevStack.shared('plain');
    for (const login of ['ada', 'grace', 'linus']) tokens.set(login, await stack.tokenFor(login));
    ada = new Caller(stack.server, tokens.get('ada') ?? '');
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const cli = (login: string, ...args: readonly string[]): Promise<Ran> =>
    stack.taskrunner(args, { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: tokens.get(login) });

  it('names a run by the beginning of its id or as the latest, and the only open gate by none', async () => {
    const run = await ada.submit(ONE);
    await ada.until(run, ['waiting']);
    const shown = await cli('ada', 'show', 'latest', '--output', 'json');
    // Other specs submit to the same stack meanwhile. Ids are in the order of time.
    expect((JSON.parse(shown.stdout) as { runId: string }).runId >= run).toBe(true);
    const begun = await cli('grace', 'gates', run.slice(0, -1), '--output', 'json');
    expect(JSON.parse(begun.stdout)).toMatchObject({ items: [{ gateId: 'ask', status: 'open' }] });
    const digest = (await ada.ask('GET', `/api/runs/${run}/gates/ask`)).body['gateDigest'] as string;
    const decided = await cli('grace', 'approve', run.slice(4, -1), '--yes', '--gate-digest', digest);
    expect([decided.status, decided.stderr]).toEqual([0, '']);
    expect((await cli('ada', 'wait', run)).status).toBe(0);
  }, 60_000);

  it('refuses what names several runs or gates, with the candidates', async () => {
    const run = await ada.submit(TWO);
    await ada.until(run, ['waiting']);
    const gates = await cli('grace', 'approve', run);
    expect([gates.status, gates.stdout]).toEqual([2, '']);
    expect(gates.stderr).toContain(`CLI_GATE_CHOICE ${run} has 2 open gates:\n`);
    expect(gates.stderr).toContain('  left\n  right\n');
    const runs = await cli('ada', 'show', run.slice(0, 6));
    expect([runs.status, runs.stderr]).toEqual([2, expect.stringMatching(/^CLI_RUN_AMBIGUOUS /)]);
    expect(runs.stderr).toContain(`\n  ${run}  waiting`);
    expect((await cli('ada', 'cancel', run, '--reason', 'enough')).status).toBe(0);
    expect(await cli('ada', 'show', 'run_7zzz')).toMatchObject({ status: 4, stdout: '' });
  }, 60_000);
});
