import { sha256 } from '../../canonical/digest';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Principal } from '../../foundation/principal';
import type { RunOriginal, RunSummary } from '../../ports/runs/run-reader';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { packText, planned } from '../../../testing/planning';
import { RunDocuments } from '../../stored/run-documents';
import { plannedContents, type PackContents } from '../packs/stored-contents';
import { RerunRun, type RerunRunDependencies } from './rerun-run';
import type { Submission } from './submission';

const ada = { tenant: 'acme' as TenantId, iss: 'https://issuer.test', sub: 'ada' } as unknown as Principal;
const RUN = 'run_00000000000000000000000000' as RunId;
const linus = { iss: 'https://issuer.test', sub: 'linus', kind: 'person' } as const;

/** The submission of a rerun of a run that was itself a rerun. */
async function submitted(
  change: Partial<RunOriginal>,
  from = 'failed',
  sensitive = {},
  contents: PackContents = {},
): Promise<Submission> {
  const { plan } = planned(packText('- { id: apply, run: { uses: "builtin:noop" } }'));
  const world = new MemoryWorld();
  const { claimed } = world.run(world.submit(plan));
  const documents = RunDocuments.compare(claimed);
  const original: RunOriginal = {
    status: 'failed',
    documents,
    sourceDigest: sha256('source'),
    manifest: '{}',
    files: [],
    packSignatures: [],
    forms: [{ type: 'object', properties: { window: {}, alarm: {} } }],
    inputs: { name: 'x', pin: { sensitive: true } },
    initiators: [linus],
    labels: { ticket: 'SEC-42' },
    head: sha256('head'),
    ...change,
  };
  let seen: Submission | null = null;
  const dependencies: RerunRunDependencies = {
    reader: { original: async () => original },
    planner: { contents: async () => ({ ...plannedContents(documents.index), ...contents }) },
    objects: world.dependencies([]).objects,
    submit: {
      submit: async (_, submission) => ((seen = submission), { runId: RUN, replayed: false, run: {} as RunSummary }),
    },
  };
  await new RerunRun(dependencies).rerun(ada, { runId: RUN, from, sensitive }, null);
  if (seen === null) throw new Error('nothing was submitted');
  return seen;
}

it('submits the same plan with the inputs as they were, the sensitive ones given again, and names the original', async () => {
  const submission = await submitted({}, 'apply', { pin: '1234' });
  expect(submission).toMatchObject({
    inputs: { name: 'x', pin: '1234' },
    labels: { ticket: 'SEC-42' },
    source: { manifest: '{}', archiveDigest: sha256('source') },
    rerun: { of: RUN, from: 'apply', head: sha256('head'), initiators: [linus] },
    // In the order of their authors, which the stored manifest does not keep.
    forms: '[{"type":"object","properties":{"window":{},"alarm":{}}}]',
  });
  expect(submission.planHash).toMatch(/^sha256:/);
});

it.each<[string, Partial<RunOriginal>, string, object, string]>([
  ['under way', { status: 'running' }, 'failed', { pin: '1' }, 'RUN_NOT_ENDED'],
  ['halted', { status: 'halted' }, 'failed', { pin: '1' }, 'RUN_NOT_ENDED'],
  ['without such a step', {}, 'aply', { pin: '1' }, 'RERUN_STEP_UNKNOWN'],
])('refuses a run that is %s', async (_, change, from, sensitive, code) => {
  await expect(submitted(change, from, sensitive)).rejects.toMatchObject({ code });
});

it.each([
  ['aply', /^Did you mean apply\? Use failed, start or a step of the plan: /],
  ['strat', /^Did you mean start\? /],
  ['elsewhere', /^Use failed, start or a step of the plan: .*apply/],
])('names the step that is nearest to %s, and all steps', async (from, remediation) => {
  await expect(submitted({}, from, { pin: '1' })).rejects.toMatchObject({
    remediation: expect.stringMatching(remediation),
  });
});

it('refuses a run whose stored pack is another than was planned', async () => {
  const altered = submitted({}, 'failed', { pin: '1' }, { '': sha256('another pack') });
  await expect(altered).rejects.toMatchObject({ code: 'DOCUMENT_ALTERED', first: { document: 'pack' } });
});

it('asks for sensitive inputs again, all at once, and for no others', async () => {
  const inputs = { name: 'x', pin: { sensitive: true }, key: { sensitive: true } };
  await expect(submitted({ inputs }, 'start', { name: 'y' })).rejects.toMatchObject({
    code: 'PLAN_INVALID',
    faults: [
      { code: 'INPUT_REQUIRED', path: '/sensitive/pin' },
      { code: 'INPUT_REQUIRED', path: '/sensitive/key' },
      { code: 'INPUT_UNKNOWN', path: '/sensitive/name' },
    ],
  });
  await expect(submitted({ inputs }, 'start', { pin: '1', kye: '2' })).rejects.toMatchObject({
    faults: [{ code: 'INPUT_REQUIRED' }, { code: 'INPUT_UNKNOWN', remediation: 'Did you mean key?' }],
  });
});
