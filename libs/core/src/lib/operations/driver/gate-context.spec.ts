import { MemoryWorld } from '../../../testing/memory/memory-world';
import { packFiles, packText, planned } from '../../../testing/planning';
import { testDefaults, testRules } from '../../../testing/random/random-plan';
import { readsBehind } from '../../binding/gate-reads';
import { RunProjection } from '../../binding/run-projection';
import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import type { VerificationSession } from '../../evidence/verify/check/verification-session';
import { gatesRequests } from '../../evidence/verify/check/check-gates';
import { factsOf } from '../../evidence/records/run-facts';
import type { RunId, StepId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { GateRequest } from '../../gate/gate-request';
import { indexPlan } from '../../plan/plan-index';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { RunDriver } from './drive-run';

// Approvers sign a digest of everything that the effect behind the gate reads. Each case: what differs, one of its values, and an event
// that would change it between approval and effect.

interface Scenario {
  readonly steps: string;
  readonly inner?: string;
  readonly gate: string;
  /** The member of `reads` that contains it; null: the digest of the items. */
  readonly read: string | null;
  /** Different results of the executors. */
  readonly one: Yield;
  readonly other: Yield;
  readonly change: JsonObject;
}

interface Yield {
  readonly value?: Json;
  readonly report?: string;
  readonly message?: string;
  readonly exitCode?: number;
  readonly fails?: readonly string[];
}

const INNER = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: inner, version: 1.0.0 }
spec:
  inputs: [ { name: code, type: integer } ]
  approvals: [ { id: go } ]
  steps:
    - { id: ask, gate: { approval: go } }
`;
const ACT_ON_INPUTS = `    - { id: act, effects: idempotent, run: { uses: "builtin:noop", with: { x: "{{ inputs.code }}" } } }
`;
const YIELDED = '{ id: made, run: { uses: "builtin:command", with: { command: [made] }, outputs: { v: {} } } }';
const P = 'run: { uses: "pack:./in", approvals: { go: go }, with: { code: "{{ steps.made.outputs.v }}" } }';
const EACH =
  '{ id: s, run: { uses: "builtin:command", with: { command: [s] }, artifacts: [ { name: rep, path: r } ] } }';
const act = (field: string): string =>
  `- { id: ask, gate: { approval: go } }\n- { id: act, effects: idempotent, run: { uses: "builtin:noop", ${field} } }`;
const value = (of: Json) => ({ kind: 'value', digest: digestOf(of), size: 1 });
const failed = (step: string, more: JsonObject = {}): JsonObject => ({
  type: 'step.ended',
  step,
  status: 'failed',
  code: 'EXIT',
  attempts: 1,
  outputs: null,
  message: 'no',
  exitCode: 1,
  ...more,
});
const BOOM = '- { id: boom, continueOnError: true, run: { uses: "builtin:command", with: { command: [boom] } } }';

const SCENARIOS: { readonly [what: string]: Scenario } = {
  'inputs of an inner pack around the gate': {
    steps: `- ${YIELDED}\n- { id: p, ${P} }`,
    inner: INNER + ACT_ON_INPUTS,
    gate: 'p::ask',
    read: 'inputs(p)',
    one: { value: 3 },
    other: { value: 4 },
    change: { type: 'pack.entered', step: 'p', inputs: value({ code: 9 }) },
  },
  'artifacts of a map': {
    steps: `- { id: m, map: { items: [1], steps: [ ${EACH} ] } }\n${act('with: { r: "{{ steps.m.artifacts.rep }}" }')}`,
    gate: 'ask',
    read: 'm',
    one: { report: 'a' },
    other: { report: 'b' },
    change: {
      type: 'artifact.captured',
      step: 'm[0]::s',
      execution: 1,
      name: 'rep',
      path: 'r',
      digest: sha256('c'),
      size: 1,
      mediaType: 'text/plain',
    },
  },
  'counts of a map': {
    steps: `- ${YIELDED}\n- { id: m, map: { items: "{{ steps.made.outputs.v }}", maxItems: 3, steps: [ ${EACH} ] } }\n${act('with: { n: "{{ steps.m.counts.failed }}" }')}`,
    gate: 'ask',
    read: 'm',
    one: { value: [1, 2] },
    other: { value: [1] },
    change: failed('m[1]'),
  },
  'the branch of a conditional': {
    steps: `- ${YIELDED}
