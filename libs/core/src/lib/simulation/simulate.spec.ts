import { canonical } from '../canonical/canonical';
import type { Json } from '../foundation/json';
import { searched } from '../../testing/runs-of-laws';
import { growthOf } from '../../testing/steps';
import { packText, planned } from '../../testing/planning';
import { simulate, type Simulated } from './simulate';

const spec = `
inputs: [ { name: regions, type: array, default: [eu, us] }, { name: dry, type: boolean, default: false }, { name: image, type: string, default: a } ]
approvals: [ { id: owners, minApprovals: 2, grants: [role:sec-lead], expiresAfter: 1h } ]
policies: [ { id: blast, engine: cel, level: soft-mandatory, source: "params.n <= 3" } ]
outputs: [ { name: made, type: object, value: "{{ steps.make.outputs }}" }, { name: found, type: integer, value: "{{ steps.scan.outputs.exitCode }}" } ]`;
const text = packText(
  `
- { id: make, run: { uses: "builtin:transform", with: { outputs: { image: "{{ inputs.image }}", n: "{{ length(inputs.regions) }}" } } } }
- { id: never, when: "{{ steps.make.outputs.n > 5 }}", run: { uses: "builtin:noop" } }
- { id: scan, retries: { maxAttempts: 3, backoff: 10s, jitter: false }, run: { uses: "builtin:command", with: { command: [scan, "{{ inputs.image }}"] }, egress: [ { url: "https://a.test", intent: pull } ] } }
- { id: maybe, when: "{{ steps.scan.outputs.exitCode == 0 }}", run: { uses: "builtin:noop", with: { x: "{{ steps.scan.outputs.exitCode }}" } } }
- { id: radius, gate: { policy: blast, with: { n: 1 }, overrideApproval: owners } }
- { id: approve, when: "{{ not inputs.dry }}", gate: { approval: owners, message: "go {{ inputs.image }}", show: { code: "{{ steps.scan.outputs.exitCode }}" } } }
- id: rollout
  map:
    items: "{{ inputs.regions }}"
    iterator: region
    maxParallel: 2
    steps:
      - { id: deploy, effects: once, run: { uses: "builtin:command", with: { command: [deploy, "{{ region }}"] } } }
      - { id: undo, runOn: failure, run: { uses: "builtin:command", with: { command: [undo] } } }
- id: choice
  conditional:
    branches: [ { when: "{{ inputs.image == 'b' }}", steps: [ { id: left, run: { uses: "builtin:noop" } } ] } ]
    else: [ { id: right, run: { uses: "builtin:noop" } } ]
- { id: last, needs: [scan], runOn: always, run: { uses: "builtin:noop" } }`,
  spec,
);
const play = (script: Json = {}, inputs = {}): Simulated => {
  const simulation = simulate({ planned: planned(text, inputs), script });
  if (simulation.kind === 'refused') throw new Error(JSON.stringify(simulation.faults));
  return simulation;
};
const classes = ({ report }: Simulated) => Object.fromEntries(report.nodes.map((node) => [node.id, node.class]));

