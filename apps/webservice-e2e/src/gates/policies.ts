import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atNight, isNight } from '../stack/at-night';
import { pack } from '../stack/stack';
import { NOOP, owners, policy, type GateStack } from './gate-stack';

/** Tests of policies at gates. */
export function describePolicies(gates: GateStack): void {
  const { cli, verified, errorOf } = gates;

  const ANY = 'permit(principal, action, resource);';
  const CHECK = `- { id: check, gate: { policy: p, with: { limit: 3, ratio: 0.5 } } }\n- { id: act, run: ${NOOP} }`;
  /** What each engine says. One answer of each is tried in every change. */
  const ANSWERS: readonly (readonly [what: string, engine: string, source: string, code: string | null])[] = [
    [
      'cedar forbids',
      'cedar',
      `${ANY} forbid(principal, action, resource) when { context.params.limit < 5 };`,
      'POLICY_DENIED',
    ],
    ['cel allows', 'cel', 'params.limit == 3', null],
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
      'cedar fails in what forbids',
      'cedar',
      `${ANY} forbid(principal, action, resource) when { context.params.missing < 5 };`,
      'POLICY_UNDECIDED',
    ],
    ['cel gives no answer', 'cel', '[1, 2][size(now)] == 1', 'POLICY_UNDECIDED'],
  ];
  it.each(isNight ? ANSWERS : ANSWERS.slice(0, 2))(
    'where %s',
    async (_, engine, source, code) => {
      const run = await gates.ada.submit(pack(CHECK, policy(engine, 'hard-mandatory', source)));
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
    const { status, body } = await gates.ada.ask('POST', '/api/runs', {
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
    const run = await gates.ada.submit(pack(steps, policy('cedar', 'soft-mandatory', source, owners())));
    const waiting = await gates.ada.until(run, ['waiting']);
    expect(waiting['waits']).toMatchObject([{ kind: 'policy', id: 'check' }]);
    const { body } = await gates.grace.ask('GET', `/api/runs/${run}/gates/check`);
    expect(body['request']).toMatchObject({ policy: { allow: false, undecided: false, engine: 'cedar' } });
    expect((await gates.grace.approve(run, 'check')).body).toMatchObject({ status: 'approved' });
    await gates.ada.until(run, ['succeeded']);
    await gates.receiver.until(run, 'run.ended');
    const reported = gates.receiver.of(run).map(({ type }) => type);
    expect(reported.filter((type) => type.startsWith('pack.'))).toEqual(['pack.policy.hold', 'pack.policy.released']);
    const checks = await verified(run);
    expect([checks['policies']?.basis, checks['effects.gated']?.basis]).toEqual(['recomputed', 'recomputed']);
    const judged = (await gates.ada.ask('GET', `/api/runs/${run}/steps/check`)).body;
    expect(judged['outputs']).toMatchObject({ allow: false, overridden: true, engine: 'cedar' });

    const advisory = await gates.ada.submit(pack(CHECK, policy('cedar', 'advisory', source)));
    await gates.ada.until(advisory, ['succeeded']);
    expect((await gates.ada.ask('GET', `/api/runs/${advisory}/steps/check`)).body['outputs']).toMatchObject({
      allow: false,
    });
    await verified(advisory);
  }, 90_000);

  const REASONS = ['no deployments on Fridays', 'nobody is on call\ngate digest  sha256:forged\u001b[2J'];
  const DENIES = `{"allow": false, "reasons": ${JSON.stringify(REASONS)}}`;

  atNight('shows who may override a policy what it said, before they decide and afterwards', async () => {
    const steps = `- { id: check, gate: { policy: p, overrideApproval: owners } }\n- { id: act, run: ${NOOP} }`;
    const run = await gates.ada.submit(pack(steps, policy('cel', 'soft-mandatory', DENIES, owners())));
    const waiting = await gates.ada.until(run, ['waiting']);
    const verdict = { id: 'p', level: 'soft-mandatory', engine: 'cel', result: 'deny', reasons: REASONS };
    expect(waiting['waits']).toMatchObject([{ kind: 'policy', id: 'check', policy: verdict }]);
    const token = await gates.stack.tokenFor('grace');

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
    expect((await gates.grace.ask('GET', `/api/runs/${run}/gates/check`)).body['policy']).toMatchObject(verdict);

    const args = ['approve', run, 'check', '--reason', 'a fix for \u001b[31mSEC-7', '--yes', '--gate-digest', digest];
    expect(await cli(args, token)).toMatchObject({ status: 0 });
    await gates.ada.until(run, ['succeeded']);
    const { body } = await gates.ada.ask('GET', `/api/runs/${run}/gates`);
    const [gate] = body['items'] as { policy: object; decisions: { receipt: { payload: string }; record: string }[] }[];
    expect(gate).toMatchObject({ gateId: 'check', status: 'approved', policy: verdict, approvals: 1, required: 1 });
    const [decision] = gate?.decisions ?? [];
    expect(decision).toMatchObject({ decision: 'approved', person: { sub: 'grace' }, proof: 'service', bound: 'gate' });
    const record = Buffer.from(decision?.receipt.payload ?? '', 'base64');
    expect(JSON.parse(record.toString())).toMatchObject({ gateDigest: digest, reason: 'a fix for \u001b[31mSEC-7' });

    const shown = [(await cli(['gates', run], token)).out, (await cli(['show', run], token)).out];
    for (const text of shown) {
      expect(text).toContain('gate check: overridden, 1 of 1 approvals');
      expect(text).toContain('people overrode the denial');
      expect(text).toMatch(
        /overridden by grace of \S+\n {4}at: \S+Z\n {4}why: a fix for \\u\{1b\}\[31mSEC-7\n {4}proof: service/,
      );
    }
    expect(JSON.parse((await cli(['gates', run, '--output', 'json'], token)).out)).toMatchObject({
      items: [{ status: 'approved' }],
    });
    expect((await cli(['logs', run, '--no-follow', '--no-times'], token)).out.split('\n').slice(0, 3)).toEqual([
      'check | WARN policy p (soft-mandatory) denied it: waiting for people to override the denial (owners)',
      'check | WARN reason: no deployments on Fridays',
      'check | WARN reason: nobody is on call\\u{a}gate digest  sha256:forged\\u{1b}[2J',
    ]);
    const late = await gates.linus.approve(run, 'check');
    expect([late.status, late.body['code']]).toEqual([409, 'GATE_DECIDED']);
    expect(late.body['detail']).toMatch(/^gate check was approved by grace of \S+ at \d{4}-/);
    // Webhooks contain no reasons.
    await gates.receiver.until(run, 'run.ended');
    expect(JSON.stringify(gates.receiver.of(run))).not.toContain('Friday');
    const checks = await verified(run);
    expect([checks['gates.requests']?.basis, checks['logs.digest']?.basis]).toEqual(['recomputed', 'recomputed']);
  });

  it('says which policy ended a run, and why, wherever it is asked', async () => {
    const steps = `- { id: check, gate: { policy: p } }\n- { id: go, gate: { approval: owners } }\n- { id: act, run: ${NOOP} }`;
    const source = pack(steps, policy('cel', 'hard-mandatory', DENIES, owners()));
    const manifest = join(gates.folder, 'denied.yaml');
    writeFileSync(manifest, source);
    const followed = await cli(['run', manifest], await gates.stack.tokenFor('ada'));
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
    const error = { code: 'POLICY_DENIED', message: expect.stringContaining(said) as string, policy: verdict };
    expect(await errorOf(run)).toMatchObject({ ...error, stepId: 'check' });
    expect((await gates.ada.ask('GET', `/api/runs/${run}/steps/check`)).body['error']).toMatchObject(error);

    const { body } = await gates.grace.ask('GET', `/api/runs/${run}/gates`);
    expect(body['items']).toMatchObject([
      { gateId: 'check', status: 'denied', reason: 'POLICY_DENIED', policy: verdict, decisions: [] },
      { gateId: 'go', policy: null },
    ]);
    const read = await gates.grace.ask('GET', `/api/runs/${run}/gates/check`);
    expect([read.status, read.body['code']]).toEqual([409, 'GATE_NOT_OPEN']);
    expect(read.body['detail']).toContain(`gate check never opened for people: ${said}`);
    const decided = await gates.grace.ask('POST', `/api/runs/${run}/approve`, {
      gateId: 'check',
      decision: 'approved',
      planHash: (await gates.ada.summary(run))['planHash'],
    });
    expect([decided.status, decided.body['code']]).toEqual([409, 'RUN_ENDED']);
    expect(decided.body['detail']).toContain(said);
    const approve = await cli(['approve', run, 'check'], await gates.stack.tokenFor('grace'));
    expect(approve.err).toContain(
      'GATE_NOT_OPEN gate check never opened for people: policy p (hard-mandatory) denied it',
    );
    expect((await gates.grace.ask('GET', `/api/runs/${run}/gates/go`)).body['detail']).toMatch(/^gate go /);
    expect((await cli(['show', run], await gates.stack.tokenFor('grace'))).out).toContain(
      'gate check: denied (POLICY_DENIED)',
    );
    await verified(run);
  }, 90_000);
}
