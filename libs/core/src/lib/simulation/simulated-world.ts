import { answer } from '../binding/answer';
import { Results } from '../binding/results';
import { scopeFor, type Sight } from '../binding/scope';
import { Missing } from '../binding/values';
import { canonical } from '../canonical/canonical';
import { digestOf, sha256 } from '../canonical/digest';
import { parseExpression } from '../expression/expression';
import { ExpressionError } from '../expression/expression-fault';
import { parseJsonTemplate, type JsonTemplate } from '../expression/json-template';
import type { Digest, NodeId, RunId, StepId, TenantId } from '../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { parseDuration } from '../pack/duration';
import { verbatimParameters } from '../plan/builtin-executors';
import { isItem, nodeOf, repeatOf, ROOT } from '../plan/place';
import { nodeAt, runNodeAt } from '../plan/plan-index';
import type { Planned } from '../plan/plan-request';
import type { RunNode } from '../plan/plan';
import { advance, initialState, nextWakeAt } from '../run/advance';
import type { Command } from '../run/command';
import type { Derived, GivenBody } from '../run/run-event';
import type { RunState } from '../run/run-state';
import type { Answer } from '../step/question';
import type { ValueRef } from '../step/value-ref';
import { Fifo } from './fifo';
import type { Script } from './script';
import { Unknowns } from './unknowns';

type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;

const RUN = `run_${'0'.repeat(26)}` as RunId;
const TENANT = 'simulation' as TenantId;
const NOBODY = digestOf('simulation');

/** What a simulation saw of one node, over all its instances. */
export interface NodeTrace {
  /** How its instances ended, by status. */
  readonly ended: Map<string, number>;
  /** Code of the first that was skipped. */
  skippedBy: string | null;
  /** A gate of it opened or was judged. */
  reached: boolean;
  /** Of a map: most items of one instance; null: none began. */
  items: number | null;
  /** What was assumed, in words. */
  readonly assumed: Set<string>;
}

/**
 * A scripted world in virtual time: executes nothing. It keeps the turn discipline of the driver: what may run ahead does so at
 * once, first in, first out; everything else after the turn; results come in the order in which they were begun.
 */
export class SimulatedWorld {
  state: RunState;
  readonly results = new Results();
  readonly values = new Map<Digest, Json>();
  readonly unknowns: Unknowns;
  readonly traces = new Map<NodeId, NodeTrace>();
  readonly sight: Sight;
  private at = 0;
  private readonly ahead = new Fifo<Command>();
  private readonly held = new Fifo<Command>();
  private readonly outcomes = new Fifo<GivenBody>();
  private readonly gates = new Fifo<StepId>();
  private readonly branches = new Map<StepId, number>();
  private readonly templates = new WeakMap<object, JsonTemplate>();

  constructor(
    private readonly planned: Planned,
    private readonly script: Script,
  ) {
    const { index: x, planHash, values } = planned;
    this.unknowns = new Unknowns(x);
    this.state = initialState(x, RUN, []);
    this.sight = {
      x,
      results: this.results,
      values: this.values,
      context: { runId: RUN, tenant: TENANT, planHash, inputs: values },
    };
  }

  /** Plays the run to its end, or as far as it goes. */
  play(): void {
    this.tell({
      type: 'run.claimed',
      fence: 1,
      crashes: 0,
      quarantine: false,
      worker: 'simulation',
      version: '0',
      build: NOBODY,
      probe: NOBODY,
    });
    while (this.state.phase !== 'ended') {
      if (!this.move()) return;
    }
  }

  /** Virtual time, milliseconds from the beginning. */
  get now(): number {
    return this.at;
  }

  trace(node: NodeId): NodeTrace {
    let trace = this.traces.get(node);
    if (trace === undefined) {
      trace = { ended: new Map(), skippedBy: null, reached: false, items: null, assumed: new Set() };
      this.traces.set(node, trace);
    }
    return trace;
  }

  private move(): boolean {
    const ahead = this.ahead.take();
    if (ahead !== undefined) return this.perform(ahead);
    const held = this.held.take();
    if (held !== undefined) return this.perform(held);
    const outcome = this.outcomes.take();
    if (outcome !== undefined) return this.tell(outcome);
    const gate = this.gates.take();
    if (gate !== undefined) return this.decide(gate);
    const wake = nextWakeAt(this.state);
    if (wake === null) return false;
    this.at = Math.max(this.at, wake);
    return this.tell({ type: 'time.reached' });
  }

