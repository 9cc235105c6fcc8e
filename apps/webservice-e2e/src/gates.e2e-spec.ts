import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTar } from '@taskrunner/infrastructure/archive';
import { Caller, pack, pause, startStack, type DevStack } from './stack/stack';
import { startReceiver, WEBHOOK_SECRET, type Receiver } from './stack/webhook-receiver';

const owners = (more = ''): string =>
  `  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1${more} } ]\n`;
const policy = (engine: string, level: string, source: string, more = ''): string =>
  `${more}  policies: [ { id: p, engine: ${engine}, level: ${level}, source: ${JSON.stringify(source)} } ]\n`;
const NOOP = '{ uses: "builtin:noop" }';
const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

describe('gates, policies and those who are told', () => {
  let folder: string;
  let stack: DevStack;
  let receiver: Receiver;
  let ada: Caller;
  let grace: Caller;
  let linus: Caller;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-gates-'));
    receiver = await startReceiver();
    const secretFile = join(folder, 'webhook.secret');
    writeFileSync(secretFile, `${WEBHOOK_SECRET}\n`, { mode: 0o600 });
    const endpoint = { tenant: 'acme', url: receiver.url, secretFile, cidr: '127.0.0.0/8' };
    stack = await startStack(join(folder, 'state'), {
      configuration: {
        worker: { lease: '5s' },
        approvals: {
          grants: ['role:sec-lead'],
          people: [
            { iss: 'https://elsewhere.test', sub: 'grace', grants: ['role:sec-lead'] },
            { iss: 'https://elsewhere.test', sub: 'linus' },
          ],
        },
        webhooks: { endpoints: [endpoint], firstRetry: '50ms', longestRetry: '200ms' },
      },
    });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    grace = new Caller(stack.server, await stack.tokenFor('grace'));
    linus = new Caller(stack.server, await stack.tokenFor('linus'));
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function cli(
    args: readonly string[],
    token = '',
  ): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
    const env = { ...process.env, TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: token };
    const { status, stdout, stderr } = await stack.taskrunner(args, env);
    return { status, out: stdout, err: stderr };
  }

  /** The checks of a run's offline verification. All of them must pass. */
  async function verified(run: string): Promise<Readonly<Record<string, { basis: string; detail: string }>>> {
    const file = join(folder, `${run}.tar`);
    writeFileSync(file, await ada.sealed(run));
    const { status, out, err } = await cli(['verify', file, '--trust', stack.trustPath, '--allow-dev', '--json']);
    const { checks } = JSON.parse(out || '{}') as {
      checks: { name: string; ok: boolean; basis: string; detail: string }[];
    };
    if (status !== 0) throw new Error(`${err} ${JSON.stringify(checks.filter(({ ok }) => !ok))}`);
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  }

  const errorOf = async (run: string): Promise<unknown> => (await ada.until(run, ['failed', 'succeeded']))['error'];
  const stepsOf = async (run: string): Promise<Record<string, string>> => {
    const { body } = await ada.ask('GET', `/api/runs/${run}/steps`);
    return Object.fromEntries(
      (body['items'] as { id: string; status: string }[]).map(({ id, status }) => [id, status]),
    );
  };

  it('tells a receiver that fails three times, signed, and each run in its order', async () => {
    receiver.failNext(3);
    const run = await ada.submit(pack(`- { id: go, gate: { approval: owners } }\n- { id: a, run: ${NOOP} }`, owners()));
    await ada.until(run, ['waiting']);
    expect((await grace.approve(run, 'go')).status).toBe(200);
    await ada.until(run, ['succeeded']);
    await receiver.until(run, 'run.ended');
    expect(receiver.refused).toBe(3);
    expect(receiver.of(run).map(({ type }) => type)).toEqual([
      'run.started',
      'gate.opened',
      'pack.approval.requested',
      'gate.counted',
      'pack.approval.updated',
      'gate.ended',
      'pack.approval.updated',
      'run.ended',
    ]);
    const { body } = await grace.ask('GET', `/api/runs/${run}/gates/go`);
    expect(receiver.of(run)[1]?.data).toEqual({
      tenant: 'acme',
      runId: run,
      gateId: 'go',
      gateDigest: body['gateDigest'],
      link: expect.stringContaining(`/api/runs/${run}/gates/go`),
    });
    // The first message was sent four times under one id. A rejected message is never overtaken.
    expect(new Set(receiver.ids(run).slice(0, 4)).size).toBe(1);
    expect(new Set(receiver.ids(run)).size).toBe(8);
  }, 60_000);

  it('waits where one person of two decides twice, counts a withdrawal, and opens for two people', async () => {
    const run = await ada.submit(
      pack(`- { id: go, gate: { approval: owners } }`, owners().replace('minApprovals: 1', 'minApprovals: 2')),
    );
    await ada.until(run, ['waiting']);
    expect((await grace.approve(run, 'go')).body).toMatchObject({ status: 'open', approvals: 1, required: 2 });
    expect((await grace.approve(run, 'go')).body).toMatchObject({ status: 'open', approvals: 1, required: 2 });
    expect((await ada.summary(run))['status']).toBe('waiting');
    expect((await grace.approve(run, 'go', { decision: 'withdrawn' })).body).toMatchObject({ approvals: 0 });
    expect((await linus.approve(run, 'go')).body).toMatchObject({ status: 'open', approvals: 1 });
    expect((await grace.approve(run, 'go')).body).toMatchObject({ status: 'approved', approvals: 2 });
    await ada.until(run, ['succeeded']);
    expect((await verified(run))['decisions.people']).toMatchObject({ basis: 'recomputed' });
  }, 60_000);

  it('announces a gate that too few of the configured people may decide', async () => {
    const run = await ada.submit(
      pack(`- { id: go, gate: { approval: owners } }`, owners().replace('minApprovals: 1', 'minApprovals: 3')),
    );
    await receiver.until(run, 'gate.unsatisfiable');
    expect((await ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'nobody can' })).status).toBe(202);
    await ada.until(run, ['cancelled']);
    await verified(run);
  }, 60_000);

  it('fails a run whose gate expires, and one whose gate is rejected, and cleans up', async () => {
    const steps = `- { id: go, gate: { approval: owners } }
- { id: act, run: ${NOOP} }
- { id: work, needs: [], run: { uses: "builtin:wait", with: { for: 1h } } }
- { id: tidy, needs: [work], runOn: always, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo tidied" } } }`;
    const expiring = await ada.submit(pack(steps, owners(', expiresAfter: 2s')));
    expect(await errorOf(expiring)).toMatchObject({ code: 'GATE_EXPIRED', stepId: 'go' });
    expect((await grace.approve(expiring, 'go')).body['code']).toBe('GATE_EXPIRED');
    const rejected = await ada.submit(pack(steps, owners()));
    await ada.until(rejected, ['waiting']);
    expect((await grace.approve(rejected, 'go', { decision: 'rejected' })).body).toMatchObject({ status: 'rejected' });
    expect(await errorOf(rejected)).toMatchObject({ code: 'GATE_REJECTED', stepId: 'go' });
    for (const run of [expiring, rejected]) {
      const states = await stepsOf(run);
      expect([states['go'], states['work'], states['tidy']]).toEqual(['failed', 'cancelled', 'succeeded']);
      expect(states['act']).not.toBe('succeeded');
      await verified(run);
    }
  }, 90_000);

  it('refuses a decision that a rejection elsewhere in the run has made void', async () => {
    const run = await ada.submit(
      pack(
        `- { id: a, needs: [], gate: { approval: owners } }\n- { id: b, needs: [], gate: { approval: owners } }`,
        owners(),
      ),
    );
    for (;;) {
      if ((await grace.ask('GET', `/api/runs/${run}/gates/b`)).status === 200) break;
      await pause(50);
    }
    await ada.until(run, ['waiting']);
    const [pid] = await stack.workerPids();
    await stack.killWorker('SIGSTOP', pid);
    try {
      expect((await grace.approve(run, 'a', { decision: 'rejected' })).status).toBe(200);
      const late = await linus.approve(run, 'b');
      expect([late.status, late.body['code']]).toEqual([409, 'RUN_ENDED']);
      const { body } = await linus.ask('GET', `/api/runs/${run}/gates/b`);
      expect([body['canDecide'], body['why']]).toEqual([false, 'RUN_ENDED']);
    } finally {
      await stack.killWorker('SIGCONT', pid);
    }
    expect(await errorOf(run)).toMatchObject({ code: 'GATE_REJECTED', stepId: 'a' });
    await verified(run);
  }, 60_000);

  const ANY = 'permit(principal, action, resource);';
  const CHECK = `- { id: check, gate: { policy: p, with: { limit: 3, ratio: 0.5 } } }\n- { id: act, run: ${NOOP} }`;
  it.each([
    [
      'cedar permits',
      'cedar',
      'permit(principal, action == Action::"check", resource) when { context.params.limit < 5 };',
      null,
    ],
    [
      'cedar permits nothing',
      'cedar',
      'permit(principal, action, resource) when { context.params.limit > 5 };',
      'POLICY_DENIED',
    ],
    [
      'cedar forbids',
      'cedar',
      `${ANY} forbid(principal, action, resource) when { context.params.limit < 5 };`,
      'POLICY_DENIED',
    ],
    [
      'cedar fails in what forbids',
      'cedar',
      `${ANY} forbid(principal, action, resource) when { context.params.missing < 5 };`,
      'POLICY_UNDECIDED',
    ],
    ['cel gives no answer', 'cel', '[1, 2][size(now)] == 1', 'POLICY_UNDECIDED'],
    ['cel allows', 'cel', 'params.limit == 3', null],
  ])(
    'where %s',
    async (_, engine, source, code) => {
      const run = await ada.submit(pack(CHECK, policy(engine, 'hard-mandatory', source)));
      const error = await errorOf(run);
      if (code === null) expect(error).toBeNull();
      else expect(error).toMatchObject({ code, stepId: 'check' });
      const undecided = engine === 'cedar' && code === 'POLICY_UNDECIDED';
      expect((await verified(run))['policies']).toMatchObject({ basis: undecided ? 'signed' : 'recomputed' });
    },
    60_000,
  );

  it('names the place of a Cedar policy that cannot be read', async () => {
    const source = 'permit(principal, action, resource) when { context.x > };';
    const manifest = pack(CHECK, policy('cedar', 'hard-mandatory', source));
    const { status, body } = await ada.ask('POST', '/api/runs', {
      manifest,
      inputs: {},
    });
    expect(status).toBe(422);
    const [fault] = body['errors'] as { code: string; line: number; column: number; message: string }[];
    const line = manifest.split('\n').findIndex((one) => one.includes(source));
    const column = (manifest.split('\n')[line]?.indexOf('};') ?? 0) + 1;
    expect(fault).toMatchObject({ code: 'POLICY_SYNTAX', line: line + 1, column });
  });

  it('holds a soft-mandatory policy for people, who override it; an advisory one only says so', async () => {
    const source = 'permit(principal, action, resource) when { context.params.limit > 5 };';
    const steps = CHECK.replace('policy: p,', 'policy: p, overrideApproval: owners,');
    const run = await ada.submit(pack(steps, policy('cedar', 'soft-mandatory', source, owners())));
    const waiting = await ada.until(run, ['waiting']);
    expect(waiting['waits']).toMatchObject([{ kind: 'policy', id: 'check' }]);
    const { body } = await grace.ask('GET', `/api/runs/${run}/gates/check`);
    expect(body['request']).toMatchObject({ policy: { allow: false, undecided: false, engine: 'cedar' } });
    expect((await grace.approve(run, 'check')).body).toMatchObject({ status: 'approved' });
    await ada.until(run, ['succeeded']);
    await receiver.until(run, 'run.ended');
    const reported = receiver.of(run).map(({ type }) => type);
    expect(reported.filter((type) => type.startsWith('pack.'))).toEqual(['pack.policy.hold', 'pack.policy.released']);
    const checks = await verified(run);
    expect([checks['policies']?.basis, checks['effects.gated']?.basis]).toEqual(['recomputed', 'recomputed']);
    const judged = (await ada.ask('GET', `/api/runs/${run}/steps/check`)).body;
    expect(judged['outputs']).toMatchObject({ allow: false, overridden: true, engine: 'cedar' });

    const advisory = await ada.submit(pack(CHECK, policy('cedar', 'advisory', source)));
    await ada.until(advisory, ['succeeded']);
    expect((await ada.ask('GET', `/api/runs/${advisory}/steps/check`)).body['outputs']).toMatchObject({ allow: false });
    await verified(advisory);
  }, 90_000);

  const REASONS = ['no deployments on Fridays', 'nobody is on call\ngate digest  sha256:forged\u001b[2J'];
  const DENIES = `{"allow": false, "reasons": ${JSON.stringify(REASONS)}}`;

  it('shows who may override a policy what it said, before they are asked, and afterwards who decided', async () => {
    const steps = `- { id: check, gate: { policy: p, overrideApproval: owners } }\n- { id: act, run: ${NOOP} }`;
    const run = await ada.submit(pack(steps, policy('cel', 'soft-mandatory', DENIES, owners())));
    const waiting = await ada.until(run, ['waiting']);
    const verdict = { id: 'p', level: 'soft-mandatory', engine: 'cel', result: 'deny', reasons: REASONS };
    expect(waiting['waits']).toMatchObject([{ kind: 'policy', id: 'check', policy: verdict }]);
    const token = await stack.tokenFor('grace');

    // Without a terminal the command shows everything and decides nothing.
    const asked = await cli(['approve', run, 'check', '--reason', 'urgent'], token);
    expect(asked.err).toContain('CLI_NOT_CONFIRMED');
    const lines = asked.out.trimEnd().split('\n');
    expect(lines.slice(lines.indexOf('policy')).slice(0, 4)).toEqual([
      'policy',
      '  policy p (soft-mandatory) denied it [cel]',
      '    reason: no deployments on Fridays',
      '    reason: nobody is on call\\u{a}gate digest  sha256:forged\\u{1b}[2J',
    ]);
    expect(lines).toContain('  policy p (soft-mandatory) denied it. Approving overrides the denial.');
    expect(lines.at(-2)).toBe('overrides    approving overrides the denial of policy p (soft-mandatory)');
    const digest = /^gate digest {2}(sha256:[0-9a-f]{64})$/.exec(lines.at(-1) ?? '')?.[1] ?? '';
    expect((await cli(['approvals', '--mine'], token)).out).toContain('reason: no deployments on Fridays');
    expect((await grace.ask('GET', `/api/runs/${run}/gates/check`)).body['policy']).toMatchObject(verdict);

    const args = ['approve', run, 'check', '--reason', 'a fix for \u001b[31mSEC-7', '--yes', '--gate-digest', digest];
    expect(await cli(args, token)).toMatchObject({ status: 0 });
    await ada.until(run, ['succeeded']);
    const { body } = await ada.ask('GET', `/api/runs/${run}/gates`);
    const [gate] = body['items'] as { policy: object; decisions: { receipt: { payload: string }; record: string }[] }[];
    expect(gate).toMatchObject({ gateId: 'check', status: 'approved', policy: verdict, approvals: 1, required: 1 });
    const [decision] = gate?.decisions ?? [];
    expect(decision).toMatchObject({ decision: 'approved', person: { sub: 'grace' }, proof: 'service', bound: 'gate' });
    const record = Buffer.from(decision?.receipt.payload ?? '', 'base64');
    expect(JSON.parse(record.toString())).toMatchObject({ gateDigest: digest, reason: 'a fix for \u001b[31mSEC-7' });

    const shown = [(await cli(['gates', run], token)).out, (await cli(['show', run], token)).out];
    for (const text of shown) {
      expect(text).toContain('gate check: approved, 1 of 1 approvals');
      expect(text).toContain('people overrode the denial');
      expect(text).toMatch(
        /approved by grace of \S+\n {4}at: \S+Z\n {4}why: a fix for \\u\{1b\}\[31mSEC-7\n {4}proof: service/,
      );
    }
    expect(JSON.parse((await cli(['gates', run, '--output', 'json'], token)).out)).toMatchObject({
      items: [{ status: 'approved' }],
    });
    expect((await cli(['logs', run, '--no-follow'], token)).out.split('\n').slice(0, 3)).toEqual([
      'check | WARN policy p (soft-mandatory) denied it: waiting for people to override the denial (owners)',
      'check | WARN reason: no deployments on Fridays',
      'check | WARN reason: nobody is on call\\u{a}gate digest  sha256:forged\\u{1b}[2J',
    ]);
    const late = await linus.approve(run, 'check');
    expect([late.status, late.body['code']]).toEqual([409, 'GATE_DECIDED']);
    expect(late.body['detail']).toMatch(/^gate check was approved by grace of \S+ at \d{4}-/);
    // Webhooks contain no reasons.
    await receiver.until(run, 'run.ended');
    expect(JSON.stringify(receiver.of(run))).not.toContain('Friday');
    const checks = await verified(run);
    expect([checks['gates.requests']?.basis, checks['logs.digest']?.basis]).toEqual(['recomputed', 'recomputed']);
  }, 90_000);

  it('says which policy ended a run, and why, wherever it is asked', async () => {
    const steps = `- { id: check, gate: { policy: p } }\n- { id: go, gate: { approval: owners } }\n- { id: act, run: ${NOOP} }`;
    const source = pack(steps, policy('cel', 'hard-mandatory', DENIES, owners()));
    const manifest = join(folder, 'denied.yaml');
    writeFileSync(manifest, source);
    const followed = await cli(['run', manifest], await stack.tokenFor('ada'));
    const run = /^run (run_\S+) failed$/m.exec(followed.err)?.[1] ?? '';
    expect(followed.err.split('\n')).toEqual(
      expect.arrayContaining([
        'POLICY_DENIED at check',
        '  policy p (hard-mandatory) denied it [cel]',
        '    reason: no deployments on Fridays',
        '    reason: nobody is on call\\u{a}gate digest  sha256:forged\\u{1b}[2J',
      ]),
    );
    expect(followed.out).toContain('check | ERROR policy p (hard-mandatory) denied it: the run fails');
    const verdict = { id: 'p', level: 'hard-mandatory', result: 'deny', reasons: REASONS };
    const said = 'policy p (hard-mandatory) denied it: no deployments on Fridays; nobody is on call\\u{a}';
    const error = { code: 'POLICY_DENIED', message: expect.stringContaining(said), policy: verdict };
    expect(await errorOf(run)).toMatchObject({ ...error, stepId: 'check' });
    expect((await ada.ask('GET', `/api/runs/${run}/steps/check`)).body['error']).toMatchObject(error);

    const { body } = await grace.ask('GET', `/api/runs/${run}/gates`);
    expect(body['items']).toMatchObject([
      { gateId: 'check', status: 'denied', reason: 'POLICY_DENIED', policy: verdict, decisions: [] },
      { gateId: 'go', policy: null },
    ]);
    const read = await grace.ask('GET', `/api/runs/${run}/gates/check`);
    expect([read.status, read.body['code']]).toEqual([409, 'GATE_NOT_OPEN']);
    expect(read.body['detail']).toContain(`gate check never opened for people: ${said}`);
    const decided = await grace.ask('POST', `/api/runs/${run}/approve`, {
      gateId: 'check',
      decision: 'approved',
      planHash: (await ada.summary(run))['planHash'],
    });
    expect([decided.status, decided.body['code']]).toEqual([409, 'RUN_ENDED']);
    expect(decided.body['detail']).toContain(said);
    const approve = await cli(['approve', run, 'check'], await stack.tokenFor('grace'));
    expect(approve.err).toContain(
      'GATE_NOT_OPEN gate check never opened for people: policy p (hard-mandatory) denied it',
    );
    expect((await grace.ask('GET', `/api/runs/${run}/gates/go`)).body['detail']).toMatch(/^gate go /);
    expect((await cli(['show', run], await stack.tokenFor('grace'))).out).toContain(
      'gate check: denied (POLICY_DENIED)',
    );
    await verified(run);
  }, 90_000);

  it('asks people what a lost `once` step did, and goes on by what one of them says', async () => {
    const steps = `- id: pay
  effects: once
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo paying; sleep 60" }, outputs: { receipt: { type: string } } }
- { id: tell, run: { uses: "builtin:transform", with: { outputs: { said: "{{ steps.pay.outputs.receipt }}" } } } }`;
    const run = await ada.submit(
      pack(steps, '  outputs: [ { name: said, type: string, value: "{{ steps.tell.outputs.said }}" } ]\n'),
    );
    for (; (await stepsOf(run))['pay'] !== 'running';) await pause(50);
    await pause(500);
    await stack.killWorker('SIGKILL');
    await stack.startWorker();
    const waiting = await ada.until(run, ['waiting']);
    expect(waiting['waits']).toMatchObject([{ kind: 'attention', id: 'pay' }]);
    await receiver.until(run, 'step.attention');
    const shown = (await ada.ask('GET', `/api/runs/${run}/steps/pay`)).body;
    expect(shown).toMatchObject({ status: 'needs_attention', error: { code: 'OUTCOME_UNKNOWN', execution: 1 } });
    const stuck = async (why: string): Promise<boolean> =>
      JSON.stringify((await ada.ask('GET', `/api/runs?stuck=${why}`)).body).includes(run);
    expect([await stuck('attention'), await stuck('any'), await stuck('halted')]).toEqual([true, true, false]);
    const { stuck: reason } = (await ada.ask('GET', `/api/runs/${run}`)).body;
    expect(reason).toBe('attention');
    const listed = (await cli(['list', '--stuck', 'any'], await stack.tokenFor('ada'))).out;
    expect(listed.split('\n').find((line) => line.startsWith(run))).toMatch(/ {2}stuck: attention$/);

    const route = `/api/runs/${run}/steps/pay/resolve`;
    const says = { execution: 1, outcome: 'succeeded', outputs: { receipt: 'PAY-7' }, reason: 'the bank shows it' };
    const refused = async (caller: Caller, change: object): Promise<unknown> => {
      const { status, body } = await caller.ask('POST', route, { ...says, ...change });
      return [status, body['code']];
    };
    expect(await refused(ada, {})).toEqual([403, 'SCOPE_MISSING']);
    expect(await refused(grace, { execution: 2 })).toEqual([409, 'ATTENTION_STALE']);
    expect(await refused(grace, { outputs: {} })).toEqual([422, 'ATTENTION_OUTPUTS_INVALID']);
    expect(await refused(grace, { outputs: { receipt: 7 } })).toEqual([422, 'ATTENTION_OUTPUTS_INVALID']);
    expect(await refused(grace, { outcome: 'failed' })).toEqual([422, 'ATTENTION_OUTPUTS_INVALID']);
    expect(await refused(grace, { reason: ' ' })).toEqual([422, 'REQUEST_INVALID']);
    expect(await refused(grace, { more: 1 })).toEqual([422, 'REQUEST_INVALID']);

    const outputs = join(folder, 'outputs.json');
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
    const resolved = await cli(args, await stack.tokenFor('grace'));
    expect([resolved.status, resolved.err]).toEqual([0, '']);
    expect(JSON.parse(resolved.out)).toMatchObject({ stepId: 'pay', execution: 1, outcome: 'succeeded' });
    expect(await refused(linus, {})).toEqual([409, 'ATTENTION_RESOLVED']);

    const ended = await ada.until(run, ['succeeded', 'failed']);
    expect([ended['status'], ended['outputs']]).toEqual(['succeeded', { said: 'PAY-7' }]);
    const checks = await verified(run);
    expect(checks['decisions.signature']?.detail).toBe('0 decisions, 1 resolutions');
    const files = await readTar(pieces(await ada.sealed(run)), LIMITS);
    const sealed = JSON.parse(Buffer.from(files.get('resolutions/1.json') ?? []).toString()) as { payload: string };
    const record = JSON.parse(Buffer.from(sealed.payload, 'base64').toString()) as object;
    expect(record).toMatchObject({
      schema: 'taskrunner.resolution.v1',
      step: 'pay',
      execution: 1,
      person: { sub: 'grace' },
    });
  }, 120_000);

  it('lets no initiator resolve, and takes `retry` and `failed`', async () => {
    const steps = `- id: pay
  effects: once
  run: { uses: "builtin:script", with: { interpreter: [sh], source: "sleep 60" } }`;
    const runs = [await linus.submit(pack(steps)), await ada.submit(pack(steps))];
    for (const run of runs) for (; (await stepsOf(run))['pay'] !== 'running';) await pause(50);
    await pause(500);
    await stack.killWorker('SIGKILL');
    await stack.startWorker();
    const [own, other] = runs as [string, string];
    for (const run of runs) await ada.until(run, ['waiting']);
    const body = { execution: 1, outcome: 'failed', reason: 'the bank has nothing' };
    const self = await linus.ask('POST', `/api/runs/${own}/steps/pay/resolve`, body);
    expect([self.status, self.body['code']]).toEqual([403, 'GATE_SELF_APPROVAL']);
    expect((await grace.ask('POST', `/api/runs/${own}/steps/pay/resolve`, body)).status).toBe(200);
    expect(await errorOf(own)).toMatchObject({ code: 'RESOLVED_FAILED', stepId: 'pay' });
    await verified(own);

    const again = { ...body, outcome: 'retry' };
    expect((await linus.ask('POST', `/api/runs/${other}/steps/pay/resolve`, again)).status).toBe(200);
    for (; (await stepsOf(other))['pay'] !== 'running';) await pause(50);
    const { body: step } = await ada.ask('GET', `/api/runs/${other}/steps/pay`);
    expect(step).toMatchObject({ attempts: 2, error: null });
    const late = await grace.ask('POST', `/api/runs/${other}/steps/pay/resolve`, { ...body, execution: 2 });
    expect([late.status, late.body['code']]).toEqual([409, 'ATTENTION_NOT_NEEDED']);
    await ada.ask('POST', `/api/runs/${other}/cancel`, { reason: 'enough' });
    await ada.until(other, ['cancelled']);
  }, 120_000);
});
