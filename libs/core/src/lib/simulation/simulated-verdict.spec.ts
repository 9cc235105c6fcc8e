import type { Json, JsonObject } from '../foundation/json';
import { packText, planned, testConfiguration } from '../../testing/planning';
import type { PolicyEngine } from '../policy/policy';
import { simulate, type Simulated } from './simulate';

const STEPS = `
- { id: sized, run: { uses: "builtin:transform", with: { outputs: { count: "{{ length(inputs.regions) }}" } } } }
- { id: scan, run: { uses: "builtin:command", with: { command: [scan] }, outputs: { count: { type: integer } } } }
- { id: check, gate: { policy: p, with: { size: "{{ steps.sized.outputs.count }}", found: "{{ steps.scan.outputs.count }}" } OVERRIDE } }
- { id: apply, effects: idempotent, run: { uses: "builtin:command", with: { command: [apply] } } }`;

interface VerdictCase {
  readonly source: string;
  readonly level?: string;
  readonly inputs?: JsonObject;
  readonly script?: Json;
  readonly override?: boolean;
  readonly engine?: string;
  readonly engines?: { readonly cedar?: PolicyEngine };
}

function play({
  source,
  level = 'hard-mandatory',
  inputs = {},
  script = {},
  override,
  engine = 'cel',
  engines,
}: VerdictCase): Simulated {
  const text = packText(
    STEPS.replace('OVERRIDE', override === true ? ', overrideApproval: owners' : ''),
    `
inputs: [ { name: regions, type: array, default: [eu, us] }, { name: service, type: string, default: web } ]
approvals: [ { id: owners } ]
policies: [ { id: p, engine: ${engine}, level: ${level}, source: ${JSON.stringify(source)} } ]`,
  );
  const anyEngine: PolicyEngine = { compile: () => ({ kind: 'faults', faults: [] }) };
  const made = planned(text, inputs, {
    configuration: { ...testConfiguration, policyEngines: { cedar: engines?.cedar ?? anyEngine } },
    ...(engine === 'cel' ? {} : { admitted: true }),
  });
  const simulation = simulate({ planned: made, script, engines: engines ?? {} });
  if (simulation.kind === 'refused') throw new Error(JSON.stringify(simulation.faults));
  return simulation;
}

const ended = ({ status, code }: Simulated) => [status, code];
const judged = ({ report }: Simulated) =>
  report.policies.map(({ by, verdict, reasons, unknown }) => ({ by, verdict, reasons, unknown }));
const evaluated = (verdict: string, ...reasons: readonly string[]) => [
  { by: 'evaluated', verdict, reasons, unknown: [] },
];
const assumed = (...unknown: readonly string[]) => [{ by: 'assumed', verdict: 'allows', reasons: [], unknown }];

