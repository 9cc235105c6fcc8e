import { answer } from '../lib/binding/answer';
import { policyInput } from '../lib/binding/render-gate';
import { RunProjection } from '../lib/binding/run-projection';
import type { BindingContext } from '../lib/binding/scope';
import { Missing } from '../lib/binding/values';
import { canonical } from '../lib/canonical/canonical';
import { digestOf, sha256 } from '../lib/canonical/digest';
import { PAYLOAD_TYPE } from '../lib/evidence/records/documents';
import type { Envelope } from '../lib/evidence/encoding/envelope';
import { NO_FILES } from '../lib/pack/pack-files';
import type { RunEvidence } from '../lib/evidence/records/run-evidence';
import type { Digest, RunId, StepId, TenantId } from '../lib/foundation/ids';
import type { Json, JsonObject } from '../lib/foundation/json';
import { chain } from '../lib/journal/chain';
import type { Unnumbered } from '../lib/journal/page';
import { toManifest } from '../lib/pack/pack-digest';
import { readPack } from '../lib/pack/read-pack';
import { buildPlan } from '../lib/planner/build-plan';
import type { PlanIndex } from '../lib/plan/plan-index';
import { indexPlan } from '../lib/plan/plan-index';
import type { Environment } from '../lib/plan/profile';
import { compilePolicy } from '../lib/policy/compile-policy';
import type { PolicyEngines } from '../lib/policy/policy';
import { advance, initialState } from '../lib/run/advance';
import type { Command } from '../lib/run/command';
import type { Derived, Fact, InputEventBody } from '../lib/run/run-event';
import { MACHINE_VERSION, type RunState } from '../lib/run/run-state';
import type { Answer, Question } from '../lib/step/question';
import type { ValueRef } from '../lib/step/value-ref';
import { testDefaults, testRules, testFloor } from './random/random-plan';
import { aKey, SAMPLE_BUILDER, signed, trustOf, type Sample } from './sample-signing';

type Start = Pick<Extract<Command, { readonly type: 'start' }>, 'step' | 'execution'>;

/** What a worker tells of an execution; null: nothing, it goes on. */
export type Act = (run: ScriptedRun, start: Start) => InputEventBody | null;

const ISSUER = 'https://issuer.test';
const TENANT = 'acme' as TenantId;
const zero = digestOf('zero');

/** What differs from a plain run. */
export interface ScriptedRunOptions {
  readonly inputs?: JsonObject;
  readonly engines?: PolicyEngines;
  readonly environment?: Partial<Environment>;
}

/**
 * A run whose journal a worker tells as it likes: the machine is the real one, so the journal replays; what steps return, what policies say
 * and how questions are answered is honest where no member says otherwise.
 */
export class ScriptedRun {
  readonly acts: Record<string, Act> = {};
  readonly answers: Record<string, (honest: Answer) => Answer> = {};
  readonly judges: Record<string, (run: ScriptedRun, step: StepId) => ValueRef> = {};
  readonly index: PlanIndex;
  readonly results = new RunProjection();
  at = Date.UTC(2026, 0, 1);
  private readonly keys = {
    admission: aKey('admission'),
    ledger: aKey('ledger'),
    run: aKey('run-open'),
    bundle: aKey('bundle'),
  };
  private readonly runId = '01900000-0000-7000-8000-000000000001' as RunId;
  private readonly texts: Pick<RunEvidence, 'plan' | 'profile' | 'environment'>;
  private readonly manifest: string;
  private readonly admission: Envelope;
  private readonly record: JsonObject;
  private readonly entries: Unnumbered[] = [];
  private readonly values = new Map<Digest, Json>();
  private readonly commands: Command[] = [];
  private readonly gates = new Map<StepId, Digest>();
  private readonly decisions: Envelope[] = [];
  private readonly initiators = [{ iss: ISSUER, sub: 'ada', kind: 'person' as const }];
  private state: RunState;

