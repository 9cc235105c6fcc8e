import { sealBundle, type Sample } from '../../../testing/sample-signing';
import { fails, succeeds, ScriptedRun, type Act, type ScriptedRunOptions } from '../../../testing/scripted-run';
import { digestOf } from '../../canonical/digest';
import type { Json, JsonObject } from '../../foundation/json';
import type { Digest, StepId } from '../../foundation/ids';
import { chain } from '../../journal/chain';
import type { Unnumbered } from '../../journal/page';
import type { Answer } from '../../step/question';
import type { InputEventBody } from '../../run/run-event';
import type { PolicyEngines } from '../../policy/policy';
import type { Check } from './check/check';
import { assertedFile, draftFiles, verifyDraft } from './draft';
import { readEvidence } from '../records/evidence-documents';
import { readAssertedJson } from '../bundle/read-bundle';
import { verifySignature } from '../encoding/signature';
import { verifyRun } from './verify-run';

// False statements of a holder of a worker's keys about a run whose journal replays. Each of these forgeries once passed every check.

const HEAD = `
apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: sample, version: 1.2.3 }
spec:
  approvals: [{ id: owners, grants: [packs.approve], minApprovals: 1 }]
`;

interface Found {
  readonly bundle: readonly string[];
  readonly draft: readonly string[];
}

/** Failing checks of the bundle, and of the draft that a remote Attestor receives. */
function failing({ evidence, keys, trust }: Sample, policyEngines: PolicyEngines = {}): Found {
  const names = (checks: readonly Check[]): readonly string[] =>
    checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  const documents = readEvidence(evidence);
  const files = sealBundle({ evidence, keys, trust });
  return {
    bundle: names(verifyRun({ files, trust, verifySignature, policyEngines }).checks),
    draft: names(
      verifyDraft({
        files: new Map(draftFiles(documents).map(({ path, bytes }) => [path, bytes])),
        asserted: readAssertedJson(JSON.parse(assertedFile(documents)) as Json),
        trust,
        verifySignature,
        policyEngines,
      }).checks,
    ),
  };
}

const NONE: Found = { bundle: [], draft: [] };
const found = (name: string): Found => {
  const one = expect.arrayContaining([expect.stringContaining(name)]) as string[];
  return { bundle: one, draft: one };
};

describe('the input of a policy of another engine than CEL', () => {
  /** Denies if there are many hits. Like Cedar, it skips a rule that cannot be evaluated. */
  const engines = {
    cedar: {
      compile: () => ({
        kind: 'policy',
        policy: {
          engine: 'cedar',
          behaviour: 1,
          evaluate: ({ steps }: JsonObject) => {
            const { scan } = steps as { readonly scan?: { readonly outputs: { readonly hits: number } } };
            return { kind: 'decided', allow: (scan?.outputs.hits ?? 0) <= 10, reasons: [] };
          },
        },
      }),
    },
  } as unknown as PolicyEngines;
  const pack = (gate: string): string => `${HEAD}
  policies: [{ id: few, engine: cedar, level: hard-mandatory, source: "permit(principal, action, resource);" }]
  steps:
    - { id: scan, run: { uses: builtin:command, with: { command: [scan] }, outputs: { hits: { type: integer } } } }
    - ${gate}
`;
  const deploy = '{ id: deploy, effects: once, run: { uses: builtin:command, with: { command: [deploy] } } }';
  const judged = '{ id: judged, gate: { policy: few } }';

  it.each([
    ['first in a group', `{ id: stage, group: { steps: [${judged}, ${deploy}] } }`, 'judged'],
    ['first in a map', `{ id: stage, map: { items: [1], steps: [${judged}, ${deploy}] } }`, 'stage[0]::judged'],
    [
      'in a group in a group',
      `{ id: outer, group: { steps: [{ id: stage, group: { steps: [${judged}, ${deploy}] } }] } }`,
      'judged',
    ],
  ])('holds what had ended before the gate began: %s', (_where, gate, step) => {
    const run = (hits: number, forged: boolean): ScriptedRun => {
      const scripted = new ScriptedRun(pack(gate), { engines });
      scripted.acts['scan'] = succeeds({ hits });
      if (forged) scripted.judges[step] = (one) => one.inputOf(step as StepId, () => false);
      return scripted.go();
    };
    expect(failing(run(9, false).sample(), engines)).toEqual(NONE);
    const forged = run(99, true);
    expect(forged.results.get(step.replace('judged', 'deploy') as StepId)?.status).toBe('succeeded');
    expect(failing(forged.sample(), engines)).toEqual(found('leaves out scan'));
  });
});

