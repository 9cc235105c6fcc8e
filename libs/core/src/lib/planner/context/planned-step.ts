import {
  ANY_TYPE,
  arrayType,
  joinTypes,
  NUMBER_TYPE,
  nullable,
  objectType,
  STRING_TYPE,
  type StaticType,
} from '../../expression/static-type';
import type { NodeId } from '../../foundation/ids';
import { listsIn, type PackStep, type RunBody } from '../../pack/model/pack-step';
import { savedArtifact } from '../../plan/builtin-executors';
import { Order } from '../../plan/order';
import type { PackUnit } from './pack-unit';

/** A result that a step's expressions read. */
export interface StepRead {
  readonly of: PlannedStep;
  /** True if it decides what runs: `when`, `items`, a branch, argv[0]. */
  readonly control: boolean;
  /** `of` is the enclosing loop, and the read is of the previous iteration's result. */
  readonly previous: boolean;
  readonly at: string;
  readonly message: string;
}

/** A list of siblings during planning. */
export interface PlannedList {
  readonly at: string;
  readonly steps: readonly PlannedStep[];
  readonly order: Order;
  /** Ids that are visible in it. */
  readonly scope: Scope;
}

/** Scope in which ids are unique: the pack's steps, or the body of one map or loop. */
export interface Scope {
  readonly steps: Map<string, PlannedStep>;
  /** The map or loop of this body, or the step that uses the pack. */
  readonly owner: PlannedStep | null;
  /** The pack that it is of. */
  readonly unit: PackUnit;
  /** Types of the iterators and indexes of enclosing maps and loops. Set before the body is read. */
  variables: Readonly<Record<string, Variable>>;
  /**
   * The innermost enclosing loop, and the type of its iterations' results as far as it is known before the body is read. Null outside of
   * loops.
   */
  loop: { readonly step: PlannedStep; readonly previous: StaticType } | null;
}

/** The name that a map or loop gives to its items. */
interface Variable {
  readonly type: StaticType;
  /** True if it derives from results of steps and not only from inputs. */
  readonly late: boolean;
}

/** A step during planning. `outputs` is set when the step has been read. */
export interface PlannedStep {
  readonly step: PackStep;
  readonly list: PlannedList;
  readonly place: number;
  readonly parent: PlannedStep | null;
  readonly depth: number;
  lists: readonly PlannedList[];
  outputs: StaticType | null;
  /** Type of `params` of a policy gate; set when it has been read. */
  params: StaticType | null;
  /** Its condition in canonical spelling, when it has been read. */
  when: string | null;
  reads: StepRead[];
  /** Secrets that it requests, with their places. */
  readonly secrets: { readonly name: string; readonly at: string }[];
}

/** Opens the pack that a step uses; null if it uses none, or if the pack is not available, which is reported as a fault. */
type OpenInner = (step: PackStep, unit: PackUnit) => PackUnit | null;

/** Builds the lists, scopes and orders of a pack's steps, including inner packs. Types are added later. */
export function planLists(unit: PackUnit, open: OpenInner): PlannedList {
  const scope: Scope = { steps: new Map(), owner: null, unit, variables: {}, loop: null };
  return planList(open, '/spec/steps', unit.read.pack.spec.steps, false, scope, null, 1);
}

function planList(
  open: OpenInner,
  at: string,
  steps: readonly PackStep[],
  together: boolean,
  scope: Scope,
  parent: PlannedStep | null,
  depth: number,
): PlannedList {
  const planned: PlannedStep[] = [];
  const list: PlannedList = { at, steps: planned, order: new Order(steps, together), scope };
  steps.forEach((step, place) => {
    const one: PlannedStep = {
      step,
      list,
      place,
      parent,
      depth,
      lists: [],
      outputs: null,
      params: null,
      when: null,
      reads: [],
      secrets: [],
    };
    planned.push(one);
    if (!scope.steps.has(step.id)) scope.steps.set(step.id, one);
    one.lists = listsIn(step).map((inner) => {
      const innerScope = inner.ownScope ? scopeOwnedBy(one, scope.unit) : scope;
      return planList(open, inner.at, inner.steps, inner.together, innerScope, one, depth + 1);
    });
    const unit = open(step, scope.unit);
    if (unit === null) return;
    const { steps: innerSteps } = unit.read.pack.spec;
    one.lists = [planList(open, '/spec/steps', innerSteps, false, scopeOwnedBy(one, unit), one, depth + 1)];
  });
  return list;
}

function scopeOwnedBy(owner: PlannedStep, unit: PackUnit): Scope {
  return { steps: new Map(), owner, unit, variables: {}, loop: null };
}