  constructor(
    pack: string,
    private readonly options: ScriptedRunOptions = {},
  ) {
    const reading = readPack(pack, NO_FILES);
    if (reading.kind !== 'read') throw new TypeError(JSON.stringify(reading.faults));
    const environment: Environment = {
      schema: 'taskrunner.environment.v1',
      machine: MACHINE_VERSION,
      mode: 'open',
      isolation: 'none/v1',
      limits: {},
      approvals: { floor: testFloor },
      packTrust: {},
      engines: { cel: 1, 'json-schema': 1, jmespath: 1 },
      executors: {},
      extensions: {},
      ...options.environment,
    };
    const planning = buildPlan({
      pack: reading,
      files: NO_FILES,
      inputs: options.inputs ?? {},
      environment,
      configuration: {
        defaults: testDefaults,
        grants: [],
        secrets: {},
        interpreters: [],
        egress: [],
        sensitiveInputs: false,
        policyEngines: options.engines ?? {},
      },
    });
    if (planning.kind !== 'planned') throw new TypeError(JSON.stringify(planning.faults));
    const { plan } = planning;
    const profile = { ...planning.profile, environment: sha256(canonical(environment as unknown as Json)) };
    this.texts = {
      plan: canonical(plan as unknown as Json),
      profile: canonical(profile as unknown as Json),
      environment: canonical(environment as unknown as Json),
    };
    this.manifest = canonical(toManifest(reading.pack));
    const { name, version, contentDigest } = plan.pack;
    this.record = {
      schema: 'taskrunner.admission.v1',
      runId: this.runId,
      tenant: TENANT,
      initiators: this.initiators,
      pack: { name, version, contentDigest, sourceDigest: zero, signers: [] },
      planHash: sha256(this.texts.plan),
      profileDigest: sha256(this.texts.profile),
      scheduleId: null,
      rerunOf: null,
      acceptedAt: new Date(this.at).toISOString(),
      nonce: 'aa'.repeat(16),
    };
    this.admission = signed(this.keys.admission, PAYLOAD_TYPE.admission, this.record);
    this.index = indexPlan(plan, sha256(this.texts.plan), profile.defaults, testRules);
    this.state = initialState(this.index, this.runId, this.initiators);
    this.at += 1_000;
    this.give({
      type: 'run.claimed',
      fence: 1,
      crashes: 0,
      quarantine: false,
      worker: 'w',
      version: '1',
      build: zero,
      probe: zero,
    });
  }

  /** Everything as the journal tells it so far. */
  get context(): BindingContext {
    const { index, results, values } = this;
    const context = { runId: this.runId, tenant: TENANT, planHash: index.planHash, inputs: index.plan.inputs };
    return { index, results, values, context };
  }

  keep(value: Json): { readonly kind: 'value'; readonly digest: Digest; readonly size: number } {
    const text = canonical(value);
    this.values.set(sha256(text), value);
    return { kind: 'value', digest: sha256(text), size: Buffer.byteLength(text) };
  }

  /** The entry that ended the run; undefined: it has not ended. */
  get end(): Extract<Derived, { type: 'run.ended' }> | undefined {
    return this.entries.flatMap(({ event }) => (event.type === 'run.ended' ? [event] : []))[0];
  }

  /** A value that was kept; undefined: it was not. */
  valueOf(ref: ValueRef | undefined): Json | undefined {
    return ref?.kind === 'value' ? this.values.get(ref.digest) : undefined;
  }

  /** The input of a policy as it would be asked now, with the steps of these names alone. */
  inputOf(step: StepId, among: (name: string) => boolean = () => true): ValueRef {
    return this.keep(policyInput(this.context, step, this.at, this.initiators, new Missing(), among));
  }

  fact(event: Fact): void {
    this.push({ at: this.at, kind: 'fact', event });
  }

  give(event: InputEventBody): void {
    this.push({ at: this.at, kind: 'given', event });
    const turn = advance(this.index, this.state, { ...event, at: this.at });
    this.state = turn.state;
    for (const derived of turn.events) {
      this.push({ at: this.at, kind: 'derived', event: derived });
      if (derived.type === 'gate.opened') this.gates.set(derived.step, derived.gateDigest);
    }
    this.commands.push(...turn.commands);
  }

  /** Does what is asked until nothing is. */
  go(): this {
    for (let command = this.commands.shift(); command; command = this.commands.shift()) {
      this.at += 10;
      if (command.type === 'answer') this.answer(command.step, command.question);
      else if (command.type === 'judge') this.judge(command.step, command.policy);
      else if (command.type === 'stop')
        this.give({ type: 'attempt.stopped', step: command.step, execution: command.execution, unknown: false });
      else if (command.type === 'start') {
        const reported = (this.acts[command.step] ?? succeeds())(this, command);
        if (reported) this.give(reported);
      }
    }
    return this;
  }

