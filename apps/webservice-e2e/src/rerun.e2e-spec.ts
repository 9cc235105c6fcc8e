import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '@taskrunner/core/foundation';
import { EffectLog } from './stack/effect-log';
import { Caller, pack, DevStack } from './stack/stack';

// A failed run is rerun. Steps that had succeeded do not act again, as observed from outside.

describe('a rerun', () => {
  let folder: string;
  let log: EffectLog;
  let stack: DevStack;
  let ada: Caller;
  let grace: Caller;
  let linus: Caller;
  let broken = true;
  let first: string;
  let again: string;

  const act = (id: string, more = ''): string =>
    `- { id: ${id}, effects: once, ${more}run: { uses: "builtin:http", with: { method: POST, url: "${log.url(`/act/${id}`)}", outputs: { status: "{{ response.status }}" } } } }`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-rerun-'));
    stack = await DevStack.shared('plain');
    log = await EffectLog.open(join(folder, 'effects.ndjson'), stack.port);
    log.answer = (path) => ({ status: path === '/act/third' && broken ? 422 : 200 });
    [ada, grace, linus] = (await Promise.all(
      ['ada', 'grace', 'linus'].map(async (login) => new Caller(stack.server, await stack.tokenFor(login))),
    )) as [Caller, Caller, Caller];
    const manifest = pack(
      [
        act('first'),
        '- { id: go, gate: { approval: owners, message: "go?" } }',
        act('second'),
        act('third'),
        act('tidy', 'runOn: always, '),
      ].join('\n'),
      '  approvals: [ { id: owners, grants: [packs.approve] } ]\n  outputs: [ { name: said, value: "{{ steps.second.outputs.status }}" } ]\n',
    );
    first = await linus.submit(manifest, {}, { labels: { ticket: 'SEC-42' } });
    await ada.until(first, ['waiting']);
    expect((await grace.approve(first, 'go')).status).toBe(200);
    expect(await ada.until(first, ['failed', 'succeeded'])).toMatchObject({ status: 'failed', rerunOf: null });
    expect(log.paths('/act/')).toEqual(['first', 'second', 'third', 'tidy']);
    broken = false;
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    log?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function verify(
    file: string,
    more: readonly string[] = [],
  ): Promise<Record<string, { ok: boolean; basis: string }>> {
    const args = ['verify', file, '--trust', stack.trustPath, '--json', '--allow-dev', ...more];
    const { stdout, stderr } = await stack.taskrunner(args);
    if (stdout.trim() === '') throw new Error(stderr);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean; basis: string }[] };
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  }

  it('is refused for what has not ended, is not there, or names no step', async () => {
    const ask = async (who: Caller, run: string, body: object): Promise<unknown> =>
      (await who.ask('POST', `/api/runs/${run}/rerun`, body)).body['code'];
    const waiting = await ada.submit(
      pack('- { id: go, gate: { approval: owners } }', '  approvals: [ { id: owners } ]\n'),
    );
    expect(await ask(ada, waiting, { from: 'failed' })).toBe('RUN_NOT_ENDED');
    expect(await ask(ada, first, { from: 'thrid' })).toBe('RERUN_STEP_UNKNOWN');
    expect(await ask(ada, 'run_00000000000000000000000000', { from: 'start' })).toBe('RUN_NOT_FOUND');
    const mallory = new Caller(stack.server, await stack.tokenFor('mallory'));
    expect(await ask(mallory, first, { from: 'failed' })).toBe('RUN_NOT_FOUND');
    expect((await ada.ask('POST', `/api/runs/${waiting}/cancel`, { reason: 'test' })).status).toBe(202);
  });

  it('takes over what succeeded, and asks its gate again of somebody who initiated neither run', async () => {
    const key = { 'idempotency-key': 'again-1' };
    const answer = await ada.ask('POST', `/api/runs/${first}/rerun`, { from: 'failed' }, key);
    expect([answer.status, answer.body['rerunOf']]).toEqual([201, first]);
    expect(answer.body).toMatchObject({ labels: { ticket: 'SEC-42' } });
    again = answer.body['runId'] as string;
    expect(answer.headers.get('location')).toContain(again);
    const replayed = await ada.ask('POST', `/api/runs/${first}/rerun`, { from: 'failed' }, key);
    expect([replayed.status, replayed.body['runId']]).toEqual([200, again]);
    const other = await ada.ask('POST', `/api/runs/${first}/rerun`, { from: 'start' }, key);
    expect(other.body['code']).toBe('IDEMPOTENCY_KEY_REUSED');
    const { planHash } = await ada.summary(first);
    expect(await ada.until(again, ['waiting'])).toMatchObject({ planHash, rerunOf: first });
    // The initiators of the original are initiators of the rerun.
    expect((await linus.approve(again, 'go')).body['code']).toBe('GATE_SELF_APPROVAL');
    expect((await grace.approve(again, 'go')).status).toBe(200);
    expect(await ada.until(again, ['succeeded', 'failed'])).toMatchObject({
      status: 'succeeded',
      outputs: { said: 200 },
    });
    expect(log.paths('/act/')).toEqual(['first', 'second', 'third', 'tidy', 'third', 'tidy']);
    const { body } = await ada.ask('GET', `/api/runs/${again}/steps`);
    const steps = body['items'] as { id: string; status: string; attempts: number; reusedFrom: Json }[];
    const taken = { run: first, digest: expect.stringMatching(/^sha256:/) as string };
    expect(steps.map(({ id, status, attempts, reusedFrom }) => [id, status, attempts, reusedFrom])).toEqual([
      ['first', 'succeeded', 0, { ...taken, step: 'first' }],
      ['go', 'succeeded', 0, null],
      ['second', 'succeeded', 0, { ...taken, step: 'second' }],
      ['third', 'succeeded', 1, null],
      ['tidy', 'succeeded', 1, null],
    ]);
  }, 120_000);

  it('has evidence that verifies alone, on its signer’s word, and beside that of the original, recomputed', async () => {
    const [one, two] = [join(folder, 'first.tar'), join(folder, 'again.tar')];
    writeFileSync(one, await ada.sealed(first));
    writeFileSync(two, await ada.sealed(again));
    const single = await verify(two);
    expect(Object.values(single).filter(({ ok }) => !ok)).toEqual([]);
    expect(single['steps.reused']).toMatchObject({ ok: true, basis: 'asserted' });
    expect((await verify(two, ['--original', one]))['steps.reused']).toMatchObject({ ok: true, basis: 'recomputed' });
    expect((await verify(two, ['--original', two]))['steps.reused']).toMatchObject({ ok: false });
    expect((await verify(one))['steps.reused']).toMatchObject({ ok: true, basis: 'absent' });
  }, 120_000);

  it('from a step does that step and all that comes after it again; by the command line', async () => {
    const before = log.effects.length;
    const args = ['rerun', again, '--from', 'second', '--until', 'attention', '--server', stack.server, '--output', 'ndjson']; // prettier-ignore
    const env = { ...process.env, TASKRUNNER_TOKEN: await stack.tokenFor('ada') };
    const { stdout, status } = await stack.taskrunner(args, env);
    expect(status).toBe(8);
    const run = (JSON.parse(stdout.split('\n')[0] ?? '{}') as { runId: string }).runId;
    expect((await grace.approve(run, 'go')).status).toBe(200);
    expect(await ada.until(run, ['succeeded', 'failed'])).toMatchObject({ status: 'succeeded', rerunOf: again });
    expect(log.effects.slice(before).map(({ path }) => path)).toEqual(['/act/second', '/act/third', '/act/tidy']);
  }, 120_000);
});