  private tell(body: GivenBody): true {
    const turn = advance(this.sight.x, this.state, { ...body, at: this.at });
    this.state = turn.state;
    this.results.take({ at: this.at, kind: 'given', event: body });
    for (const event of turn.events) {
      this.results.take({ at: this.at, kind: 'derived', event });
      this.note(event);
    }
    for (const command of turn.commands) (command.ahead ? this.ahead : this.held).push(command);
    return true;
  }

  private note(event: Derived): void {
    if (event.type === 'gate.opened') {
      this.trace(nodeOf(event.step)).reached = true;
      this.gates.push(event.step);
    }
    if (event.type === 'map.expanded') {
      const trace = this.trace(nodeOf(event.step));
      trace.items = Math.max(trace.items ?? 0, event.count);
    }
    if (event.type !== 'step.ended' || event.step === ROOT) return;
    const { step, status, code } = event;
    if (status === 'succeeded' || nodeAt(this.sight.x, step).node.kind === 'map') {
      this.unknowns.ended(step, this.branches.get(step) ?? 0, this.results.get(step)?.items?.count ?? 0);
    }
    if (isItem(step)) return;
    const trace = this.trace(nodeOf(step));
    trace.ended.set(status, (trace.ended.get(status) ?? 0) + 1);
    if (status === 'skipped') trace.skippedBy ??= code;
  }

  private perform(command: Command): true {
    switch (command.type) {
      case 'start': {
        const given = this.execute(command);
        if (command.ahead) return this.tell(given);
        this.outcomes.push(given);
        return true;
      }
      case 'stop':
        // Its outcome is under way already and overtakes the stop.
        return true;
      case 'answer': {
        const { step, question } = command;
        return this.tell({ type: 'question.answered', step, question, answer: this.answerTo(command) });
      }
      case 'judge':
        return this.judge(command);
    }
  }

  private execute({ step, attempt, execution }: CommandOf<'start'>): GivenBody {
    const node = runNodeAt(this.sight.x, step);
    const scripted = this.script.outcomeOf(step);
    const failed = (code: string, message: string, retryable: boolean): GivenBody => ({
      type: 'attempt.failed',
      step,
      execution,
      code,
      message,
      retryable,
      exitCode: null,
    });
    const succeeded = (outputs: ValueRef): GivenBody => ({ type: 'attempt.succeeded', step, execution, outputs });
    const bound = this.bound(step, node);
    if (bound.kind === 'fault') return failed(bound.code, bound.message, false);
    if (scripted !== null) {
      const last = scripted.attempts ?? (scripted.status === 'failed' ? node.retries.maxAttempts : 1);
      const { code, message, retryable } = scripted.error;
      if (attempt < last) return failed(code, message, retryable);
      if (scripted.status === 'failed') return failed(code, message, retryable && scripted.attempts === null);
      if (scripted.outputs !== null) return succeeded(this.keep(scripted.outputs.value));
    }
    const { unknown } = bound;
    const parameters = bound.with;
    switch (node.uses) {
      case 'builtin:fail':
        if (scripted !== null) return succeeded(null);
        return failed(
          'STEP_FAILED',
          typeof parameters?.['message'] === 'string' ? parameters['message'] : 'the step fails',
          false,
        );
      case 'builtin:wait': {
        const time = typeof parameters?.['for'] === 'string' ? parseDuration(parameters['for']) : null;
        return time === null ? succeeded(null) : { type: 'attempt.deferred', step, execution, until: this.at + time };
      }
      case 'builtin:noop':
      case 'builtin:transform': {
        const made = node.uses === 'builtin:noop' ? parameters : parameters?.['outputs'];
        if (made !== undefined && made !== null) return succeeded(this.keep(made));
        this.assume(step, `${unknown ?? 'its parameters'} is not known, nor what is made of it`);
        break;
      }
      case 'builtin:validate-schema':
        this.trace(nodeOf(step)).assumed.add('the target is valid');
        return succeeded(this.keep({ valid: true }));
      default:
        this.trace(nodeOf(step)).assumed.add('it succeeds');
    }
    this.unknowns.assumeOutputs(step);
    return succeeded(null);
  }

  private assume(step: StepId, what: string): void {
    this.trace(nodeOf(step)).assumed.add(what);
  }

