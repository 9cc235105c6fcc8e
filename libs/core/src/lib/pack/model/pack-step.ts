import type { Position } from '../../document/position';
import type { Digest } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Retries } from './retries';
import type { ValueType } from './value-type';

/** The kinds of a step. Each step has exactly one of these members. */
export const STEP_KINDS = ['run', 'group', 'parallel', 'map', 'loop', 'conditional', 'gate'] as const;

/** What may be lost or duplicated if a step is executed twice. */
export type EffectClass = 'pure' | 'idempotent' | 'once';

/** Members that every step may have. Null: not stated. */
export interface StepCommon {
  readonly id: string;
  readonly name: string | null;
  /** An expression. */
  readonly when: string | null;
  /** Null: after the previous step of its list (in `parallel`: after none). */
  readonly needs: readonly string[] | null;
  readonly runOn: 'success' | 'failure' | 'always';
  readonly timeoutMs: number | null;
  /** Only on `run`. Null: the retries of `failure.retries`, otherwise one attempt. */
  readonly retries: Retries | null;
  /** Null: on `run` the value of `failure.retries`, otherwise false. */
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

/** The body of a step. */
export type StepBody =
  | ({ readonly kind: 'run' } & RunBody)
  | ({ readonly kind: 'group' } & GroupBody)
  | ({ readonly kind: 'parallel' } & ParallelBody)
  | ({ readonly kind: 'map' } & MapBody)
  | ({ readonly kind: 'loop' } & LoopBody)
  | ({ readonly kind: 'conditional' } & ConditionalBody)
  | ({ readonly kind: 'gate' } & GateBody);

/** A tool's name and its permitted digests. */
type ToolPins = Readonly<Record<string, readonly Digest[]>>;

/** A step that runs an executor. */
export interface RunBody {
  readonly uses: string;
  readonly with: JsonObject;
  readonly env: Readonly<Record<string, string>>;
  /** Path under `/task/in` → expression, `pack:<path>` or `{content}`. */
  readonly files: Readonly<Record<string, Json>>;
  readonly secrets: readonly SecretUse[];
  /** Only for `pack:`: inner approval → approval of this pack. */
  readonly approvals: Readonly<Record<string, string>>;
  readonly tools: ToolPins;
  readonly egress: readonly EgressUse[];
  readonly artifacts: readonly ArtifactRule[];
  readonly outputs: Readonly<Record<string, OutputSchema>>;
}

/** A secret of the pack and how the step receives it: as a file below `/run/secrets`, as a variable, or under an inner pack's name. */
export type SecretUse =
  | { readonly kind: 'file'; readonly name: string; readonly file: string }
  | { readonly kind: 'env'; readonly name: string; readonly env: string }
  | { readonly kind: 'inner'; readonly name: string; readonly inner: string };

/** A destination of a step with the reason. */
export interface EgressUse {
  readonly url: string;
  readonly intent: string | null;
}

/** An artifact of a step: one file, a folder (`path/`), or several files (`*`). */
export interface ArtifactRule {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string | null;
  readonly optional: boolean;
}

/** A declared output of a step. `schema` is inline or a path in the pack. */
export interface OutputSchema {
  readonly type: ValueType | null;
  readonly schema: JsonObject | string | null;
}

/** A sequence of steps as one step. */
export interface GroupBody {
  readonly steps: readonly PackStep[];
}

/** Concurrent steps. */
export interface ParallelBody extends GroupBody {
  readonly maxParallel: number | null;
  readonly continueOnError: boolean;
}

/** The same steps for each item, concurrently. */
export interface MapBody extends ParallelBody {
  /** An expression, or a literal list. */
  readonly items: Json;
  readonly iterator: string;
  readonly index: string;
  readonly label: string | null;
  readonly maxItems: number | null;
  readonly outputs: Readonly<Record<string, Json>> | null;
}

/** The source of a loop's items. The ends of a range may be expressions. */
export type LoopItems =
  | { readonly kind: 'expression'; readonly expression: string }
  | {
      readonly kind: 'range';
      readonly start: number | string;
      readonly end: number | string;
      readonly step: number | string;
    }
  | { readonly kind: 'static'; readonly values: readonly Json[] };

/** The same steps repeatedly, one iteration after the other. `items` null: until `until` is true. */
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

/** The first branch whose condition is true. */
export interface ConditionalBody {
  readonly branches: readonly Branch[];
  readonly otherwise: readonly PackStep[] | null;
}

/** A branch of a conditional. */
export interface Branch {
  readonly when: string;
  readonly steps: readonly PackStep[];
}

/** Body of an approval gate. */
export interface ApprovalGate {
  readonly approval: string;
  readonly message: string | null;
  readonly show: Readonly<Record<string, Json>>;
  readonly form: JsonObject | null;
}

/** Body of a policy gate. */
export interface PolicyGate {
  readonly policy: string;
  readonly with: JsonObject;
  readonly overrideApproval: string | null;
}

/** A gate for people or a policy. */
export interface GateBody {
  readonly gate: ({ readonly kind: 'approval' } & ApprovalGate) | ({ readonly kind: 'policy' } & PolicyGate);
}

/** The lists of steps inside a step, with their pointers and whether each is a separate scope of ids. */
export interface StepList {
  readonly at: string;
  readonly steps: readonly PackStep[];
  readonly ownScope: boolean;
  /** Children of `parallel` start together; other lists are sequential. */
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