- { id: c, conditional: { branches: [ { when: "{{ steps.made.outputs.v == 1 }}", steps: [ { id: b, run: { uses: "builtin:noop" } } ] } ], else: [ { id: e, run: { uses: "builtin:noop" } } ] } }
${act('with: { n: "{{ steps.c.branch }}" }')}`,
    gate: 'ask',
    read: 'c',
    one: { value: 1 },
    other: { value: 2 },
    change: { type: 'question.answered', step: 'c', answer: { kind: 'branch', index: 1 } },
  },
  'the turns of a loop': {
    steps: `- { id: l, loop: { items: { static: [1, 2] }, body: [ ${EACH} ], until: "{{ steps.s.outputs.v == index }}" } }\n${act('with: { n: "{{ steps.l.iterations }}" }')}`,
    gate: 'ask',
    read: 'l',
    one: { value: 0 },
    other: { value: 1 },
    change: { type: 'step.opened', step: 'l[4]', children: 1 },
  },
  'the message and exit code of an error': {
    steps: `${BOOM}\n${act('with: { m: "{{ steps.boom.error.message }}", c: "{{ steps.boom.error.exitCode }}" }')}`,
    gate: 'ask',
    read: 'boom',
    one: { fails: ['boom'], message: 'no', exitCode: 1 },
    other: { fails: ['boom'], message: 'no', exitCode: 2 },
    change: failed('boom', { message: 'another' }),
  },
  'what failed': {
    steps: `${BOOM}\n${act('with: { f: "{{ failed }}" }').replace('id: act,', 'id: act, runOn: always,')}`,
    gate: 'ask',
    read: 'failed()',
    one: { fails: ['boom'] },
    other: {},
    change: { ...failed('boom'), status: 'succeeded' },
  },
  'the outer item of a map in a map': {
    steps: `- ${YIELDED}