describe('what an approval rests on has changed when the effect behind it begins', () => {
  const CLEANUP = `${HEAD}
  steps:
    - { id: one, run: { uses: builtin:command, with: { command: [one] } } }
    - { id: two, needs: [], run: { uses: builtin:command, with: { command: [two] } } }
    - { id: approve, needs: [one], runOn: always, gate: { approval: owners, message: "clean up after {{ failed }}" } }
    - { id: cleanup, needs: [approve, two], runOn: always, effects: once, run: { uses: builtin:command, with: { command: [cleanup, "{{ failed }}"] } } }
`;
  const run = (act: Act, twoFails: boolean): Sample => {
    const scripted = new ScriptedRun(CLEANUP);
    scripted.acts['one'] = fails();
    scripted.acts['two'] = () => null;
    scripted.acts['cleanup'] = act;
    scripted.go().approve('approve');
    scripted.at += 5;
    scripted.give(
      (twoFails ? fails() : succeeds())(scripted, { step: 'two' as StepId, execution: 1 }) as InputEventBody,
    );
    return scripted.go().sample();
  };

  it('nothing has changed, and it runs', () => {
    expect(failing(run(succeeds(), false))).toEqual(NONE);
  });

  it.each<[string, Act]>([
    ['and it succeeds', succeeds()],
    ['and it fails by itself', fails('EXIT_1', 1)],
    [
      'and it reports',
      (scripted, { step, execution }) => {
        scripted.fact({ type: 'tool.resolved', step, execution, path: '/bin/tool', digest: digestOf('tool') });
        return fails('SANDBOX_UNAVAILABLE', null)(scripted, { step, execution });
      },
    ],
    [
      'and nobody knows what it has done',
      (_scripted, { step, execution }) => ({ type: 'attempt.stopped', step, execution, unknown: true }),
    ],
  ])('%s', (_what, act) => {
    expect(failing(run(act, true))).toEqual(found('approve'));
  });

  it('the driver ends the run and does not begin it', () => {
    const refuses: Act = (scripted, { step, execution }) => {
      const message = 'the approved values differ from the values that would run';
      scripted.give({ type: 'run.failed', code: 'GATE_CONTEXT_CHANGED', step: 'approve' as StepId, message });
      return { type: 'attempt.stopped', step, execution, unknown: false };
    };
    expect(failing(run(refuses, true))).toEqual(NONE);
  });

  it('it could not be begun', () => {
    expect(failing(run(fails('SECRET_UNAVAILABLE', null), true))).toEqual(NONE);
  });
});