  /** Parameters of a leaf as far as they are known; a fault of its expressions is the attempt's. */
  private bound(
    step: StepId,
    node: RunNode,
  ):
    | { readonly kind: 'bound'; readonly with: JsonObject | null; readonly unknown: string | null }
    | { readonly kind: 'fault'; readonly code: string; readonly message: string } {
    const verbatim = verbatimParameters(node.uses);
    const template = this.template(node, () => ({
      with: Object.fromEntries(Object.entries(node.with).filter(([name]) => !verbatim.includes(name))),
      env: node.env,
      files: node.files,
    }));
    const unknown = this.unknowns.among(step, template.reads);
    if (unknown !== null) return { kind: 'bound', with: null, unknown };
    const made = this.evaluate(step, template);
    if (made.kind === 'fault') return made;
    const parameters = isJsonObject(made.value) ? made.value['with'] : undefined;
    return { kind: 'bound', with: isJsonObject(parameters) ? parameters : null, unknown: null };
  }

  private template(key: object, written: () => Json): JsonTemplate {
    const known = this.templates.get(key);
    if (known !== undefined) return known;
    const parsed = parseJsonTemplate(written());
    if (parsed.kind === 'faults')
      throw new TypeError(`the plan holds what is not a template: ${parsed.faults[0]?.message ?? ''}`);
    this.templates.set(key, parsed.template);
    return parsed.template;
  }

  private evaluate(
    step: StepId,
    expression: Pick<JsonTemplate, 'reads' | 'evaluate'>,
  ):
    | { readonly kind: 'value'; readonly value: Json }
    | { readonly kind: 'fault'; readonly code: string; readonly message: string } {
    const missing = new Missing();
    try {
      return { kind: 'value', value: expression.evaluate(scopeFor(this.sight, step, expression.reads, missing)) };
    } catch (error) {
      if (error instanceof ExpressionError) return { kind: 'fault', code: error.code, message: error.message };
      throw error;
    }
  }

  private keep(value: Json): Exclude<ValueRef, null> {
    const text = canonical(value);
    const digest = sha256(text);
    this.values.set(digest, value);
    return { kind: 'value', digest, size: new TextEncoder().encode(text).length };
  }

  private answerTo({ step, question }: CommandOf<'answer'>): Answer {
    switch (question) {
      case 'when':
        return this.truth(step, nodeAt(this.sight.x, step).node.when ?? 'true');
      case 'branch':
        return this.branch(step);
      case 'items':
        return this.items(step);
      case 'gate':
        return this.gate(step);
      case 'outputs':
        return this.outputs(step);
      case 'until':
        throw new TypeError('no loops in this machine');
    }
  }

  private truth(step: StepId, text: string): Extract<Answer, { kind: 'truth' | 'fault' }> {
    const parsed = parseExpression(text);
    if (parsed.kind === 'faults') throw new TypeError('the plan holds what is not an expression');
    const unknown = this.unknowns.among(step, parsed.expression.reads);
    if (unknown !== null) {
      this.assume(step, `${text} holds: ${unknown} is not known`);
      return { kind: 'truth', value: true };
    }
    const made = this.evaluate(step, parsed.expression);
    if (made.kind === 'fault') return made;
    return typeof made.value === 'boolean'
      ? { kind: 'truth', value: made.value }
      : { kind: 'fault', code: 'EXPR_TYPE', message: `\`${text}\` must be true or false` };
  }

  private branch(step: StepId): Answer {
    const { node } = nodeAt(this.sight.x, step);
    if (node.kind !== 'conditional') throw new TypeError('not a conditional');
    for (const [index, { when }] of node.branches.entries()) {
      const truth = this.truth(step, when);
      if (truth.kind === 'fault') return truth;
      if (!truth.value) continue;
      this.branches.set(step, index);
      return { kind: 'branch', index };
    }
    const index = node.otherwise === null ? null : node.branches.length;
    if (index !== null) this.branches.set(step, index);
    return { kind: 'branch', index };
  }

  private items(step: StepId): Answer {
    const { node } = nodeAt(this.sight.x, step);
    if (node.kind !== 'map') throw new TypeError('not a map');
    const template = this.template(node, () => node.items);
    const unknown = this.unknowns.among(step, template.reads);
    if (unknown === null) return this.asked(step, 'items');
    this.assume(step, `one item: ${unknown} is not known`);
    this.unknowns.assumeItems(step);
    return { kind: 'items', items: this.keep([null]), count: 1 };
  }

