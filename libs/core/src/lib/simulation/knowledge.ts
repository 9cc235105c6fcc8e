import { RunProjection } from '../binding/run-projection';
import { scopeFor, type BindingContext } from '../binding/scope';
import { Missing } from '../binding/values';
import { canonical } from '../canonical/canonical';
import { digestOf, sha256 } from '../canonical/digest';
import { ExpressionError } from '../expression/expression-fault';
import { parseJsonTemplate, type JsonTemplate } from '../expression/json-template';
import type { Digest, NodeId, RunId, StepId, TenantId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { utf8Size } from '../foundation/utf8-size';
import { nodeOf } from '../plan/place';
import type { Planned } from '../plan/plan-request';
import type { PolicyEngines } from '../policy/policy';
import type { ValueRef } from '../step/value-ref';
import { Unknowns } from './unknowns';

/** Placeholder for the run of a simulation, which has no id. */
export const SIMULATED_RUN = `run_${'0'.repeat(26)}` as RunId;
/** Placeholder for digests of documents that a simulation does not have. */
export const NO_DOCUMENT = digestOf('simulation');

/** Maximum number of different recorded outcomes of one policy gate. */
const MAX_JUDGED = 100;

/** What happened to one node in a simulation, over all its instances. */
interface NodeTrace {
  /** Numbers of its instances by final status. */
  readonly ended: Map<string, number>;
  /** Code of the first skipped instance. */
  skippedBy: string | null;
  /** Code of the first failed instance. */
  failedBy: string | null;
  /** Of a conditional: it took a branch, or there was none to take. */
  isBranched: boolean;
  /** A gate of it opened or was evaluated. */
  reached: boolean;
  /** Of a map: maximum number of items of one instance; null: none began. */
  items: number | null;
  /** Assumptions, as text. */
  readonly assumed: Set<string>;
  /** What a run would note about it, as text. */
  readonly notes: Set<string>;
  /** Of a policy gate: the different outcomes of its policy. */
  readonly judged: Map<string, JudgedPolicy>;
}

/** How a simulation evaluated a policy. */
export interface JudgedPolicy {
  /** `evaluated`: everything that it reads is known; `script`: the script states the outcome; `assumed`: neither. */
  readonly by: 'evaluated' | 'script' | 'assumed';
  readonly verdict: 'allows' | 'denies' | 'undecided';
  /** The policy's reasons; if it is undecided, why. */
  readonly reasons: readonly string[];
  /** If it is assumed: the unknown parts of its input (`params.count`, `now`). Empty: its engine is not available. */
  readonly unknown: readonly string[];
  /** Number of instances of the gate. */
  readonly instances: number;
}

/** A value, or the fault of its expression. */
type Evaluated =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };

/** The state of a simulation: known values and results, what is unknown, and the assumptions made. */
export class Knowledge {
  readonly results = new RunProjection();
  readonly unknowns: Unknowns;
  readonly context: BindingContext;
  readonly traces = new Map<NodeId, NodeTrace>();
  /** Taken branches, by conditional. */
  readonly branches = new Map<StepId, number>();
  private readonly values = new Map<Digest, Json>();
  private readonly parts = new WeakMap<object, Map<string, JsonTemplate>>();
  private readonly templates = new WeakMap<object, JsonTemplate>();

  constructor(
    readonly planned: Planned,
    /** Policy engines besides CEL. */
    readonly engines: PolicyEngines = {},
  ) {
    const { index, planHash, values } = planned;
    this.unknowns = new Unknowns(index);
    const context = { runId: SIMULATED_RUN, tenant: 'simulation' as TenantId, planHash, inputs: values };
    this.context = { index, results: this.results, values: this.values, context };
  }

  trace(node: NodeId): NodeTrace {
    let trace = this.traces.get(node);
    if (trace === undefined) {
      trace = {
        ended: new Map(),
        skippedBy: null,
        failedBy: null,
        isBranched: false,
        reached: false,
        items: null,
        assumed: new Set(),
        notes: new Set(),
        judged: new Map(),
      };
      this.traces.set(node, trace);
    }
    return trace;
  }

  /** Records the outcome of a gate's policy. */
  judge(step: StepId, judged: Omit<JudgedPolicy, 'instances'>): void {
    const known = this.trace(nodeOf(step)).judged;
    const key = canonical(judged);
    const before = known.get(key);
    if (before !== undefined || known.size < MAX_JUDGED)
      known.set(key, { ...judged, instances: (before?.instances ?? 0) + 1 });
  }

  /** Records an assumption about a step, as text. */
  assume(step: StepId, what: string): void {
    this.trace(nodeOf(step)).assumed.add(what);
  }

  /** The template of a part of the plan, parsed once. */
  template(part: object, written: () => Json): JsonTemplate {
    const known = this.templates.get(part);
    if (known !== undefined) return known;
    const parsed = parseJsonTemplate(written());
    if (parsed.kind === 'faults')
      throw new TypeError(`the plan holds what is not a template: ${parsed.faults[0]?.message ?? ''}`);
    this.templates.set(part, parsed.template);
    return parsed.template;
  }

  /** The template of a member of a part, parsed once. */
  part(node: object, name: string, written: Json): JsonTemplate {
    const known = this.parts.get(node) ?? new Map<string, JsonTemplate>();
    this.parts.set(node, known);
    const found = known.get(name) ?? this.template({}, () => written);
    known.set(name, found);
    return found;
  }

  /** The value of an expression whose reads are all known. */
  evaluate(step: StepId, expression: Pick<JsonTemplate, 'reads' | 'evaluate'>): Evaluated {
    try {
      const scope = scopeFor(this.context, step, expression.reads, new Missing());
      return { kind: 'value', value: expression.evaluate(scope) };
    } catch (error) {
      if (ExpressionError.is(error)) return { kind: 'fault', code: error.code, message: error.message };
      throw error;
    }
  }

  /** Stores a value by its digest. */
  keep(value: Json): Extract<ValueRef, { kind: 'value' }> {
    const text = canonical(value);
    const digest = sha256(text);
    this.values.set(digest, value);
    return { digest, kind: 'value', size: utf8Size(text) };
  }

  /** Stores the values of an answer. */
  keepAll(values: ReadonlyMap<Digest, Json>): void {
    for (const [digest, value] of values) this.values.set(digest, value);
  }
}
