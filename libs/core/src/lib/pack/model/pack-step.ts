import type { Position } from '../../document/position';
import type { Digest } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Retries } from './retries';
import type { ValueType } from './value-type';

/** The kinds of a step: exactly one of these names is in each. */
export const STEP_KINDS = ['run', 'group', 'parallel', 'map', 'loop', 'conditional', 'gate'] as const;

/** What may be lost or doubled when a step is done twice. */
export type EffectClass = 'pure' | 'idempotent' | 'once';

/** What every step may state. Null: not stated. */
export interface StepCommon {
  readonly id: string;
  readonly name: string | null;
  /** An expression. */
  readonly when: string | null;
  /** Null: after the one before it in its list (in `parallel`: after none). */
  readonly needs: readonly string[] | null;
  readonly runOn: 'success' | 'failure' | 'always';
  readonly timeoutMs: number | null;
  /** On `run` alone; null: those of `failure.retries`, else one attempt. */
  readonly retries: Retries | null;
  /** Null: on `run` that of `failure.retries`, else false. */
  readonly continueOnError: boolean | null;
  readonly effects: EffectClass | null;
  readonly workers: readonly string[];
  readonly sealedInstall: boolean;
}

/** One step. `at` is its pointer in the normalised manifest: `/spec/steps/0/map/steps/1`. */
export interface PackStep extends StepCommon {
  readonly at: string;
  readonly position: Position;
  readonly body: StepBody;
}

/** What a step does. */
export type StepBody =
  | ({ readonly kind: 'run' } & RunBody)
  | ({ readonly kind: 'group' } & GroupBody)
  | ({ readonly kind: 'parallel' } & ParallelBody)
  | ({ readonly kind: 'map' } & MapBody)
  | ({ readonly kind: 'loop' } & LoopBody)
  | ({ readonly kind: 'conditional' } & ConditionalBody)
  | ({ readonly kind: 'gate' } & GateBody);

/** A tool's name and the digests that it may have. */
type ToolPins = Readonly<Record<string, readonly Digest[]>>;

/** One executor at work. */
export interface RunBody {
  readonly uses: string;
  readonly with: JsonObject;
  readonly env: Readonly<Record<string, string>>;
  /** Path under `/task/in` → expression, `pack:<path>` or `{content}`. */
  readonly files: Readonly<Record<string, Json>>;
  readonly secrets: readonly SecretUse[];
  /** For `pack:` alone: inner approval → one of this pack's. */
  readonly approvals: Readonly<Record<string, string>>;
  readonly tools: ToolPins;
  readonly egress: readonly EgressUse[];
  readonly artifacts: readonly ArtifactRule[];
  readonly outputs: Readonly<Record<string, OutputSchema>>;
}

/** A secret of the pack and how the step gets it: as a file below `/run/secrets`, a variable, or under an inner pack's name. */
export type SecretUse =
  | { readonly kind: 'file'; readonly name: string; readonly file: string }
  | { readonly kind: 'env'; readonly name: string; readonly env: string }
  | { readonly kind: 'inner'; readonly name: string; readonly inner: string };

/** Somewhere a step wants to reach, and why. */
export interface EgressUse {
  readonly url: string;
  readonly intent: string | null;
}

/** What a step leaves: one file, a folder (`path/`), or several files (`*`). */
export interface ArtifactRule {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string | null;
  readonly optional: boolean;
}

/** An output that a step declares; `schema` inline or a path in the pack. */
export interface OutputSchema {
  readonly type: ValueType | null;
  readonly schema: JsonObject | string | null;
}

/** A sequence as one step. */
export interface GroupBody {
  readonly steps: readonly PackStep[];
}

/** Steps side by side. */
export interface ParallelBody extends GroupBody {
  readonly maxParallel: number | null;
  readonly continueOnError: boolean;
}

/** The same steps for each item, side by side. */
export interface MapBody extends ParallelBody {
  /** An expression, or the items themselves. */
  readonly items: Json;
  readonly iterator: string;
  readonly index: string;
  readonly label: string | null;
  readonly maxItems: number | null;
  readonly outputs: Readonly<Record<string, Json>> | null;
}

/** Where a loop's items come from; the ends of a range may be expressions. */
export type LoopItems =
  | { readonly kind: 'expression'; readonly expression: string }
  | {
      readonly kind: 'range';
      readonly start: number | string;
      readonly end: number | string;
      readonly step: number | string;
    }
  | { readonly kind: 'static'; readonly values: readonly Json[] };

/** The same steps again and again, one iteration after the other. `items` null: until `until` holds. */
export interface LoopBody {
  readonly items: LoopItems | null;
  readonly until: string | null;
  readonly delayMs: number;
  readonly body: readonly PackStep[];
  readonly maxIterations: number;
  readonly aggregation: 'collect' | 'last';
  readonly iterator: string;
  readonly index: string;
  readonly outputs: Readonly<Record<string, Json>> | null;
  readonly continueOnError: boolean;
}

/** The first branch whose condition holds. */
export interface ConditionalBody {
  readonly branches: readonly Branch[];
  readonly otherwise: readonly PackStep[] | null;
}

/** A branch of a conditional. */
export interface Branch {
  readonly when: string;
  readonly steps: readonly PackStep[];
}

/** What an approval gate asks. */
export interface ApprovalGate {
  readonly approval: string;
  readonly message: string | null;
  readonly show: Readonly<Record<string, Json>>;
  readonly form: JsonObject | null;
}

/** What a policy gate asks. */
export interface PolicyGate {
  readonly policy: string;
  readonly with: JsonObject;
  readonly overrideApproval: string | null;
}

/** People who agree, or a policy that does. */
export interface GateBody {
  readonly gate: ({ readonly kind: 'approval' } & ApprovalGate) | ({ readonly kind: 'policy' } & PolicyGate);
}

/** The lists of steps inside a step, each with its pointer and whether it is a scope of ids of its own. */
export interface StepList {
  readonly at: string;
  readonly steps: readonly PackStep[];
  readonly ownScope: boolean;
  /** Children of `parallel` start together; other lists go in order. */
  readonly together: boolean;
}

/** The lists of steps directly inside a step. */
export function listsIn({ at, body }: PackStep): readonly StepList[] {
  const list = (path: string, steps: readonly PackStep[], ownScope = false): StepList => {
    return { at: `${at}/${path}`, steps, ownScope, together: body.kind === 'parallel' };
  };
  switch (body.kind) {
    case 'group':
    case 'parallel':
      return [list(`${body.kind}/steps`, body.steps)];
    case 'map':
      return [list('map/steps', body.steps, true)];
    case 'loop':
      return [list('loop/body', body.body, true)];
    case 'conditional':
      return [
        ...body.branches.map((branch, index) => list(`conditional/branches/${index}/steps`, branch.steps)),
        ...(body.otherwise === null ? [] : [list('conditional/else', body.otherwise)]),
      ];
    case 'run':
    case 'gate':
      return [];
  }
}