describe('a simulation without a script', () => {
  it('shows every node with its class and the reason', () => {
    const { report, status } = play();
    expect(status).toBe('succeeded');
    expect(report.nodes.map(({ id, kind, class: shown, reason }) => [id, kind, shown, reason])).toEqual([
      ['make', 'run', 'pending', null],
      ['never', 'run', 'skipped', 'WHEN_FALSE: steps.make.outputs.n > 5'],
      ['scan', 'run', 'pending', 'assumed: it succeeds'],
      [
        'maybe',
        'run',
        'pending',
        'assumed: steps.scan.outputs.exitCode == 0 holds: steps.scan.outputs.exitCode is not known; assumed: steps.scan.outputs.exitCode is not known, so values that depend on it are unknown',
      ],
      ['radius', 'gate', 'requires-policy', 'policy blast; allows'],
      ['approve', 'gate', 'requires-approval', 'approval owners; assumed: 2 people approve'],
      ['rollout', 'map', 'pending', null],
      ['rollout::deploy', 'run', 'pending', 'assumed: it succeeds'],
      ['rollout::undo', 'run', 'skipped', 'RUN_ON_NOT_MET: failure'],
      ['choice', 'conditional', 'pending', null],
      ['left', 'run', 'skipped', 'BRANCH_NOT_TAKEN: choice'],
      ['right', 'run', 'pending', null],
      ['last', 'run', 'pending', null],
    ]);
  });

  it('says what it needs: approvals, egress, effects, the longest chain, the widest point, outputs', () => {
    const { report } = play();
    const owners = {
      approval: 'owners',
      grants: ['packs.approve', 'role:sec-lead'],
      minApprovals: 2,
      selfApproval: false,
      expiresAfterMs: 3_600_000,
      executeWithinMs: 60_000,
    };
    expect(report.approvals).toEqual([
      { gate: 'radius', policy: 'blast', ...owners },
      { gate: 'approve', policy: null, ...owners },
    ]);
    expect(report.egress).toEqual([
      { step: 'scan', url: 'https://a.test', intent: 'pull', verdict: 'recorded', enforced: 'host only' },
    ]);
    expect(report.effects.filter(({ class: effects }) => effects !== 'pure')).toEqual([
      { id: 'scan', uses: 'builtin:command', class: 'idempotent', gated: false },
      { id: 'rollout::deploy', uses: 'builtin:command', class: 'once', gated: true },
      { id: 'rollout::undo', uses: 'builtin:command', class: 'idempotent', gated: true },
    ]);
    expect(report.ungatedEffects).toEqual(['scan']);
    expect(report.criticalPath).toEqual(['make', 'scan', 'maybe', 'radius', 'approve', 'rollout::deploy', 'right']);
    expect(report.widest).toBe(2);
    expect(report.outputs).toEqual([
      { name: 'found', type: 'integer', known: false, value: null },
      { name: 'made', type: 'object', known: true, value: { image: 'a', n: 2 } },
    ]);
    expect(Object.keys(report)).toEqual([
      'planHash',
      'nodes',
      'approvals',
      'policies',
      'secrets',
      'egress',
      'effects',
      'ungatedEffects',
      'criticalPath',
      'widest',
      'workers',
      'concurrency',
      'outputs',
      'message',
    ]);
  });

  it('knows a gate that does not apply: then nothing behind it is gated', () => {
    const { report } = play({}, { dry: true });
    expect(report.nodes.find(({ id }) => id === 'approve')).toMatchObject({
      class: 'skipped',
      reason: 'WHEN_FALSE: not inputs.dry',
    });
    expect(report.approvals.map(({ gate }) => gate)).toEqual(['radius']);
    expect(report.ungatedEffects).toEqual(['scan', 'rollout::deploy', 'rollout::undo']);
  });

  it.each<[string, string, Json, object | null]>([
    [
      'a success',
      'success: { message: "{{ steps.make.outputs.n }} regions" }',
      {},
      { known: true, text: '2 regions', error: null },
    ],
    [
      'a failure',
      'failure: { message: "{{ failed }} failed" }',
      { scan: 'failed' },
      { known: true, text: '["scan"] failed', error: null },
    ],
    [
      'what is not known',
      'success: { message: "{{ steps.scan.outputs.exitCode }}" }',
      {},
      { known: false, text: null, error: null },
    ],
    [
      'a fault',
      'success: { message: "{{ steps.never.outputs }}" }',
      {},
      { known: true, text: null, error: { code: 'EXPR_NULL' } },
    ],
    ['another end', 'failure: { message: "no" }', {}, null],
  ])('has the message of the simulated end: %s', (_what, message, script, expected) => {
    const simulated = simulate({ planned: planned(text.replace('  steps:\n', `  ${message}\n  steps:\n`)), script });
    if (simulated.kind === 'refused') throw new Error(JSON.stringify(simulated.faults));
    if (expected === null) expect(simulated.report.message).toBeNull();
    else expect(simulated.report.message).toMatchObject(expected);
  });

  it('is the same bytes again', () => {
    expect(canonical(play().report as unknown as Json)).toBe(canonical(play().report as unknown as Json));
  });

  it('takes steps in proportion to the items of a map', () => {
    const regions = (count: number) => Array.from({ length: count }, (_, i) => `r${i}`);
    const many = searched(500, 10_000);
    expect(play({}, { regions: regions(many) }).steps.size).toBe(3 * many + 10);
    // A little more than 2: what is sorted takes its logarithm more.
    expect(growthOf((count) => play({}, { regions: regions(count) }), searched(100, 250))).toBeLessThan(2.3);
  });
});

describe('the reason of what does not begin', () => {
  const reasons = (steps: string, script: Json = {}): Readonly<Record<string, string | null>> => {
    const simulation = simulate({ planned: planned(packText(steps, 'approvals: [ { id: o } ]')), script });
    if (simulation.kind === 'refused') throw new Error(JSON.stringify(simulation.faults));
    return Object.fromEntries(simulation.report.nodes.map(({ id, reason }) => [id, reason]));
  };

  it('is the code of a map that failed before it expanded', () => {
    const steps = `
- { id: make, run: { uses: "builtin:transform", with: { outputs: { list: "{{ split(pack.name, '') }}" } } } }
- { id: m, map: { items: "{{ steps.make.outputs.list }}", maxItems: 1, step: { id: k, run: { uses: "builtin:noop" } } } }`;
    expect(reasons(steps)).toMatchObject({ m: 'fails', 'm::k': 'MAP_ITEMS_LIMIT: m' });
  });

  it('is the gate that was rejected', () => {
    const steps = `
- { id: g, gate: { approval: o } }
- { id: after, run: { uses: "builtin:noop" } }
- { id: beside, needs: [], run: { uses: "builtin:noop" } }
- { id: last, needs: [beside], run: { uses: "builtin:wait", with: { for: 1s } } }
- { id: later, needs: [last], run: { uses: "builtin:noop" } }`;
    expect(reasons(steps, { g: 'rejected' })).toMatchObject({ after: 'GATE_REJECTED: g', later: 'GATE_REJECTED: g' });
  });

  it('is runOn where that did not apply, and when where it was asked', () => {
    const steps = `
- { id: heal, runOn: failure, when: "{{ pack.name == 'x' }}", run: { uses: "builtin:noop" } }
- { id: other, when: "{{ pack.name == 'x' }}", run: { uses: "builtin:noop" } }`;
    expect(reasons(steps)).toEqual({
      heal: 'RUN_ON_NOT_MET: failure',
      other: "WHEN_FALSE: pack.name == 'x'",
    });
  });
});

