import { RunProjection } from '../binding/run-projection';
import { scopeFor, type BindingContext } from '../binding/scope';
import { Missing } from '../binding/values';
import { canonical } from '../canonical/canonical';
import { digestOf, sha256 } from '../canonical/digest';
import { ExpressionError } from '../expression/expression-fault';
import { parseJsonTemplate, type JsonTemplate } from '../expression/json-template';
import type { Digest, NodeId, RunId, StepId, TenantId } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { nodeOf } from '../plan/place';
import type { Planned } from '../plan/plan-request';
import type { PolicyEngines } from '../policy/policy';
import type { ValueRef } from '../step/value-ref';
import { Unknowns } from './unknowns';

/** The run of a simulation: it has no name of its own. */
export const SIMULATED_RUN = `run_${'0'.repeat(26)}` as RunId;
/** Stands for digests of documents that a simulation does not have. */
export const NO_DOCUMENT = digestOf('simulation');

/** Most different outcomes of one policy gate that are told. */
const MAX_JUDGED = 100;

/** What a simulation saw of one node, over all its instances. */
interface NodeTrace {
  /** How its instances ended, by status. */
  readonly ended: Map<string, number>;
  /** Code of the first that was skipped. */
  skippedBy: string | null;
  /** Code of the first that failed. */
  failedBy: string | null;
  /** Of a conditional: it took a branch, or none was to be taken. */
  isBranched: boolean;
  /** A gate of it opened or was judged. */
  reached: boolean;
  /** Of a map: most items of one instance; null: none began. */
  items: number | null;
  /** What was assumed, in words. */
  readonly assumed: Set<string>;
  /** Of a policy gate: how its policy was judged, each outcome once. */
  readonly judged: Map<string, JudgedPolicy>;
}

/** How a simulation judged a policy. */
export interface JudgedPolicy {
  /** `evaluated`: over an input of which all that it reads is known; `script`: the script says so; `assumed`: neither. */
  readonly by: 'evaluated' | 'script' | 'assumed';
  readonly verdict: 'allows' | 'denies' | 'undecided';
  /** What the policy gives as reasons; where it is undecided, why. */
  readonly reasons: readonly string[];
  /** Where it is assumed: which parts of its input are not known (`params.count`, `now`). Empty: its engine is not at hand. */
  readonly unknown: readonly string[];
  /** Over how many instances of the gate. */
  readonly instances: number;
}

/** A value, or the fault of the expression that should have had one. */
type Evaluated =
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'fault'; readonly code: string; readonly message: string };

/** What a simulation knows: values and results so far, what it does not know, and what it therefore assumed. */
export class Knowledge {
  readonly results = new RunProjection();
  readonly unknowns: Unknowns;
  readonly context: BindingContext;
  readonly traces = new Map<NodeId, NodeTrace>();
  /** Branches that were taken, by conditional. */
  readonly branches = new Map<StepId, number>();
  private readonly values = new Map<Digest, Json>();
  private readonly parts = new WeakMap<object, Map<string, JsonTemplate>>();
  private readonly templates = new WeakMap<object, JsonTemplate>();

  constructor(
    readonly planned: Planned,
    /** Policy engines beside CEL. */
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
        judged: new Map(),
      };
      this.traces.set(node, trace);
    }
    return trace;
  }

  /** Notes how the policy of a gate was judged. */
  judge(step: StepId, judged: Omit<JudgedPolicy, 'instances'>): void {
    const known = this.trace(nodeOf(step)).judged;
    const key = canonical(judged);
    const before = known.get(key);
    if (before !== undefined || known.size < MAX_JUDGED)
      known.set(key, { ...judged, instances: (before?.instances ?? 0) + 1 });
  }

  /** Notes what is assumed of a step, in words. */
  assume(step: StepId, what: string): void {
    this.trace(nodeOf(step)).assumed.add(what);
  }

  /** The template of a part of the plan, read once. */
  template(part: object, written: () => Json): JsonTemplate {
    const known = this.templates.get(part);
    if (known !== undefined) return known;
    const parsed = parseJsonTemplate(written());
    if (parsed.kind === 'faults')
      throw new TypeError(`the plan holds what is not a template: ${parsed.faults[0]?.message ?? ''}`);
    this.templates.set(part, parsed.template);
    return parsed.template;
  }

  /** The template of a member of a part, read once. */
  part(node: object, name: string, written: Json): JsonTemplate {
    const known = this.parts.get(node) ?? new Map<string, JsonTemplate>();
    this.parts.set(node, known);
    const found = known.get(name) ?? this.template({}, () => written);
    known.set(name, found);
    return found;
  }

  /** The value of an expression of which all is known. */
  evaluate(step: StepId, expression: Pick<JsonTemplate, 'reads' | 'evaluate'>): Evaluated {
    try {
      const scope = scopeFor(this.context, step, expression.reads, new Missing());
      return { kind: 'value', value: expression.evaluate(scope) };
    } catch (error) {
      if (ExpressionError.is(error)) return { kind: 'fault', code: error.code, message: error.message };
      throw error;
    }
  }

  /** Keeps a value by its digest. */
  keep(value: Json): Extract<ValueRef, { kind: 'value' }> {
    const text = canonical(value);
    const digest = sha256(text);
    this.values.set(digest, value);
    return { kind: 'value', digest, size: new TextEncoder().encode(text).length };
  }

  /** Keeps values that came with an answer. */
  keepAll(values: ReadonlyMap<Digest, Json>): void {
    for (const [digest, value] of values) this.values.set(digest, value);
  }
}
