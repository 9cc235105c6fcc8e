import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bodyOf, createClient, needsPerson, type Run, type TaskRunnerClient } from '@taskrunner/client';
import { decideGates } from '../../../../examples/client/decide';
import { stepsOf } from '../../../../examples/client/first';
import { linesOf, runPack } from '../../../../examples/client/run-pack';
import { DevStack, pack } from '../stack/stack';

// The client and the examples of its README, with a real server.

const APPROVALS = '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n';
const GATED = pack(
  `- { id: find, run: { uses: "builtin:transform", with: { outputs: { hits: ["CVE-2026-1"] } } } }
- { id: approve, gate: { approval: owners, message: "go?", show: { hits: "{{ steps.find.outputs.hits }}" } } }
- { id: apply, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo grüße; echo done; echo report > out/report.txt" }, artifacts: [ { name: report, path: out/report.txt } ] } }`,
  APPROVALS,
);

describe('the client', () => {
  let folder: string;
  let stack: DevStack;
  let ada: TaskRunnerClient;
  let grace: TaskRunnerClient;
  const over = new AbortController();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-client-'));
    stack = await DevStack.shared('plain');
    const as = (login: string) => createClient({ server: stack.server, token: () => stack.tokenFor(login) });
    [ada, grace] = [as('ada'), as('grace')];
  }, 180_000);

  afterAll(async () => {
    over.abort();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('runs a pack whose gate somebody else approves, shows its log and saves evidence that verifies', async () => {
    const printed: string[] = [];
    let running = Promise.reject<Run>(new Error('not submitted'));
    running.catch(() => undefined);
    const runId = await new Promise<string>((resolve, reject) => {
      const submit: TaskRunnerClient['submit'] = async (body, options) => {
        const run = await ada.submit(body, options);
        resolve(run.runId);
        return run;
      };
      const followLogs: TaskRunnerClient['followLogs'] = (id, options) =>
        ada.followLogs(id, { ...options, signal: over.signal });
      running = runPack({ ...ada, submit, followLogs }, { manifest: GATED }, folder, (text) => printed.push(text));
      running.catch(reject);
    });
    const waiting = await ada.wait(runId, { for: 'attention' });
    expect([waiting.status, needsPerson(waiting)]).toEqual(['waiting', true]);
    await expect(decideGates(ada, () => Promise.reject(new Error('asked')))).rejects.toMatchObject({
      code: 'SCOPE_MISSING',
    });
    const shown: unknown[] = [];
    const decided = await decideGates(grace, async (gate) => {
      if (gate.runId !== runId) return 'later';
      shown.push(gate.show);
      return 'approve';
    });
    expect([shown, decided.get(`${runId} approve`)]).toEqual([[{ hits: ['CVE-2026-1'] }], 'approved']);

    const run = await running;
    expect([run.runId, run.status]).toEqual([runId, 'succeeded']);
    const file = join(folder, `${runId}.evidence.tar`);
    const digest = `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
    expect(printed).toEqual(['apply: grüße', 'apply: done', `${runId} succeeded`, `evidence ${digest}`]);
    const { status } = await stack.taskrunner(['verify', file, '--trust', stack.trustPath, '--allow-dev']);
    expect(status).toBe(0);

    const artifacts = await bodyOf(ada.api.GET('/api/runs/{runId}/artifacts', { params: { path: { runId } } }));
    const [report] = artifacts.items;
    const download = await ada.artifact(runId, report?.artifactId ?? '');
    expect([download.size, download.digest]).toEqual([report?.size, report?.digest]);
    expect(await new Response(download.stream).text()).toBe('report\n');

    // From the middle, from the end, and of one level only.
    const follow = async (options: Parameters<typeof ada.followLogs>[1]) => {
      const read: (string | undefined)[] = [];
      for await (const line of ada.followLogs(runId, options)) read.push(line.message ?? line.status);
      return read;
    };
    expect(await follow({ after: run.lastLine - 1 })).toEqual(['done', 'succeeded']);
    expect(await follow({ after: run.lastLine })).toEqual(['succeeded']);
    expect(await follow({ level: 'error' })).toEqual(['succeeded']);
    expect(await follow({ step: 'find', follow: false })).toEqual(['succeeded']);
  }, 120_000);

  it('rejects, withdraws, cancels and reruns', async () => {
    const two = APPROVALS.replace('minApprovals: 1', 'minApprovals: 2');
    const manifest = pack('- { id: approve, gate: { approval: owners, message: "go?" } }', two);
    const { runId } = await ada.submitAndWait({ manifest }, { for: 'attention' });
    const gate = await grace.gate(runId, 'approve');
    expect((await grace.approve(gate)).approvals).toBe(1);
    expect((await grace.withdraw(gate, { reason: 'too early' })).approvals).toBe(0);
    expect((await grace.reject(gate, { reason: 'no' })).status).toBe('rejected');
    expect((await ada.wait(runId)).status).toBe('failed');
    const again = await ada.rerun(runId, { from: 'start' });
    expect((await ada.wait(again.runId, { for: 'attention' })).rerunOf).toBe(runId);
    await ada.cancel(again.runId, { reason: 'enough' });
    expect((await ada.wait(again.runId)).status).toBe('cancelled');
  }, 120_000);

  it('submits one run for one key, and a file that was uploaded', async () => {
    const { digest, size } = await ada.upload(new TextEncoder().encode('a file'));
    expect(size).toBe(6);
    const manifest = pack(
      '- { id: read, run: { uses: "builtin:script", with: { interpreter: [sh], source: "cat in/file.txt" }, files: { file.txt: "{{ inputs.file }}" } } }',
      '  inputs: [ { name: file, type: file } ]\n',
    );
    const body = { manifest, inputs: { file: { digest, name: 'a.txt' } } };
    const key = { idempotencyKey: `client-${Date.now()}` };
    const [first, second] = [await ada.submitAndWait(body, key), await ada.submit(body, key)];
    expect([first.status, second.runId]).toEqual(['succeeded', first.runId]);
  }, 120_000);

  it('lists what the steps of a run did', async () => {
    const steps = await stepsOf(
      stack.server,
      () => stack.tokenFor('ada'),
      pack('- { id: a, run: { uses: "builtin:noop" } }'),
    );
    expect(steps.map(({ id, status }) => [id, status])).toEqual([['a', 'succeeded']]);
  }, 120_000);

  it('shows a refusal with every error and its position', async () => {
    const refused = await runPack(ada, { manifest: GATED.replaceAll('uses:', 'use:') }, folder, () => undefined).catch(
      linesOf,
    );
    expect(refused).toEqual(expect.arrayContaining([expect.stringMatching(/^PACK_\w+ .* line 7: /)]));
    const stranger = createClient({ server: stack.server, token: () => stack.tokenFor('mallory') });
    const { runId } = await ada.submit({ manifest: pack('- { id: a, run: { uses: "builtin:noop" } }') });
    await expect(stranger.followLogs(runId).next()).rejects.toMatchObject({ code: 'RUN_NOT_FOUND', status: 404 });
    const nobody = createClient({ server: stack.server, token: () => 'x.y.z' });
    await expect(nobody.run(runId)).rejects.toMatchObject({ code: 'TOKEN_INVALID', status: 401, retryable: false });
  });
});