describe('a simulation with a script', () => {
  it('retries in virtual time, and goes on with the outputs that are assumed', () => {
    const played = play({ scan: { status: 'succeeded', attempts: 3, outputs: { exitCode: 1 } } });
    expect(played.tookMs).toBe(30_000);
    expect(played.steps.get('maybe' as never)).toBe('skipped');
    expect(played.report.outputs[0]).toEqual({ name: 'found', type: 'integer', known: true, value: 1 });
  });

  it('shows a failure: what is behind is skipped, cleanup runs', () => {
    const played = play({ scan: { status: 'failed', error: { code: 'EXIT', retryable: false } } });
    expect([played.status, played.code, played.steps.get('last' as never)]).toEqual(['failed', 'EXIT', 'succeeded']);
    expect(classes(played)).toMatchObject({
      scan: 'pending',
      maybe: 'skipped',
      approve: 'skipped',
      'rollout::deploy': 'skipped',
      last: 'pending',
    });
  });

  it('fails one item by its instance: its rollback runs, its siblings do not go on', () => {
    const played = play({ 'rollout[1]::deploy': 'failed' });
    expect([...played.steps].filter(([step]) => step.startsWith('rollout['))).toEqual([
      ['rollout[0]', 'succeeded'],
      ['rollout[0]::deploy', 'succeeded'],
      ['rollout[0]::undo', 'skipped'],
      ['rollout[1]', 'failed'],
      ['rollout[1]::deploy', 'failed'],
      ['rollout[1]::undo', 'succeeded'],
    ]);
    expect(played.status).toBe('failed');
  });

  it.each([
    [{ approve: 'rejected' }, 'GATE_REJECTED'],
    [{ approve: { decision: 'expired' } }, 'GATE_EXPIRED'],
    [{ 'appro*': { status: 'failed' } }, 'GATE_REJECTED'],
  ])('closes the gate: %j', (script, code) => {
    const played = play(script);
    expect([played.status, played.code]).toEqual(['failed', code]);
    expect(classes(played)).toMatchObject({
      approve: 'requires-approval',
      'rollout::deploy': 'skipped',
      last: 'pending',
    });
  });

  it('lets people override a policy that denies', () => {
    const played = play({ radius: { decision: 'rejected' } });
    expect(played.status).toBe('succeeded');
    expect(played.report.nodes.find(({ id }) => id === 'radius')?.reason).toBe(
      'policy blast; assumed: 2 people approve',
    );
  });

  it('prefers the exact id, then the longest pattern, whatever their order', () => {
    const script = {
      '*': 'failed',
      'rollout*': 'succeeded',
      'rollout[0]::deploy': 'failed',
      make: 'succeeded',
      scan: 'succeeded',
      maybe: 'succeeded',
      radius: 'approved',
      approve: 'approved',
    };
    const one = play(script);
    expect(one.steps.get('rollout[0]::deploy' as never)).toBe('failed');
    expect(one.steps.get('rollout[1]::deploy' as never)).toBe('succeeded');
    const other = play(Object.fromEntries(Object.entries(script).reverse()));
    expect(canonical(other.report as unknown as Json)).toBe(canonical(one.report as unknown as Json));
  });

  it('refuses a script that means nothing, all faults at once', () => {
    const simulation = simulate({
      planned: planned(text),
      script: { scann: 'failed', scan: { status: 'lost', atempts: 2 }, make: { attempts: 0 } },
    });
    expect(
      simulation.kind === 'refused' &&
        simulation.faults.map(({ code, path, remediation }) => [code, path, remediation]),
    ).toEqual([
      ['SCRIPT_INVALID', '/make/attempts', 'Use the number of attempts that the step takes.'],
      ['SCRIPT_INVALID', '/scan/atempts', 'Did you mean attempts?'],
      ['SCRIPT_INVALID', '/scan/status', 'Use one of the allowed values.'],
      ['SCRIPT_UNKNOWN_STEP', '/scann', 'Did you mean scan?'],
    ]);
  });
});