/** The opened pack of a step; null if it uses none. */
export function innerOf({ step, lists }: PlannedStep): PackUnit | null {
  return step.body.kind === 'run' ? (lists[0]?.scope.unit ?? null) : null;
}

/** The place of a step in the plan. */
export function placeOf(planned: PlannedStep): NodeId {
  const { owner } = planned.list.scope;
  return (owner === null ? planned.step.id : `${placeOf(owner)}::${planned.step.id}`) as NodeId;
}

/** The enclosing scope, up to the border of the pack. */
function around({ owner, unit }: Scope): Scope | null {
  const scope = owner?.list.scope ?? null;
  return scope?.unit === unit ? scope : null;
}

/** The step that a name refers to at a place. Its own scope is searched first, then the enclosing scopes. */
export function stepNamed(scope: Scope, name: string): PlannedStep | null {
  for (let at: Scope | null = scope; at !== null; at = around(at)) {
    const found = at.steps.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

/** Ids that are visible in a scope. */
export function* namesIn(scope: Scope): Iterable<string> {
  for (let at: Scope | null = scope; at !== null; at = around(at)) yield* at.steps.keys();
}

/** True if `earlier` has always ended when `later` begins. A skipped step counts as ended. */
export function isOverBefore(earlier: PlannedStep, later: PlannedStep): boolean {
  let [a, b] = [earlier, later];
  while (a.depth > b.depth && a.parent !== null) a = a.parent;
  while (b.depth > a.depth && b.parent !== null) b = b.parent;
  while (a.list !== b.list) {
    if (a.parent === null || b.parent === null) return false;
    [a, b] = [a.parent, b.parent];
  }
  return a !== b && a.list.order.waitsFor(b.place, a.place);
}

const ERROR_TYPE = nullable(
  objectType({
    code: STRING_TYPE,
    message: nullable(STRING_TYPE),
    attempts: NUMBER_TYPE,
    exitCode: nullable(NUMBER_TYPE),
  }),
);
const ARTIFACT_TYPE = objectType({
  name: STRING_TYPE,
  step: STRING_TYPE,
  digest: STRING_TYPE,
  size: NUMBER_TYPE,
  mediaType: STRING_TYPE,
  path: nullable(STRING_TYPE),
});
const COUNTS_TYPE = objectType({
  total: NUMBER_TYPE,
  succeeded: NUMBER_TYPE,
  failed: NUMBER_TYPE,
  skipped: NUMBER_TYPE,
});

/** The type of `steps.<id>` in an expression: nullable if the step may have been skipped. */
export function viewType(planned: PlannedStep): StaticType {
  const { body } = planned.step;
  const outputs = planned.outputs === null ? ANY_TYPE : nullable(planned.outputs);
  const more: Record<string, StaticType> = {};
  if (body.kind === 'map') more['counts'] = COUNTS_TYPE;
  if (body.kind === 'loop') more['iterations'] = NUMBER_TYPE;
  if (body.kind === 'conditional') more['branch'] = { kinds: ['null', 'number', 'string'] };
  return objectType({ outputs, artifacts: artifactsType(planned), status: STRING_TYPE, error: ERROR_TYPE, ...more });
}

function artifactsType(planned: PlannedStep): StaticType {
  const { step, lists } = planned;
  const { body } = step;
  const inner = innerOf(planned);
  if (inner !== null) {
    const files = inner.read.pack.spec.outputs.filter(({ type }) => type === 'file');
    return objectType(Object.fromEntries(files.map(({ name }) => [name, nullable(ARTIFACT_TYPE)])));
  }
  if (body.kind === 'run') {
    const several = joinTypes(ARTIFACT_TYPE, arrayType(ARTIFACT_TYPE));
    const saved = savedArtifact(body.uses, body.with);
    return objectType({
      ...Object.fromEntries(
        body.artifacts.map(({ name, path }) => [name, nullable(path.includes('*') ? several : ARTIFACT_TYPE)]),
      ),
      ...(saved === null ? {} : { [saved]: nullable(ARTIFACT_TYPE) }),
    });
  }
  if (body.kind !== 'map' && body.kind !== 'loop') return objectType({});
  const names = lists.flatMap(({ steps }) =>
    steps.flatMap(({ step: { body: inner } }) => (inner.kind === 'run' ? artifactNames(inner) : [])),
  );
  return objectType(Object.fromEntries(names.map((name) => [name, arrayType(ARTIFACT_TYPE)])));
}

function artifactNames({ uses, with: parameters, artifacts }: RunBody): readonly string[] {
  const saved = savedArtifact(uses, parameters);
  return [...artifacts.map(({ name }) => name), ...(saved === null ? [] : [saved])];
}
