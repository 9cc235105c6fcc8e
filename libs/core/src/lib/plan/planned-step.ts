import {
  ANY_TYPE,
  arrayType,
  joinTypes,
  NUMBER_TYPE,
  nullable,
  objectType,
  STRING_TYPE,
  type StaticType,
} from '../expression/static-type';
import { listsIn, type PackStep, type RunBody } from '../pack/pack-step';
import { savedArtifact } from './builtin-executors';
import { Order } from './order';

/** A result that a step's expressions read. */
export interface StepRead {
  readonly of: PlannedStep;
  /** It decides what runs: `when`, `items`, a branch, argv[0]. */
  readonly control: boolean;
  /** `of` is the loop around the step, and what it reads is the result of the iteration before. */
  readonly previous: boolean;
  readonly at: string;
  readonly message: string;
}

/** One list of siblings while it is being planned. */
export interface PlannedList {
  readonly at: string;
  readonly steps: readonly PlannedStep[];
  readonly order: Order;
  /** Ids that are known in it. */
  readonly scope: Scope;
}

/** Where ids are unique: the pack's steps, or the body of one map or loop. */
export interface Scope {
  readonly steps: Map<string, PlannedStep>;
  /** The map or loop whose body it is. */
  readonly owner: PlannedStep | null;
  /** What the iterator and the index stand for, here and around; set before the body is read. */
  variables: Readonly<Record<string, Variable>>;
  /** The innermost loop around, and what its iterations yield as far as that is known before its body is read. Null outside loops. */
  loop: { readonly step: PlannedStep; readonly previous: StaticType } | null;
}

/** A name that a map or loop gives to its items. */
export interface Variable {
  readonly type: StaticType;
  /** It stems from results of steps, not from inputs alone. */
  readonly late: boolean;
}

/** One step while it is being planned; `outputs` is set when it has been read. */
export interface PlannedStep {
  readonly step: PackStep;
  readonly list: PlannedList;
  readonly place: number;
  readonly parent: PlannedStep | null;
  readonly depth: number;
  lists: readonly PlannedList[];
  outputs: StaticType | null;
  /** Its condition in canonical spelling, when it has been read. */
  when: string | null;
  readonly reads: StepRead[];
  /** Secrets that it asks for, and where. */
  readonly secrets: { readonly name: string; readonly at: string }[];
}

/** Lays out lists, scopes and orders of a pack's steps; types come later. */
export function layOut(steps: readonly PackStep[]): PlannedList {
  const scope: Scope = { steps: new Map(), owner: null, variables: {}, loop: null };
  return layOutList('/spec/steps', steps, false, scope, null, 1);
}

function layOutList(
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
      when: null,
      reads: [],
      secrets: [],
    };
    planned.push(one);
    if (!scope.steps.has(step.id)) scope.steps.set(step.id, one);
    one.lists = listsIn(step).map((inner) => {
      const innerScope = inner.ownScope
        ? { steps: new Map<string, PlannedStep>(), owner: one, variables: {}, loop: null }
        : scope;
      return layOutList(inner.at, inner.steps, inner.together, innerScope, one, depth + 1);
    });
  });
  return list;
}

/** The step that a name means at a place: its own scope first, then those around it. */
export function stepNamed(scope: Scope, name: string): PlannedStep | null {
  for (let at: Scope | null = scope; at !== null; at = at.owner?.list.scope ?? null) {
    const found = at.steps.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

/** Ids that are visible in a scope. */
export function* namesIn(scope: Scope): Iterable<string> {
  for (let at: Scope | null = scope; at !== null; at = at.owner?.list.scope ?? null) yield* at.steps.keys();
}

/** True if `earlier` is over when `later` begins, whatever happens (skips count as being over). */
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

/** What `steps.<id>` is to an expression: null where it may have been skipped. */
export function viewType(planned: PlannedStep): StaticType {
  const { body } = planned.step;
  const outputs = planned.outputs === null ? ANY_TYPE : nullable(planned.outputs);
  const more: Record<string, StaticType> = {};
  if (body.kind === 'map') more['counts'] = COUNTS_TYPE;
  if (body.kind === 'loop') more['iterations'] = NUMBER_TYPE;
  if (body.kind === 'conditional') more['branch'] = { kinds: ['null', 'number', 'string'] };
  return objectType({ outputs, artifacts: artifactsType(planned), status: STRING_TYPE, error: ERROR_TYPE, ...more });
}

function artifactsType({ step: { body }, lists }: PlannedStep): StaticType {
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
