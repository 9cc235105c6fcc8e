import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller, pack, DevStack } from './stack/stack';

const GATED = pack(
  `- { id: find, run: { uses: "builtin:transform", with: { outputs: { hits: ["CVE-2026-1"] } } } }
- id: approve
  gate: { approval: owners, message: "{{ length(steps.find.outputs.hits) }} findings", show: { hits: "{{ steps.find.outputs.hits }}" } }
- id: apply
  run:
    uses: builtin:script
    with: { interpreter: [sh], source: "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo line $i; sleep 0.02; done; echo done > out/result.txt" }
    artifacts: [ { name: result, path: out/result.txt, mediaType: text/plain } ]`,
  '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n',
);

describe('the main job, through the public API', () => {
  let folder: string;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;
  let mallory: Caller;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-e2e-'));
    stack = await DevStack.shared('plain');
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));
    mallory = new Caller(stack.server, await stack.tokenFor('mallory'));
  }, 120_000);

  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('waits for an approval of what was shown, runs, streams, captures and seals', async () => {
    const run = await ada.submit(GATED);
    const waiting = await ada.until(run, ['waiting']);
    expect(waiting['waits']).toMatchObject([{ kind: 'approval', id: 'approve' }]);
    const shown = await grace.ask('GET', `/api/runs/${run}/gates/approve`);
    expect(shown.body).toMatchObject({
      request: { message: '1 findings', opens: ['apply'] },
      show: { hits: ['CVE-2026-1'] },
    });

    const own = await ada.approve(run, 'approve');
    expect(own.status).toBe(403);
    const stale = await grace.approve(run, 'approve', { gateDigest: `sha256:${'0'.repeat(64)}` });
    expect([stale.status, stale.body['code']]).toEqual([409, 'GATE_STALE']);
    const otherPlan = await grace.approve(run, 'approve', { planHash: `sha256:${'0'.repeat(64)}` });
    expect([otherPlan.status, otherPlan.body['code']]).toEqual([409, 'PLAN_HASH_MISMATCH']);

    const approved = await grace.approve(run, 'approve');
    expect(approved.status).toBe(200);
    expect(approved.body).toMatchObject({ status: 'approved', approvals: 1, required: 1 });
    expect((await grace.approve(run, 'approve')).status).toBe(200);

    // Interrupted and resumed: every line appears once, in order.
    const first = await ada.lines(run, { stopAfter: 12 });
    const rest = await ada.lines(run, { after: first.lines.at(-1)?.id ?? 0 });
    const seen = [...first.lines, ...rest.lines].filter(({ data }) => data['eventType'] !== 'run.finished');
    expect(seen.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(seen.map(({ data }) => data['message'])).toEqual(Array.from({ length: 40 }, (_, i) => `line ${i + 1}`));
    expect(rest.lines.at(-1)?.data).toMatchObject({ eventType: 'run.finished', status: 'succeeded' });
    // Browsers resume with this header, and the client with `after`.
    const resumed = { accept: 'text/event-stream', 'last-event-id': '40' };
    expect((await ada.raw('GET', `/api/runs/${run}/logs?after=1`, undefined, resumed)).status).toBe(204);

    const { body } = await ada.ask('GET', `/api/runs/${run}/artifacts`);
    const [artifact] = body['items'] as { artifactId: string; digest: string; name: string }[];
    expect(artifact).toMatchObject({ name: 'result' });
    const bytes = await ada.raw('GET', `/api/runs/${run}/artifacts/${artifact?.artifactId}`);
    expect(bytes.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(await bytes.text()).toBe('done\n');
    expect((await ada.sealed(run)).length).toBeGreaterThan(1_000);
  }, 60_000);

  it('answers a wrong plan hash with its receipt, and an initiator of the run with GATE_SELF_APPROVAL', async () => {
    const wrong = await ada.ask('POST', '/api/runs', {
      manifest: GATED,
      inputs: {},
      planHash: `sha256:${'0'.repeat(64)}`,
    });
    expect([wrong.status, wrong.body['code']]).toEqual([409, 'PLAN_HASH_MISMATCH']);
    expect(wrong.body['receipt']).toMatchObject({ graph: expect.stringMatching(/^sha256:/) });
    const linus = new Caller(stack.server, await stack.tokenFor('linus'));
    const run = await linus.submit(GATED);
    await linus.until(run, ['waiting']);
    const own = await linus.approve(run, 'approve');
    expect([own.status, own.body['code']]).toEqual([403, 'GATE_SELF_APPROVAL']);
    const cancelled = await linus.ask('POST', `/api/runs/${run}/cancel`, { reason: 'enough' });
    expect(cancelled.status).toBe(202);
    const by = { iss: stack.issuer, sub: 'linus', name: 'Linus' };
    expect(await linus.until(run, ['cancelled'])).toMatchObject({
      error: { code: 'RUN_CANCELLED' },
      cancellation: { by, reason: 'enough', force: false },
    });
  }, 60_000);

  it('names ten faults of a manifest, each with its position', async () => {
    const bad = `apiVersion: stellaops.io/pack.v2
kind: TaskBag
metadata: { name: Bad_Name, version: one }
spec:
  inputz: []
  timeout: soon
  steps:
    - id: a
      run: { uses: "builtin:noop", wth: {} }
    - id: a
      needs: [nowhere]
      run: { uses: "builtin:noop" }
    - id: b
      run: { uses: "builtin:noop" }
      group: { steps: [] }
    - id: g
      retries: { maxAttempts: 2 }
      gate: { approval: owners }
`;
    const { status, body } = await ada.ask('POST', '/api/runs', { manifest: bad, inputs: {} });
    expect(status).toBe(422);
    const errors = body['errors'] as { code: string; line: number; column: number; remediation: string }[];
    expect(errors.length).toBeGreaterThanOrEqual(10);
    for (const error of errors) {
      expect(error.line).toBeGreaterThan(0);
      expect(error.column).toBeGreaterThan(0);
      expect(error.remediation).not.toBe('');
    }
  });

  it('shows nothing of one tenant to another, and nothing without a token', async () => {
    const run = await ada.submit(pack('- { id: a, run: { uses: "builtin:noop" } }'));
    await ada.until(run, ['succeeded']);
    const absent = await mallory.ask('GET', '/api/runs/run_00000000000000000000000000');
    for (const path of [
      '',
      '/graph',
      '/steps',
      '/logs',
      '/artifacts',
      '/gates/a',
      '/plan',
      '/evidence',
      '/attestations',
    ]) {
      const foreign = await mallory.ask('GET', `/api/runs/${run}${path}`);
      expect(foreign.status).toBe(404);
      expect(foreign.body['code']).toBe(absent.body['code']);
      expect((await new Caller(stack.server, null).ask('GET', `/api/runs/${run}${path}`)).status).toBe(401);
    }
    // Another spec that shares the stack may have runs of the same tenant.
    const idsOf = async (caller: Caller): Promise<readonly unknown[]> => {
      const { body } = await caller.ask('GET', '/api/runs?limit=200');
      return (body['items'] as { runId: string }[]).map(({ runId }) => runId);
    };
    const ours = await idsOf(ada);
    expect(ours).toContain(run);
    expect((await idsOf(mallory)).filter((one) => ours.includes(one))).toEqual([]);
    expect((await new Caller(stack.server, 'nonsense').ask('GET', '/api/runs')).status).toBe(401);
  });

  it('captures nothing from outside the workspace, and does not hang', async () => {
    const run = await ada.submit(
      pack(
        `- id: link
  continueOnError: true
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "ln -s /etc/passwd out/report" }, artifacts: [ { name: report, path: out/report } ] }
- id: folder
  continueOnError: true
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "ln -s /etc out/etc" }, artifacts: [ { name: etc, path: out/etc/ }, { name: hosts, path: out/etc/passwd } ] }
- id: fifo
  continueOnError: true
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "mkfifo out/pipe" }, artifacts: [ { name: pipe, path: out/pipe } ] }
- id: fine
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo ok > out/fine" }, artifacts: [ { name: fine, path: out/fine } ] }`,
      ),
    );
    await ada.until(run, ['succeeded'], 60);
    const { body } = await ada.ask('GET', `/api/runs/${run}/artifacts`);
    expect((body['items'] as { name: string }[]).map(({ name }) => name)).toEqual(['fine']);
    const { body: steps } = await ada.ask('GET', `/api/runs/${run}/steps`);
    const failed = (steps['items'] as { id: string; status: string }[])
      .filter(({ status }) => status === 'failed')
      .map(({ id }) => id);
    expect(failed.sort()).toEqual(['fifo', 'folder', 'link']);
  }, 90_000);
});