describe('a policy in a simulation', () => {
  it.each<[string, VerdictCase, readonly [string, string | null], readonly Json[]]>([
    ['allows over inputs', { source: "inputs.service == 'web'" }, ['succeeded', null], evaluated('allows')],
    ['denies over inputs', { source: "inputs.service == 'db'" }, ['failed', 'POLICY_DENIED'], evaluated('denies')],
    [
      'denies with reasons over what a pure step made',
      { source: "{'allow': params.size < 2, 'reasons': [string(params.size) + ' regions']}" },
      ['failed', 'POLICY_DENIED'],
      evaluated('denies', '2 regions'),
    ],
    [
      'denies over outputs of the script',
      { source: 'steps.scan.outputs.count < 3 && params.found < 3', script: { scan: { outputs: { count: 3 } } } },
      ['failed', 'POLICY_DENIED'],
      evaluated('denies'),
    ],
    [
      'gives no decision',
      { source: 'inputs.regions[7] == params.size' },
      ['failed', 'POLICY_UNDECIDED'],
      evaluated('undecided', 'the policy gave no decision: it failed: index 7 out of bounds [0, -1)'),
    ],
    ['is advice alone', { source: 'false', level: 'advisory' }, ['succeeded', null], evaluated('denies')],
    [
      'is overridden by people',
      { source: 'false', level: 'soft-mandatory', override: true },
      ['succeeded', null],
      evaluated('denies'),
    ],
    [
      'reads the plan',
      { source: "plan.pack.name == 'test' && plan.hash.startsWith('sha256:')" },
      ['succeeded', null],
      evaluated('allows'),
    ],
    [
      'reads what a step that acts puts out',
      { source: 'params.found < 3 || steps.scan.outputs.count < inputs.regions.size()' },
      ['succeeded', null],
      assumed('params.found', 'steps.scan.outputs.count'),
    ],
    [
      'reads what only a run knows',
      {
        source:
          "timestamp(now) > timestamp('2026-01-01T00:00:00Z') && tenant == 'acme' && actor[0].sub == 'ann' && run.id != ''",
      },
      ['succeeded', null],
      assumed('actor', 'now', 'run.id', 'tenant'),
    ],
    [
      'reads what the script gives instead',
      {
        source: "timestamp(now).getDayOfWeek('UTC') in [1, 2, 3, 4] && tenant == 'acme' && actor[0].sub == 'ann'",
        script: {
          check: {
            given: {
              now: '2026-01-05T10:00:00Z',
              tenant: 'acme',
              actor: [{ iss: 'https://idp', sub: 'ann', kind: 'person' }],
            },
          },
        },
      },
      ['succeeded', null],
      evaluated('allows'),
    ],
    [
      'reads another time that the script gives',
      {
        source: "timestamp(now).getDayOfWeek('UTC') in [1, 2, 3, 4]",
        script: { check: { given: { now: '2026-01-04T10:00:00Z' } } },
      },
      ['failed', 'POLICY_DENIED'],
      evaluated('denies'),
    ],
    [
      'answers as the script says, whatever it would answer',
      { source: 'false', script: { check: { policy: 'allows' } } },
      ['succeeded', null],
      [{ by: 'script', verdict: 'allows', reasons: [], unknown: [] }],
    ],
    [
      'is of an engine that is not at hand',
      { source: 'permit(principal, action, resource);', engine: 'cedar' },
      ['succeeded', null],
      assumed(),
    ],
  ])('%s', (_, one, end, expected) => {
    const simulated = play(one);
    expect(ended(simulated)).toEqual(end);
    expect(judged(simulated)).toEqual(expected);
  });

  it('is said with the node, and under assumptions where it is assumed', () => {
    const denied = play({ source: "{'allow': false, 'reasons': ['too many', 'too late']}" });
    expect(denied.report.nodes.find(({ id }) => id === 'check')?.reason).toBe('policy p; denies: too many; too late');
    expect(denied.report.nodes.find(({ id }) => id === 'apply')?.reason).toBe('POLICY_DENIED: check');
    const open = play({ source: 'params.found < 3' });
    expect(open.assumptions).toContainEqual({ id: 'check', what: 'the policy p allows it: params.found is not known' });
  });

  it('lets the script say what people do where an evaluated policy denies', () => {
    const one = { source: 'false', level: 'soft-mandatory', override: true };
    const script = { check: { given: { tenant: 'acme' } } };
    expect(play({ ...one, script }).assumptions).toContainEqual({ id: 'check', what: 'one person approves' });
    expect(ended(play({ ...one, script: { check: { policy: 'denies', decision: 'rejected' } } }))).toEqual([
      'failed',
      'GATE_REJECTED',
    ]);
  });

  it('asks another engine with the same input, once all that its text names is known', () => {
    const asked: JsonObject[] = [];
    const cedar: PolicyEngine = {
      compile: () => ({
        kind: 'policy',
        policy: {
          engine: 'cedar',
          behaviour: 1,
          evaluate: (input) => {
            asked.push(input);
            return { kind: 'decided', allow: false, reasons: ['policy0'] };
          },
        },
      }),
    };
    const source = 'permit(principal, action, resource) when { context.inputs.service == "db" };';
    const simulated = play({ source, engine: 'cedar', engines: { cedar } });
    expect(ended(simulated)).toEqual(['failed', 'POLICY_DENIED']);
    expect(judged(simulated)).toEqual(evaluated('denies', 'policy0'));
    expect(asked).toMatchObject([{ inputs: { service: 'web' }, plan: { pack: { name: 'test' } } }]);
    const byTime = 'permit(principal, action, resource) when { context.now > "2026" };';
    expect(judged(play({ source: byTime, engine: 'cedar', engines: { cedar } }))).toEqual(assumed('now'));
  });

  it.each<[Json, string]>([
    [{ check: { given: { now: 'soon' } } }, '/check/given/now'],
    [{ check: { given: { tenant: 3 } } }, '/check/given/tenant'],
    [{ check: { given: { actor: [{ sub: 'ann' }] } } }, '/check/given/actor'],
    [{ check: { given: { time: 3 } } }, '/check/given/time'],
    [{ scan: { given: {} } }, '/scan'],
  ])('refuses what is given wrongly: %j', (script, path) => {
    const made = planned(
      packText(
        STEPS.replace('OVERRIDE', ''),
        `inputs: [ { name: regions, type: array, default: [] } ]\npolicies: [ { id: p, engine: cel, source: "true" } ]`,
      ),
    );
    const simulation = simulate({ planned: made, script });
    expect(simulation.kind === 'refused' && simulation.faults.map((fault) => fault.path)).toEqual([path]);
  });
});
