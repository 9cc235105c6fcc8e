import type { AdmissionRecord, DecisionRecord, ResolutionRecord } from '../../lib/evidence/records/documents';
import type { RunEvidence } from '../../lib/evidence/records/run-evidence';
import { canonical } from '../../lib/canonical/canonical';
import { digestOf } from '../../lib/canonical/digest';
import type { StepId } from '../../lib/foundation/ids';
import type { Json, JsonObject } from '../../lib/foundation/json';
import type { Node } from '../../lib/plan/plan';
import { nodeOf } from '../../lib/plan/place';
import type { PlanIndex } from '../../lib/plan/plan-index';
import type { Attempt, Holder } from './attempt';
import { sealed, type Files, type Subject } from './corpus';
import { changed, mutationsOf } from './mutate-json';
import { play } from './play';
import type { Act, Lies } from './scenario';

// Forgeries that are made while the run is active. All but one participant are honest, so the result is consistent.

function attempt(
  subject: Subject,
  holder: Holder,
  document: string,
  field: string,
  mutation: string,
  lies: Lies,
  carry?: (evidence: RunEvidence) => RunEvidence,
): Attempt {
  const { scenario, place, keys, played } = subject;
  const forge = async (): Promise<Files> => {
    const forged = await play(scenario, { keys, place, lies, kept: played.posted });
    // The question that the lie is about was never asked: leaving out values of an honest journal is another forgery.
    const isUntold = hashOf(forged.evidence) === hashOf(played.evidence);
    return sealed(carry && !isUntold ? carry(forged.evidence) : forged.evidence, scenario, keys);
  };
  return { holder, document, field, mutation, forge };
}

function hashOf({ pages }: RunEvidence): string {
  return pages.at(-1)?.hash ?? '';
}

/** Records that the keys of ledger and admission sign incorrectly; worker and Attestor are honest. */
export function* authorityAttempts(subject: Subject): Iterable<Attempt> {
  const payload = (text: string): Json => JSON.parse(Buffer.from(text, 'base64').toString()) as Json;
  const { evidence } = subject.played;
  for (const { field, mutation, apply } of mutationsOf(payload(evidence.admission.payload)))
    yield attempt(subject, 'authority', 'admission', field, mutation, {
      admission: (record) => apply(record as unknown as Json) as unknown as AdmissionRecord,
      decisions: 'anew',
    });
  for (const [i, envelope] of evidence.decisions.entries()) {
    const decision = (change: (record: DecisionRecord) => DecisionRecord | null): Lies => ({
      decisions: 'anew',
      decision: (record, place) => (place === i ? change(record) : record),
    });
    for (const { field, mutation, apply } of mutationsOf(payload(envelope.payload)))
      yield attempt(
        subject,
        'authority',
        'decision',
        field,
        mutation,
        decision((record) => apply(record as unknown as Json) as unknown as DecisionRecord),
      );
    yield attempt(
      subject,
      'authority',
      'decision',
      '(record)',
      'withheld',
      decision(() => null),
    );
    yield attempt(
      subject,
      'authority',
      'decision',
      'person',
      'nobody who said it',
      decision((record) => ({ ...record, person: { ...record.person, sub: 'mallory' } })),
    );
    yield attempt(
      subject,
      'authority',
      'decision',
      'person',
      'the initiator',
      decision((record) => ({ ...record, person: { ...record.person, sub: 'ada' } })),
    );
    yield attempt(
      subject,
      'authority',
      'decision',
      'person',
      'the same twice',
      decision((record) => ({ ...record, person: { ...record.person, sub: 'grace' } })),
    );
    yield attempt(
      subject,
      'authority',
      'decision',
      'onBehalfOf',
      'delegated',
      decision((record) => ({
        ...record,
        onBehalfOf: { iss: record.person.iss, sub: 'noether', delegation: digestOf('forged') },
      })),
    );
  }
  if (evidence.decisions.length > 0)
    yield attempt(subject, 'authority', 'decision', 'response', 'another, of all', {
      decisions: 'anew',
      decision: (record) =>
        record.response === null ? record : { ...record, response: otherOutputs(record.response) },
    });
  for (const envelope of evidence.resolutions)
    for (const { field, mutation, apply } of mutationsOf(payload(envelope.payload)))
      yield attempt(subject, 'authority', 'resolution', field, mutation, {
        decisions: 'anew',
        resolution: (record) => apply(record as unknown as Json) as unknown as ResolutionRecord,
      });
}