- id: outer
  map:
    items: "{{ steps.made.outputs.v }}"
    iterator: o
    maxItems: 3
    steps:
      - id: in
        map:
          items: [y]
          iterator: i
          steps:
            - { id: ask, gate: { approval: go } }
            - { id: act, effects: idempotent, run: { uses: "builtin:noop", with: { x: "{{ o }}" } } }`,
    gate: 'outer[0]::in[0]::ask',
    read: null,
    one: { value: ['x'] },
    other: { value: ['z'] },
    change: { type: 'map.expanded', step: 'outer', items: value(['changed']), count: 1 },
  },
};

class Yielding extends Executor {
  constructor(
    readonly uses: string,
    private readonly yields: Yield,
    private readonly started: string[],
  ) {
    super();
  }
  async execute({ step, execution }: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    this.started.push(step);
    const { value: v = null, report: text = 'r', message = 'no', exitCode = 1, fails = [] } = this.yields;
    if (fails.includes(step)) return { kind: 'failed', code: 'EXIT', message, retryable: false, exitCode };
    const [name, path, mediaType] = ['rep', 'r', 'text/plain'];
    if (step.endsWith('::s'))
      report.fact({
        type: 'artifact.captured',
        step,
        execution,
        name,
        path,
        digest: sha256(text),
        size: 1,
        mediaType,
      });
    return { kind: 'succeeded', outputs: { v } };
  }
}

interface Waiting {
  readonly world: MemoryWorld;
  readonly run: RunId;
  readonly request: GateRequest;
  readonly started: string[];
  readonly drive: (before?: (driver: RunDriver) => void) => Promise<void>;
}

async function untilGate(
  { steps, inner, gate, more = '' }: Pick<Scenario, 'steps' | 'inner' | 'gate'> & { readonly more?: string },
  yields: Yield,
): Promise<Waiting> {
  const files = inner === undefined ? {} : { files: packFiles({ 'in/pack.yaml': inner }) };
  const world = new MemoryWorld();
  const run = world.submit(planned(packText(steps, `approvals: [ { id: go } ]\n${more}`), {}, files).plan);
  const started: string[] = [];
  const executors = ['builtin:noop', 'builtin:command'].map((uses) => new Yielding(uses, yields, started));
  const drive: Waiting['drive'] = async (before) => {
    const driver = await RunDriver.open(world.dependencies(executors), world.claim(run));
    if (typeof driver === 'string') throw new Error(world.run(run).halted ?? 'halted');
    before?.(driver);
    await driver.drive();
  };
  await drive();
  const row = world.gates.get(run)?.get(gate);
  if (!row) throw new Error(`no gate ${gate}: ${JSON.stringify([...(world.gates.get(run)?.keys() ?? [])])}`);
  return { world, run, request: row.request as unknown as GateRequest, started, drive };
}

function bound({ request }: Waiting, read: string | null): string | null | undefined {
  return read === null ? request.item : request.reads[read];
}

/** A bundle of the journal's contents with a changed gate request. */
function bundleOf({ world, run, request }: Waiting, change: Partial<GateRequest>): VerificationSession {
  const pages = world.pages.get(run) ?? [];
  const { claimed } = world.run(run);
  const facts = factsOf(pages);
  const plan = JSON.parse(claimed.plan) as Parameters<typeof indexPlan>[0];
  const documents = {
    evidence: { pages },
    admission: {
      record: { runId: run, tenant: claimed.tenant },
      envelope: { digest: claimed.admissionDigest },
    },
    plan,
    planHash: claimed.planHash,
    profileDigest: claimed.profileDigest,
    environment: JSON.parse(claimed.environment) as Json,
    index: indexPlan(plan, claimed.planHash, testDefaults, testRules),
    facts,
    gates: new Map(
      facts.gates.map(({ opened }) => {
        const show = canonical({});
        return [opened.gateDigest, { request: { ...request, ...change }, show }];
      }),
    ),
  };
  const answers = (): Pick<ReturnType<VerificationSession['answers']>, 'unanswered'> => ({ unanswered: [] });
  return { documents: () => documents, answers, request: { files: new Map() } } as unknown as VerificationSession;
}

describe.each(Object.entries(SCENARIOS))('a gate, and %s', (_, scenario) => {
  it('binds it: another value, another digest', async () => {
    const [one, other] = [await untilGate(scenario, scenario.one), await untilGate(scenario, scenario.other)];
    expect(bound(one, scenario.read)).toMatch(/^sha256:/);
    expect(bound(other, scenario.read)).toMatch(/^sha256:/);
    expect(bound(other, scenario.read)).not.toBe(bound(one, scenario.read));
  });

  it('lets the effect start as approved, and ends the run where it changed since', async () => {
    for (const changed of [false, true]) {
      const waiting = await untilGate(scenario, scenario.one);
      const { world, run, started, drive } = waiting;
      world.decide(run, scenario.gate, 'grace');
      await drive((driver) => {
        if (!changed) return;
        const { restored } = driver as unknown as {
          restored: { results: RunProjection; values: { known: Map<string, Json> } };
        };
        const { results, values } = restored;
        for (const held of [{ code: 9 }, ['changed']]) values.known.set(digestOf(held), held);
        results.take({ kind: 'fact', at: world.at, event: scenario.change } as unknown as Parameters<
          RunProjection['take']
        >[0]);
      });
      expect(started.some((step) => step.endsWith('act'))).toBe(!changed);
      const codes = (world.pages.get(run) ?? []).flatMap(({ entries }) =>
        entries.map(({ event }) => ('code' in event ? event.code : null)),
      );
      expect(codes.includes('GATE_CONTEXT_CHANGED')).toBe(changed);
    }
  });

  it('is verified: a request that lacks it, or names another, does not hold', async () => {
    const waiting = await untilGate(scenario, scenario.one);
    const { read } = scenario;
    expect(gatesRequests(bundleOf(waiting, {}))).toMatchObject({ basis: 'recomputed' });
    const changes: readonly Partial<GateRequest>[] =
      read === null
        ? [{ item: null }, { item: digestOf('y') }]
        : [
            { reads: Object.fromEntries(Object.entries(waiting.request.reads).filter(([name]) => name !== read)) },
            { reads: { ...waiting.request.reads, [read]: sha256('other') } },
          ];
    for (const change of changes)
      expect(() => gatesRequests(bundleOf(waiting, change))).toThrow(
        /it (read another result of|has another item|has no item, but is in a map)/,
      );
  });
});

describe('a gate at which people may override a policy', () => {
  it('is verified: a request that shows another answer than the journal has does not hold', async () => {
    const source = JSON.stringify('{"allow": false, "reasons": ["it is late"]}');
    const waiting = await untilGate(
      {
        steps: '- { id: ask, gate: { policy: late, overrideApproval: go } }',
        gate: 'ask',
        more: `policies: [ { id: late, engine: cel, level: soft-mandatory, source: ${source} } ]`,
      },
      {},
    );
    const shown = waiting.request.policy as JsonObject;
    expect(gatesRequests(bundleOf(waiting, {}))).toMatchObject({ basis: 'recomputed' });
    // Requests of earlier versions do not name the policy.
    const unnamed = Object.fromEntries(Object.entries(shown).filter(([name]) => name !== 'id' && name !== 'level'));
    expect(gatesRequests(bundleOf(waiting, { policy: unnamed }))).toMatchObject({ basis: 'recomputed' });
    for (const policy of [
      null,
      { ...shown, allow: true },
      { ...shown, reasons: [] },
      { ...unnamed, reasons: ['it is early'] },
      { ...shown, level: 'advisory' },
      { ...shown, id: 'other' },
      { ...unnamed, id: 'late' },
    ])
      expect(() => gatesRequests(bundleOf(waiting, { policy }))).toThrow(/it shows another/);
  });
});

describe('readsBehind', () => {
  it('binds what ended in a group around a policy that people may override', () => {
    const more = `approvals: [ { id: go } ]
