import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTar } from '@taskrunner/infrastructure/archive';
import { GateStack, NOOP, owners } from './gates/gate-stack';
import { describePolicies } from './gates/policies';
import { atNight } from './stack/at-night';
import { pack, pause, type Caller } from './stack/stack';

const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

describe('gates, policies and those who are told', () => {
  const gates = new GateStack();
  const { cli, verified, errorOf, stepsOf } = gates;
  beforeAll(() => gates.start(), 180_000);
  afterAll(() => gates.stop(), 60_000);

  it('tells a receiver that fails three times, signed, and each run in its order', async () => {
    gates.receiver.failNext(3);
    const run = await gates.ada.submit(
      pack(`- { id: go, gate: { approval: owners } }\n- { id: a, run: ${NOOP} }`, owners()),
    );
    await gates.ada.until(run, ['waiting']);
    expect((await gates.grace.approve(run, 'go')).status).toBe(200);
    await gates.ada.until(run, ['succeeded']);
    await gates.receiver.until(run, 'run.ended');
    expect(gates.receiver.refused).toBe(3);
    expect(gates.receiver.of(run).map(({ type }) => type)).toEqual([
      'run.started',
      'gate.opened',
      'pack.approval.requested',
      'gate.counted',
      'pack.approval.updated',
      'gate.ended',
      'pack.approval.updated',
      'run.ended',
    ]);
    const { body } = await gates.grace.ask('GET', `/api/runs/${run}/gates/go`);
    expect(gates.receiver.of(run)[1]?.data).toEqual({
      tenant: 'acme',
      runId: run,
      gateId: 'go',
      gateDigest: body['gateDigest'],
      link: expect.stringContaining(`/api/runs/${run}/gates/go`),
    });
    // The first message was sent four times under one id. A rejected message is never overtaken.
    expect(new Set(gates.receiver.ids(run).slice(0, 4)).size).toBe(1);
    expect(new Set(gates.receiver.ids(run)).size).toBe(8);
  }, 60_000);

  it('waits where one person of two decides twice, counts a withdrawal, and opens for two people', async () => {
    const run = await gates.ada.submit(
      pack(`- { id: go, gate: { approval: owners } }`, owners().replace('minApprovals: 1', 'minApprovals: 2')),
    );
    await gates.ada.until(run, ['waiting']);
    expect((await gates.grace.approve(run, 'go')).body).toMatchObject({ status: 'open', approvals: 1, required: 2 });
    expect((await gates.grace.approve(run, 'go')).body).toMatchObject({ status: 'open', approvals: 1, required: 2 });
    expect((await gates.ada.summary(run))['status']).toBe('waiting');
    expect((await gates.grace.approve(run, 'go', { decision: 'withdrawn' })).body).toMatchObject({ approvals: 0 });
    expect((await gates.linus.approve(run, 'go')).body).toMatchObject({ status: 'open', approvals: 1 });
    expect((await gates.grace.approve(run, 'go')).body).toMatchObject({ status: 'approved', approvals: 2 });
    await gates.ada.until(run, ['succeeded']);
    expect((await verified(run))['decisions.people']).toMatchObject({ basis: 'recomputed' });
  }, 60_000);

  it('announces a gate that too few of the configured people may decide', async () => {
    const run = await gates.ada.submit(
      pack(`- { id: go, gate: { approval: owners } }`, owners().replace('minApprovals: 1', 'minApprovals: 3')),
    );
    await gates.receiver.until(run, 'gate.unsatisfiable');
    expect((await gates.ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'nobody can' })).status).toBe(202);
    await gates.ada.until(run, ['cancelled']);
    await verified(run);
  }, 60_000);

  it('fails a run whose gate expires, and one whose gate is rejected, and cleans up', async () => {
    const steps = `- { id: go, gate: { approval: owners } }
- { id: act, run: ${NOOP} }
- { id: work, needs: [], run: { uses: "builtin:wait", with: { for: 1h } } }
- { id: tidy, needs: [work], runOn: always, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo tidied" } } }`;
    const expiring = await gates.ada.submit(pack(steps, owners(', expiresAfter: 2s')));
    expect(await errorOf(expiring)).toMatchObject({ code: 'GATE_EXPIRED', stepId: 'go' });
    expect((await gates.grace.approve(expiring, 'go')).body['code']).toBe('GATE_EXPIRED');
    const rejected = await gates.ada.submit(pack(steps, owners()));
    await gates.ada.until(rejected, ['waiting']);
    expect((await gates.grace.approve(rejected, 'go', { decision: 'rejected' })).body).toMatchObject({
      status: 'rejected',
    });
    expect(await errorOf(rejected)).toMatchObject({ code: 'GATE_REJECTED', stepId: 'go' });
    for (const run of [expiring, rejected]) {
      const states = await stepsOf(run);
      expect([states['go'], states['work'], states['tidy']]).toEqual(['failed', 'cancelled', 'succeeded']);
      expect(states['act']).not.toBe('succeeded');
      await verified(run);
    }
  }, 90_000);

  it('refuses a decision that a rejection elsewhere in the run has made void', async () => {
    const run = await gates.ada.submit(
      pack(
        `- { id: a, needs: [], gate: { approval: owners } }\n- { id: b, needs: [], gate: { approval: owners } }`,
        owners(),
      ),
    );
    for (;;) {
      if ((await gates.grace.ask('GET', `/api/runs/${run}/gates/b`)).status === 200) break;
      await pause(50);
    }
    await gates.ada.until(run, ['waiting']);
    const [pid] = await gates.stack.workerPids();
    await gates.stack.killWorker('SIGSTOP', pid);
    try {
      expect((await gates.grace.approve(run, 'a', { decision: 'rejected' })).status).toBe(200);
      const late = await gates.linus.approve(run, 'b');
      expect([late.status, late.body['code']]).toEqual([409, 'RUN_ENDED']);
      const { body } = await gates.linus.ask('GET', `/api/runs/${run}/gates/b`);
      expect([body['canDecide'], body['why']]).toEqual([false, 'RUN_ENDED']);
    } finally {
      await gates.stack.killWorker('SIGCONT', pid);
    }
    expect(await errorOf(run)).toMatchObject({ code: 'GATE_REJECTED', stepId: 'a' });
    await verified(run);
  }, 60_000);

  describePolicies(gates);
  it('asks people what a lost `once` step did, and goes on by what one of them says', async () => {
    const steps = `- id: pay
  effects: once
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo paying; sleep 60" }, outputs: { receipt: { type: string } } }
- { id: tell, run: { uses: "builtin:transform", with: { outputs: { said: "{{ steps.pay.outputs.receipt }}" } } } }`;
    const run = await gates.ada.submit(
      pack(steps, '  outputs: [ { name: said, type: string, value: "{{ steps.tell.outputs.said }}" } ]\n'),
    );
    for (; (await stepsOf(run))['pay'] !== 'running';) await pause(50);
    await pause(500);
    await gates.stack.killWorker('SIGKILL');
    await gates.stack.startWorker();
    const waiting = await gates.ada.until(run, ['waiting']);
    expect(waiting['waits']).toMatchObject([{ kind: 'attention', id: 'pay' }]);
    await gates.receiver.until(run, 'step.attention');
    const shown = (await gates.ada.ask('GET', `/api/runs/${run}/steps/pay`)).body;
    expect(shown).toMatchObject({ status: 'needs_attention', error: { code: 'OUTCOME_UNKNOWN', execution: 1 } });
    const stuck = async (why: string): Promise<boolean> =>
      JSON.stringify((await gates.ada.ask('GET', `/api/runs?stuck=${why}`)).body).includes(run);
    expect([await stuck('attention'), await stuck('any'), await stuck('halted')]).toEqual([true, true, false]);
    const { stuck: reason } = (await gates.ada.ask('GET', `/api/runs/${run}`)).body;
    expect(reason).toBe('attention');
    const listed = (await cli(['list', '--stuck', 'any'], await gates.stack.tokenFor('ada'))).out;
    expect(listed.split('\n').find((line) => line.startsWith(run))).toMatch(/ {2}attention$/);

    const route = `/api/runs/${run}/steps/pay/resolve`;
    const says = { execution: 1, outcome: 'succeeded', outputs: { receipt: 'PAY-7' }, reason: 'the bank shows it' };
    const refused = async (caller: Caller, change: object): Promise<unknown> => {
      const { status, body } = await caller.ask('POST', route, { ...says, ...change });
      return [status, body['code']];
    };
    expect(await refused(gates.ada, {})).toEqual([403, 'SCOPE_MISSING']);
    expect(await refused(gates.grace, { execution: 2 })).toEqual([409, 'ATTENTION_STALE']);
    expect(await refused(gates.grace, { outputs: {} })).toEqual([422, 'ATTENTION_OUTPUTS_INVALID']);
    expect(await refused(gates.grace, { outputs: { receipt: 7 } })).toEqual([422, 'ATTENTION_OUTPUTS_INVALID']);
    expect(await refused(gates.grace, { outcome: 'failed' })).toEqual([422, 'ATTENTION_OUTPUTS_INVALID']);
    expect(await refused(gates.grace, { reason: ' ' })).toEqual([422, 'REQUEST_INVALID']);
    expect(await refused(gates.grace, { more: 1 })).toEqual([422, 'REQUEST_INVALID']);

    const outputs = join(gates.folder, 'outputs.json');
    writeFileSync(outputs, '{"receipt":"PAY-7"}');
    const args = [
      'resolve',
      run,
      'pay',
      '--outcome',
      'succeeded',
      '--outputs',
      outputs,
      '--reason',
      'the bank shows it',
      '--output',
      'json',
    ];
    const resolved = await cli(args, await gates.stack.tokenFor('grace'));
    expect([resolved.status, resolved.err]).toEqual([0, '']);
    expect(JSON.parse(resolved.out)).toMatchObject({ stepId: 'pay', execution: 1, outcome: 'succeeded' });
    expect(await refused(gates.linus, {})).toEqual([409, 'ATTENTION_RESOLVED']);

    const ended = await gates.ada.until(run, ['succeeded', 'failed']);
    expect([ended['status'], ended['outputs']]).toEqual(['succeeded', { said: 'PAY-7' }]);
    const checks = await verified(run);
    expect(checks['decisions.signature']?.detail).toBe('0 decisions, 1 resolutions');
    const files = await readTar(pieces(await gates.ada.sealed(run)), LIMITS);
    const sealed = JSON.parse(Buffer.from(files.get('resolutions/1.json') ?? []).toString()) as { payload: string };
    const record = JSON.parse(Buffer.from(sealed.payload, 'base64').toString()) as object;
    expect(record).toMatchObject({
      schema: 'taskrunner.resolution.v1',
      step: 'pay',
      execution: 1,
      person: { sub: 'grace' },
    });
  }, 120_000);

  atNight('lets no initiator resolve, and takes `retry` and `failed`', async () => {
    const steps = `- id: pay
  effects: once
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "sleep 60" } }`;
    const runs = [await gates.linus.submit(pack(steps)), await gates.ada.submit(pack(steps))];
    for (const run of runs) for (; (await stepsOf(run))['pay'] !== 'running';) await pause(50);
    await pause(500);
    await gates.stack.killWorker('SIGKILL');
    await gates.stack.startWorker();
    const [own, other] = runs as [string, string];
    for (const run of runs) await gates.ada.until(run, ['waiting']);
    const body = { execution: 1, outcome: 'failed', reason: 'the bank has nothing' };
    const self = await gates.linus.ask('POST', `/api/runs/${own}/steps/pay/resolve`, body);
    expect([self.status, self.body['code']]).toEqual([403, 'GATE_SELF_APPROVAL']);
    expect((await gates.grace.ask('POST', `/api/runs/${own}/steps/pay/resolve`, body)).status).toBe(200);
    expect(await errorOf(own)).toMatchObject({ code: 'RESOLVED_FAILED', stepId: 'pay' });
    await verified(own);

    const again = { ...body, outcome: 'retry' };
    expect((await gates.linus.ask('POST', `/api/runs/${other}/steps/pay/resolve`, again)).status).toBe(200);
    for (; (await stepsOf(other))['pay'] !== 'running';) await pause(50);
    const { body: step } = await gates.ada.ask('GET', `/api/runs/${other}/steps/pay`);
    expect(step).toMatchObject({ attempts: 2, error: null });
    const late = await gates.grace.ask('POST', `/api/runs/${other}/steps/pay/resolve`, { ...body, execution: 2 });
    expect([late.status, late.body['code']]).toEqual([409, 'ATTENTION_NOT_NEEDED']);
    await gates.ada.ask('POST', `/api/runs/${other}/cancel`, { reason: 'enough' });
    await gates.ada.until(other, ['cancelled']);
  });
});