/** False statements of a worker about its steps. `shown before`: people decide on what they are told; `kept`: they have already decided. */
export function* testimonyAttempts(subject: Subject): Iterable<Attempt> {
  const events = subject.played.evidence.pages.flatMap((page) => page.entries.map(({ event }) => event));
  const steps = new Set(events.flatMap((event) => (event.type === 'step.started' ? [event.step] : [])));
  for (const step of steps) {
    const has = (...types: readonly (typeof events)[number]['type'][]): boolean =>
      events.some((event) => types.includes(event.type) && 'step' in event && event.step === step);
    const lie = (field: string, mutation: string, change: (act: Act) => Act): readonly Attempt[] =>
      (['kept', 'anew'] as const).map((decisions) =>
        attempt(subject, 'worker', 'testimony of a step', field, `${mutation}, decisions ${decisions}`, {
          decisions,
          act: (at, act) => (at === step ? change(act) : act),
        }),
      );
    yield* lie('log', 'other', (act) => ({ ...act, lines: ['forged', 'lines'] }));
    yield* lie('tools', 'other', (act) => ({ ...act, tools: ['/bin/forged'] }));
    yield* lie('materials', 'one that its files do not name', (act) => ({
      ...act,
      materials: [{ path: 'in/forged', text: 'forged' }],
    }));
    yield* lie('egress', 'more', (act) => ({ ...act, reaches: [...(act.reaches ?? []), 'forged.test'] }));
    // A lie about what the step did not do gives the honest bundle, and would take the place of one that does not.
    if (has('attempt.succeeded'))
      yield* lie('outputs', 'other', (act) => ({ ...act, outputs: otherOutputs(act.outputs ?? null) }));
    if (has('log')) yield* lie('log', 'none', (act) => ({ ...act, lines: [] }));
    if (has('artifact.captured')) {
      yield* lie('artifacts', 'other', (act) => ({
        ...act,
        artifacts: (act.artifacts ?? []).map((one) => ({ ...one, text: 'forged' })),
      }));
      yield* lie('artifacts', 'none', (act) => ({ ...act, artifacts: [] }));
    }
    if (has('material.mounted')) {
      yield* lie('materials', 'another at its place', (act) => ({
        ...act,
        materials: (act.materials ?? []).map((one) => ({ ...one, text: 'forged' })),
      }));
      yield* lie('materials', 'none', (act) => ({ ...act, materials: [] }));
    }
    if (has('egress.closed')) yield* lie('egress', 'none', (act) => ({ ...act, reaches: [] }));
    if (has('attempt.failed', 'step.attention'))
      yield* lie('outcome', 'succeeded', ({ fails: _fails, isLost: _lost, ...act }) => act);
    if (has('attempt.failed')) {
      yield* lie('exit code', 'other', (act) => (act.fails ? { ...act, fails: { ...act.fails, exitCode: 7 } } : act));
      yield* lie('error', 'other', (act) => (act.fails ? { ...act, fails: { ...act.fails, message: 'forged' } } : act));
    }
  }
  for (const name of ['name', 'version', 'build'] as const)
    yield attempt(subject, 'worker', 'testimony of itself', name, 'other', {
      decisions: 'kept',
      worker: { [name]: name === 'build' ? digestOf('forged') : 'forged' },
    });
  yield attempt(subject, 'worker', 'testimony of itself', 'probe', 'of a sandbox that is not there', {
    decisions: 'kept',
    probe: (document) => changedProbe(document, { sandbox: null }),
  });
  yield attempt(subject, 'worker', 'testimony of itself', 'probe', 'that it did not pass', {
    decisions: 'kept',
    probe: (document) => changedProbe(document, { available: false, reason: 'a step reads /etc/shadow' }),
  });
  yield attempt(subject, 'worker', 'testimony of itself', 'probe', 'of another profile', {
    decisions: 'kept',
    probe: (document) => changedProbe(document, { profile: 'none/v1' }),
  });
  yield attempt(subject, 'worker', 'testimony of itself', 'probe', 'of attacks that it tried', {
    decisions: 'kept',
    probe: (document) => changedProbe(document, { tried: ['forged'] }),
  });
  for (const decisions of ['kept', 'anew'] as const)
    yield attempt(subject, 'worker', 'testimony of itself', 'clock', `half a second late, decisions ${decisions}`, {
      decisions,
      late: 500,
    });
}

function otherOutputs(outputs: Json): Json {
  const first = [...mutationsOf(outputs)].find(({ mutation, field }) => mutation === 'changed' && field !== 'root');
  return first ? first.apply(outputs) : { forged: 1 };
}

function changedProbe(document: JsonObject, change: JsonObject): JsonObject {
  const { profiles } = document as unknown as { readonly profiles: readonly JsonObject[] };
  return { ...document, profiles: profiles.map((profile) => ({ ...profile, ...change })) };
}

/** A place of the plan where a worker uses another text than the admitted one. */
interface Otherwise {
  readonly what: string;
  readonly mutation: string;
  readonly change: (index: PlanIndex) => void;
}