policies: [ { id: few, engine: cel, level: soft-mandatory, source: "false" } ]`;
    const { plan, planHash } = planned(
      packText(
        `- { id: g, group: { steps: [ ${YIELDED}, { id: ask, gate: { policy: few, overrideApproval: go } } ] } }
- { id: act, effects: idempotent, run: { uses: "builtin:noop", with: { x: "{{ steps.g.outputs }}" } } }`,
        more,
      ),
    );
    const digests = [1, 2].map((made) => {
      const results = new RunProjection();
      const event = { ...failed('made'), status: 'succeeded', outputs: value(made) };
      results.take({ kind: 'derived', at: 1, event } as unknown as Parameters<RunProjection['take']>[0]);
      const reads = readsBehind(
        { index: indexPlan(plan, planHash, testDefaults, testRules), results },
        'ask' as StepId,
      );
      expect(Object.keys(reads)).toEqual(['made']);
      return reads['made'];
    });
    expect(new Set(digests).size).toBe(2);
  });
});

describe('`failed` in an inner pack', () => {
  it('names steps as the pack does, wherever it is used', async () => {
    const inner = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: inner, version: 1.0.0 }
spec:
  steps:
    - { id: boom, run: { uses: "builtin:command", with: { command: [boom] } } }
    - { id: undo, runOn: failure, run: { uses: "builtin:noop", with: { f: "{{ failed }}" } } }
`;
    const steps = '- { id: l, loop: { items: { static: [1] }, body: [ { id: p, run: { uses: "pack:./in" } } ] } }';
    const bindings: Json[] = [];
    const world = new MemoryWorld();
    const files = packFiles({ 'in/pack.yaml': inner });
    const run = world.submit(planned(packText(steps), {}, { files }).plan);
    const undo = new Yielding('builtin:noop', {}, []);
    undo.execute = async (request) => {
      bindings.push(request.with);
      return { kind: 'succeeded', outputs: null };
    };
    const boom = new Yielding('builtin:command', { fails: ['l[0]::p::boom'] }, []);
    const driver = await RunDriver.open(world.dependencies([undo, boom]), world.claim(run));
    if (typeof driver !== 'string') await driver.drive();
    expect(bindings).toEqual([{ f: ['boom'] }]);
  });
});