  private gate(step: StepId): Answer {
    const { node } = nodeAt(this.sight.x, step);
    if (node.kind !== 'gate') throw new TypeError('not a gate');
    const template = this.template(node, () => ({ message: node.message, show: node.show }));
    if (this.unknowns.among(step, template.reads) === null) return this.asked(step, 'gate');
    const { plan, defaults, approvalFloor } = this.sight.x;
    const approval = plan.approvals.find(({ id }) => id === node.approval);
    const expiresAt =
      this.at + Math.min(approval?.expiresAfterMs ?? defaults.expiresAfterMs, approvalFloor.maxExpiresAfterMs);
    const request = this.keep({ gate: step });
    return {
      kind: 'gate',
      request,
      gateDigest: request.digest,
      expiresAt,
      executeBy: expiresAt + (approval?.executeWithinMs ?? defaults.executeWithinMs),
    };
  }

  private outputs(step: StepId): Answer {
    const { plan, x } = { plan: this.sight.x.plan, x: this.sight.x };
    if (step !== ROOT && !isItem(step)) {
      const { node } = nodeAt(x, step);
      if (node.kind === 'gate' && node.form !== null) this.unknowns.assumeOutputs(step);
      return this.asked(step, 'outputs');
    }
    const repeat = step === ROOT ? null : nodeAt(x, repeatOf(step)).node;
    const template =
      repeat === null
        ? this.template(plan, () => Object.fromEntries(plan.outputs.map(({ name, value }) => [name, value])))
        : this.template((repeat.kind === 'map' && repeat.outputs) || repeat, () =>
            repeat.kind === 'map' ? repeat.outputs : null,
          );
    if (this.unknowns.among(step, template.reads) === null) return this.asked(step, 'outputs');
    this.unknowns.assumeOutputs(step);
    return { kind: 'outputs', outputs: null };
  }

  /** What is known is answered by the same function that answers a real run. */
  private asked(step: StepId, question: CommandOf<'answer'>['question']): Answer {
    const { profileDigest } = this.planned;
    const given = answer(this.sight, step, question, {
      at: this.at,
      nonce: 'simulation',
      profileDigest,
      admissionDigest: NOBODY,
    });
    if (given.kind === 'missing') throw new TypeError('a value of the simulation is missing');
    for (const [digest, value] of given.values) this.values.set(digest, value);
    return given.answer;
  }

  private judge({ step, policy }: CommandOf<'judge'>): true {
    const scripted = this.script.outcomeOf(step);
    const trace = this.trace(nodeOf(step));
    trace.reached = true;
    if (scripted === null) trace.assumed.add(`the policy ${policy} allows it`);
    const allow = scripted === null || scripted.decision === 'approved';
    const known = this.sight.x.plan.policies.find(({ id }) => id === policy);
    return this.tell({
      type: 'policy.judged',
      step,
      allow,
      undecided: false,
      reasons: [],
      engine: known?.engine ?? 'cel',
      digest: known?.digest ?? NOBODY,
      input: null,
    });
  }

  /** People decide once nothing else is under way. A gate that the script lets expire is left alone. */
  private decide(step: StepId): true {
    const state = this.state.steps.get(step);
    if (state?.kind !== 'waiting') return true;
    const scripted = this.script.outcomeOf(step);
    const { requirement, gateDigest, planHash, approvals } = state.gate;
    // A denied policy is overridden by people unless they are said to refuse.
    const overrides =
      nodeAt(this.sight.x, step).node.kind === 'gate' &&
      this.results.get(step)?.judged !== null &&
      this.results.get(step)?.judged !== undefined;
    const decision = scripted === null || overrides ? 'approved' : scripted.decision;
    if (scripted === null || overrides)
      this.assume(
        step,
        `${requirement.minApprovals === 1 ? 'one person approves' : `${requirement.minApprovals} people approve`}`,
      );
    if (decision === 'expired') return true;
    const person = { iss: 'simulation', sub: `person-${approvals.length + 1}` };
    const decisionId = `${step}#${approvals.length + 1}`;
    this.gates.push(step);
    return this.tell({
      type: 'gate.decided',
      step,
      decision: {
        decisionId,
        gateDigest,
        planHash,
        decision,
        person,
        onBehalfOf: null,
        grants: ['packs.approve', ...requirement.grants],
        decidedAt: this.at,
      },
      record: digestOf(decisionId),
      response: null,
    });
  }
}