describe('what a pure built-in step comes to', () => {
  const PURE = `${HEAD}
  inputs: [{ name: env, type: string, required: true }]
  steps:
    - { id: scan, run: { uses: builtin:command, with: { command: [scan] }, outputs: { hits: { type: array } } } }
    - { id: guard, when: "{{ inputs.env == 'production' }}", continueOnError: true, run: { uses: builtin:fail, with: { message: "not to production" } } }
    - { id: choose, needs: [scan], run: { uses: builtin:transform, with: { outputs: { hosts: "{{ steps.scan.outputs.hits }}", env: "{{ inputs.env }}" } } } }
    - { id: keep, needs: [choose], run: { uses: builtin:noop, with: { hosts: "{{ steps.choose.outputs.hosts }}" } } }
    - { id: check, needs: [keep], continueOnError: true, run: { uses: builtin:validate-schema, with: { target: "{{ steps.keep.outputs }}", schema: { type: object, required: [hosts], properties: { hosts: { type: array, items: { type: string, maxLength: 9 } } } } } } }
    - { id: late, needs: [check], runOn: always, run: { uses: builtin:noop, with: { failed: "{{ failed }}" } } }
`;
  const run = (
    host: string,
    env: string,
    acts: Record<string, Act> = {},
    options: ScriptedRunOptions = {},
  ): ScriptedRun => {
    const scripted = new ScriptedRun(PURE, { ...options, inputs: { env } });
    const guard = env === 'production' ? ['guard'] : [];
    const isLong = host.length > 9;
    Object.assign(scripted.acts, {
      scan: succeeds({ hits: [host] }),
      guard: fails('STEP_FAILED', null),
      choose: succeeds({ hosts: [host], env }),
      keep: succeeds({ hosts: [host] }),
      check: isLong ? fails('SCHEMA_INVALID', null) : succeeds({ valid: true }),
      late: succeeds({ failed: [...guard, ...(isLong ? ['check'] : [])] }),
      ...acts,
    });
    return scripted.go();
  };

  it.each([
    ['test-1', 'test'],
    ['much-too-long', 'test'],
    ['test-1', 'production'],
  ])('is as its executor makes it: %s in %s', (host, env) => {
    const scripted = run(host, env);
    expect(failing(scripted.sample())).toEqual(NONE);
    expect(basisOf(scripted.sample())).toBe('recomputed');
  });

  it.each<[string, string, string, Record<string, Act>]>([
    ['fail succeeds', 'test-1', 'production', { guard: succeeds({}), late: succeeds({ failed: [] }) }],
    ['transform returns others', 'test-1', 'test', { choose: succeeds({ hosts: ['production-1'], env: 'test' }) }],
    ['noop returns others', 'test-1', 'test', { keep: succeeds({ hosts: [] }) }],
    [
      'what is not valid is',
      'much-too-long',
      'test',
      { check: succeeds({ valid: true }), late: succeeds({ failed: [] }) },
    ],
    [
      'what is valid is not',
      'test-1',
      'test',
      { check: fails('SCHEMA_INVALID', null), late: succeeds({ failed: ['check'] }) },
    ],
    ['a list of what failed is another', 'test-1', 'test', { late: succeeds({ failed: ['scan'] }) }],
  ])('%s', (_what, host, env, acts) => {
    expect(failing(run(host, env, acts).sample())).toEqual(found('answers: '));
  });

  it('is taken where it fails by another code than its own', () => {
    const acts = { keep: fails('OBJECT_STORE_UNAVAILABLE', null), late: succeeds({ failed: ['keep'] }) };
    expect(failing(run('test-1', 'test', acts).sample())).toEqual(NONE);
  });

  /** The run without one of the values beside its journal. */
  const lacking = (value: Json, acts: Record<string, Act> = {}): Sample => {
    const scripted = run('test-1', 'test', acts);
    const sample = scripted.sample();
    const { digest } = scripted.keep(value);
    const pages = sample.evidence.pages.map((page) => ({
      ...page,
      values: Object.fromEntries(Object.entries(page.values).filter(([name]) => name !== digest)),
    }));
    return { ...sample, evidence: { ...sample.evidence, pages } };
  };

  it('is derived from what was derived before, where that is not in the bundle', () => {
    const chosen = { hosts: ['test-1'], env: 'test' };
    expect(failing(lacking(chosen))).toEqual(NONE);
    expect(basisOf(lacking(chosen))).toBe('recomputed');
    expect(failing(lacking(chosen, { keep: succeeds({ hosts: [] }) }))).toEqual(found('answers: '));
  });

  it('is the word of the worker where a value that it reads is not at hand', () => {
    const sample = lacking({ hits: ['test-1'] });
    expect(failing(sample)).toEqual(NONE);
    expect(basisOf(sample)).toBe('signed');
  });

  it('is the word of the worker where its executor behaves otherwise', () => {
    const other = { environment: { executors: { 'builtin:noop': 2 } } };
    const sample = run('test-1', 'test', { keep: succeeds({ hosts: ['x'] }) }, other).sample();
    expect([failing(sample), basisOf(sample)]).toEqual([NONE, 'signed']);
  });

  function basisOf(sample: Sample): string | undefined {
    const { checks } = verifyRun({ files: sealBundle(sample), trust: sample.trust, verifySignature });
    return checks.find(({ name }) => name === 'answers')?.basis;
  }
});