  /** A person approves. */
  approve(gate: string, sub = 'grace'): this {
    this.at += 1_000;
    const gateDigest = this.gates.get(gate as StepId) ?? zero;
    const record = {
      schema: 'taskrunner.decision.v1',
      decisionId: `d-${gate}-${sub}`,
      runId: this.runId,
      tenant: TENANT,
      gate,
      planHash: this.index.planHash,
      gateDigest,
      decision: 'approved' as const,
      response: null,
      person: { iss: ISSUER, sub },
      onBehalfOf: null,
      grants: ['packs.approve'],
      bound: 'gate',
      authTime: new Date(this.at).toISOString(),
      acr: null,
      reason: null,
      decidedAt: new Date(this.at).toISOString(),
      proof: { kind: 'service' },
    };
    this.decisions.push(signed(this.keys.ledger, PAYLOAD_TYPE.decision, record));
    const { decisionId, decision, person, grants } = record;
    this.give({
      type: 'gate.decided',
      step: gate as StepId,
      record: digestOf(record),
      response: null,
      decision: {
        decisionId,
        gateDigest,
        planHash: this.index.planHash,
        decision,
        person,
        onBehalfOf: null,
        grants,
        decidedAt: this.at,
      },
    });
    return this.go();
  }

  /** The run as evidence, and the keys that sign it. */
  sample(): Sample {
    const digests = [...this.gates.values()];
    const requests = digests.map((digest) => this.values.get(digest) as JsonObject);
    const named = new Set([
      ...this.entries.flatMap((entry) => [...digestsIn(entry.event as unknown as Json)]),
      ...requests.map(({ showDigest }) => showDigest as Digest),
    ]);
    const values = Object.fromEntries([...this.values].filter(([digest]) => named.has(digest)));
    const evidence: RunEvidence = {
      ...this.texts,
      admission: this.admission,
      pack: { manifest: this.manifest, files: [], signatures: [] },
      pages: [chain({ seq: 0, hash: digestOf(this.record) }, this.entries, values).page],
      gates: requests.map((request) => ({
        request: canonical(request),
        show: canonical(this.values.get(request['showDigest'] as Digest) ?? null),
      })),
      decisions: this.decisions,
      resolutions: [],
      logs: [],
      egress: new Map(),
      probes: new Map(),
      artifacts: new Map(),
      asserted: { builder: SAMPLE_BUILDER, audit: { seq: 1, head: zero } },
    };
    return { evidence, keys: this.keys, trust: trustOf(Object.values(this.keys)) };
  }

  private push(entry: Unnumbered): void {
    this.entries.push(entry);
    this.results.take(entry);
  }

  private answer(step: StepId, question: Question): void {
    const rendering = {
      at: this.at,
      nonce: 'bb'.repeat(16),
      profileDigest: sha256(this.texts.profile),
      admissionDigest: digestOf(this.record),
    };
    const made = answer(this.context, step, question, rendering);
    if (made.kind === 'missing') throw new TypeError(`a value for ${question} of ${step} is missing`);
    for (const [digest, value] of made.values) this.values.set(digest, value);
    const reported = this.answers[`${question} ${step}`]?.(made.answer) ?? made.answer;
    this.give({ type: 'question.answered', step, question, answer: reported });
  }

  private judge(step: StepId, id: string): void {
    const policy = this.index.plan.policies.find((one) => one.id === id);
    if (!policy) throw new TypeError(`no policy ${id}`);
    const input = this.judges[step]?.(this, step) ?? this.inputOf(step);
    const compiled = compilePolicy(policy, this.options.engines ?? {});
    if (compiled.kind !== 'policy' || input?.kind !== 'value') throw new TypeError(`${id} cannot be asked`);
    const said = compiled.policy.evaluate(this.values.get(input.digest) as JsonObject, step);
    if (said.kind !== 'decided') throw new TypeError(`${id} does not decide`);
    const { engine, digest } = policy;
    const { allow, reasons } = said;
    this.give({ type: 'policy.judged', step, allow, undecided: false, reasons, engine, digest, input });
  }
}

/** An execution that succeeds with these outputs. */
export function succeeds(outputs: Json = {}): Act {
  return (run, { step, execution }) => ({ type: 'attempt.succeeded', step, execution, outputs: run.keep(outputs) });
}

/** An execution that fails. */
export function fails(code = 'EXIT_1', exitCode: number | null = 1): Act {
  return (_run, { step, execution }) => ({
    type: 'attempt.failed',
    step,
    execution,
    code,
    message: 'no',
    retryable: false,
    exitCode,
  });
}

function* digestsIn(value: Json): Iterable<Digest> {
  if (typeof value !== 'object' || value === null) return;
  const { kind, digest } = value as JsonObject;
  if (kind === 'value') yield digest as Digest;
  for (const member of Object.values(value)) yield* digestsIn(member);
}