/**
 * False answers of a worker to questions of the run: `when`, branches, items, `until`, outputs, what gates show, inputs of inner packs,
 * policies.
 */
export function* answerAttempts(subject: Subject): Iterable<Attempt> {
  for (const { what, mutation, change } of otherwise(subject.played.planned.index)) {
    for (const decisions of ['kept', 'anew'] as const) {
      const lies: Lies = { decisions, plan: change };
      const restated = `${mutation}, decisions ${decisions}`;
      yield attempt(subject, 'worker', 'answer', what, restated, lies);
      yield attempt(subject, 'worker', 'answer, values left out', what, restated, lies, withoutValues);
      yield attempt(
        subject,
        'worker',
        'answer, values left out of an old statement',
        what,
        restated,
        lies,
        (evidence) => {
          return withoutValues({ ...evidence, asserted: { ...evidence.asserted, carried: null } });
        },
      );
    }
  }
}

/** The values beside the journal are missing, so the answers cannot be derived again. */
function withoutValues(evidence: RunEvidence): RunEvidence {
  return { ...evidence, pages: evidence.pages.map((page) => ({ ...page, values: {} })) };
}

function* otherwise(index: PlanIndex): Iterable<Otherwise> {
  for (const { id, node } of index.nodes.values()) {
    // A change that leaves the node as it is makes no answer false.
    function* set(what: string, mutation: string, change: object): Iterable<Otherwise> {
      if (canonical({ ...node, ...change } as unknown as Json) === canonical(node as unknown as Json)) return;
      yield { what, mutation, change: (planIndex) => void assign(planIndex, id, change) };
    }
    if (node.when !== null)
      for (const value of ['true', 'false']) yield* set(`when[${node.kind}]`, value, { when: value });
    switch (node.kind) {
      case 'conditional':
        for (const value of ['true', 'false'])
          yield* set('branch', value, { branches: node.branches.map((branch) => ({ ...branch, when: value })) });
        break;
      case 'map':
        for (const items of [[], ['forged'], ['us', 'eu'], ['eu', 'us', 'forged']])
          yield* set('items[map]', `${items.length} of others`, { items });
        yield* set('outputs[item]', 'other', { outputs: { forged: 1 } });
        yield* set('label', 'other', { label: 'forged' });
        break;
      case 'loop':
        for (const value of ['true', 'false']) yield* set('until', value, { until: value });
        yield* set('items[loop]', 'another range', { items: { range: { start: 10, end: 10, step: -5 } } });
        yield* set('items[loop]', 'a list', { items: [10, 4] });
        yield* set('outputs[item]', 'other', { outputs: { state: 'forged' } });
        break;
      case 'gate':
        yield* set('gate message', 'other', { message: 'forged' });
        yield* set('gate show', 'other', { show: { forged: 1 } });
        yield* set('gate form', 'other', { form: { type: 'string' } });
        yield* set('gate form', 'none', { form: null });
        if (node.policy !== null) yield* set('policy params', 'other', { with: changed(node.with) });
        yield* set('gate approval', 'of another', { approval: node.approval === null ? 'owners' : 'forged' });
        break;
      case 'pack':
        yield* set('inputs[pack]', 'other', { with: { ...node.with, region: 'forged' } });
        yield* set('outputs[pack]', 'other', { outputs: node.outputs.map((one) => ({ ...one, value: 'forged' })) });
        break;
      default:
        break;
    }
  }
  for (const [i] of index.plan.outputs.entries())
    yield {
      what: 'outputs[run]',
      mutation: 'other',
      change: (planIndex) => void Object.assign(planIndex.plan.outputs[i] ?? {}, { value: 'forged' }),
    };
  for (const { id } of index.plan.policies)
    for (const source of ['true', 'false', 'forged('])
      yield {
        what: 'policy',
        mutation: `judged by ${source}`,
        change: (planIndex) =>
          void Object.assign(planIndex.plan.policies.find((one) => one.id === id) ?? {}, { source }),
      };
  const lax = { minApprovals: 1, grants: [], reasonRequired: false, maxAuthAgeMs: null, expiresAfterMs: null };
  for (const [i, approval] of index.plan.approvals.entries()) {
    if (canonical({ ...approval }) === canonical({ ...approval, ...lax })) continue;
    yield {
      what: 'requirement',
      mutation: 'less',
      change: (planIndex) => void Object.assign(planIndex.plan.approvals[i] ?? {}, lax),
    };
  }
}

/** The indexed node and the one in the plan are changed. Only this driver's own copy is affected. */
function assign(index: PlanIndex, id: string, change: object): void {
  const node: Node | undefined = index.nodes.get(nodeOf(id as StepId))?.node;
  if (node) Object.assign(node, change);
}