it('the message of a fault is the word of the worker where it is not that of this verifier', () => {
  const restated = (message: string | null): Sample => {
    const run = new ScriptedRun(`${HEAD}
  steps:
    - { id: scan, run: { uses: builtin:command, with: { command: [scan] } } }
    - { id: odd, continueOnError: true, when: "{{ steps.scan.outputs.n }}", run: { uses: builtin:command, with: { command: [odd] } } }
    - { id: deploy, needs: [odd], runOn: always, when: "{{ steps.odd.error.message == 'fine' }}", run: { uses: builtin:command, with: { command: [deploy] } } }
`);
    run.acts['scan'] = succeeds({ n: 1 });
    if (message !== null)
      run.answers['when odd'] = (honest) => (honest.kind === 'fault' ? { ...honest, message } : honest);
    return run.go().sample();
  };
  const answers = (sample: Sample): Check | undefined =>
    verifyRun({ files: sealBundle(sample), trust: sample.trust, verifySignature }).checks.find(
      ({ name }) => name === 'answers',
    );
  expect(answers(restated(null))).toMatchObject({ ok: true, basis: 'recomputed' });
  expect(answers(restated('fine'))).toMatchObject({
    ok: true,
    basis: 'signed',
    detail: expect.stringContaining('odd'),
  });
});

describe('the message of a run that a worker states otherwise', () => {
  const PACK = `${HEAD}
  steps:
    - { id: scan, run: { uses: builtin:command, with: { command: [scan] }, outputs: { hits: { type: integer } } } }
  success: { message: "{{ steps.scan.outputs.hits }} hits" }
  failure: { message: "{{ failed }} failed" }
`;
  const run = (act: Act, change?: (run: ScriptedRun, honest: Answer) => Answer): Sample => {
    const scripted = new ScriptedRun(PACK);
    scripted.acts['scan'] = act;
    for (const question of ['successMessage', 'failureMessage'])
      if (change) scripted.answers[`${question} `] = (honest) => change(scripted, honest);
    return scripted.go().sample();
  };
  const ends: [string, Act][] = [
    ['succeeded', succeeds({ hits: 2 })],
    ['failed', fails()],
  ];

  it.each(ends)('is derived again: %s', (_end, act) => {
    const sample = run(act);
    expect(failing(sample)).toEqual(NONE);
    expect(JSON.stringify(sample.evidence.pages)).toContain(_end === 'failed' ? 'scan' : '2 hits');
  });

  it.each(ends)('another text, and none: %s', (_end, act) => {
    expect(failing(run(act, (one) => ({ kind: 'message', message: one.keep('no hits') })))).toEqual(found('answers'));
    const fault = { kind: 'fault', code: 'EXPR_NULL', message: 'no value' } as const;
    expect(failing(run(act, () => fault))).toEqual(found('answers'));
  });

  it.each(ends)('an end without the message that was answered, or that was never asked for: %s', (_end, act) => {
    const { evidence, ...rest } = run(act);
    const without = (drop: (event: JsonObject) => JsonObject | null): Sample => {
      const entries = evidence.pages.flatMap(({ entries }) => entries as unknown as readonly JsonObject[]);
      const kept = entries.flatMap((entry) => {
        const event = drop(entry['event'] as JsonObject);
        return event === null ? [] : [{ ...entry, event } as unknown as Unnumbered];
      });
      const values = Object.assign({}, ...evidence.pages.map(({ values }) => values)) as Record<Digest, Json>;
      const prev = evidence.pages[0]?.prev as Digest;
      return { ...rest, evidence: { ...evidence, pages: [chain({ seq: 0, hash: prev }, kept, values).page] } };
    };
    const dropped = ({ message: _message, ...event }: JsonObject): JsonObject => event;
    expect(failing(without((event) => (event['type'] === 'run.ended' ? dropped(event) : event)))).toEqual(
      found('journal.replay'),
    );
    const isAsked = ({ question }: JsonObject): boolean => typeof question === 'string' && question.endsWith('Message');
    const silent = without((event) => (isAsked(event) ? null : event['type'] === 'run.ended' ? dropped(event) : event));
    expect(failing(silent)).toEqual(found('journal.replay'));
  });
});
