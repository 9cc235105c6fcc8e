import type { RunId, StepId, TenantId } from '../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import type { Digest } from '../foundation/ids';
import type { Reference } from '../expression/inspect';
import type { ConditionalNode, PackNode } from '../plan/plan';
import { indexOf, isItem, itemOf, nodeOf, repeatOf, ROOT, scopeOf, joinScope } from '../plan/place';
import { itemAt } from '../plan/loop-items';
import {
  blockOf,
  isPack,
  nodeAt,
  packAround,
  packNodeAt,
  parentOf,
  type IndexedBlock,
  type PlanIndex,
} from '../plan/plan-index';
import type { CapturedArtifact, RunProjection } from './run-projection';
import { valueOf, type Missing, type Values } from './values';

/** Values that expressions may see besides the journal. */
export interface RunContext {
  readonly runId: RunId;
  readonly tenant: TenantId;
  readonly planHash: Digest;
  /** Inputs of the run. Sensitive ones appear as `{sensitive: true}`. */
  readonly inputs: JsonObject;
}

/** Values that only `with`, `env` and `files` may see. They are never stored. */
export interface PrivateValues {
  /** Sensitive inputs by value. */
  readonly inputs: JsonObject;
  /** Secrets as texts, by name. */
  readonly secrets: JsonObject;
}

/** What can be derived of a plan from the journal alone, without any value. */
export interface Journaled {
  readonly index: PlanIndex;
  readonly results: RunProjection;
}

/** The inputs of a binding: plan, journal, values, and the place. */
export interface BindingContext extends Journaled {
  readonly values: Values;
  readonly context: RunContext;
}

/** The scope of the expressions of one step: only what `reads` asks for is built. */
export function scopeFor(
  context: BindingContext,
  step: StepId,
  reads: readonly Reference[],
  missing: Missing,
): JsonObject {
  const roots = new Set(reads.map((read) => read.root));
  const pack = packAround(context.index, step);
  const { name, version } = (pack === null ? context.index.plan : packNodeAt(context.index, pack)).pack;
  const scope: Record<string, Json> = {
    inputs: pack !== null && roots.has('inputs') ? inputsOf(context, pack, missing) : context.context.inputs,
    pack: { name, version },
    run: { id: context.context.runId, planHash: context.context.planHash },
    tenant: context.context.tenant,
  };
  addItems(context, step, roots, scope, missing);
  if (roots.has('previous')) scope['previous'] = previousResult(context, step, missing);
  if (roots.has('failed')) scope['failed'] = failedBefore(context, step);
  if (roots.has('steps')) {
    const names = new Set(reads.filter((read) => read.root === 'steps').map((read) => read.path[0]));
    const steps: Record<string, Json> = {};
    for (const name of names) {
      if (typeof name !== 'string') continue;
      const place = visibleStep(context.index, step, name);
      if (place !== null) steps[name] = stepView(context, place, missing);
    }
    scope['steps'] = steps;
  }
  return scope;
}

/** `inputs` at a place: those of the run, or of the inner pack that the place is in. */
export function inputsAt(context: BindingContext, step: StepId, missing: Missing): Json {
  const pack = packAround(context.index, step);
  return pack === null ? context.context.inputs : inputsOf(context, pack, missing);
}

function inputsOf({ index, results, values }: BindingContext, pack: StepId, missing: Missing): Json {
  return valueOf(index, results, values, results.get(pack)?.inputs ?? null, missing);
}

/** The place at which an inner pack's own expressions are evaluated: the end of its steps. */
export function endOfPack(pack: StepId): StepId {
  return joinScope<StepId>(pack, '');
}

/** The items that a step is in. The innermost comes last, so that it hides the outer ones. */
function addItems(
  context: BindingContext,
  step: StepId,
  roots: ReadonlySet<string>,
  scope: Record<string, Json>,
  missing: Missing,
): void {
  const items: StepId[] = [];
  for (let at: string = isItem(step) ? step : scopeOf(step); at !== '' && !isPack(context.index, at); at = scopeOf(at))
    if (isItem(at as StepId)) items.unshift(at as StepId);
  for (const item of items) {
    const { node } = nodeAt(context.index, repeatOf(item));
    if (node.kind !== 'map' && node.kind !== 'loop') continue;
    if (roots.has(node.index)) scope[node.index] = indexOf(item);
    if (!roots.has(node.iterator)) continue;
    const list = valueOf(
      context.index,
      context.results,
      context.values,
      context.results.get(repeatOf(item))?.items?.ref ?? null,
      missing,
    );
    scope[node.iterator] = itemAt(list, indexOf(item));
  }
}

/**
 * The previous iteration of the innermost loop around a step. Null in the first iteration, outside of loops, and if the loop's place is a
 * template.
 */
export function previousItem(index: PlanIndex, step: StepId): StepId | null {
  for (let at: string = isItem(step) ? step : scopeOf(step); at !== '' && !isPack(index, at); at = scopeOf(at)) {
    const place = at as StepId;
    const item = isItem(place);
    if (nodeAt(index, item ? repeatOf(place) : place).node.kind !== 'loop') continue;
    return item && indexOf(place) > 0 ? itemOf(repeatOf(place), indexOf(place) - 1) : null;
  }
  return null;
}

function previousResult(context: BindingContext, step: StepId, missing: Missing): Json {
  const item = previousItem(context.index, step);
  if (item === null) return null;
  return valueOf(context.index, context.results, context.values, context.results.get(item)?.outputs ?? null, missing);
}

/**
 * The step that `steps.<name>` refers to at a place. Its own scope is searched first, then the enclosing scopes up to the border of its
 * pack.
 */
export function visibleStep(index: PlanIndex, step: StepId, name: string): StepId | null {
  for (let scope = isItem(step) ? (step as string) : scopeOf(step); ; scope = scopeOf(scope)) {
    const place = joinScope<StepId>(scope, name);
    if (index.nodes.has(nodeOf(place))) return place;
    if (scope === '' || isPack(index, scope)) return null;
  }
}

/** The value of `steps.<id>`. */
export function stepView(context: BindingContext, step: StepId, missing: Missing): Json {
  const result = context.results.get(step);
  const { node } = nodeAt(context.index, step);
  const view = viewOfJournal(context, step);
  if (!result) return { ...view, outputs: null };
  const outputs = valueOf(context.index, context.results, context.values, result.outputs, missing);
  return { ...view, outputs, ...(node.kind === 'pack' ? { artifacts: filesAmong(node, outputs) } : {}) };
}

/**
 * The members of `steps.<id>` besides its outputs. Gates bind them by digest, so everything that expressions may see of a step belongs
 * here.
 */
export function viewOfJournal(context: Journaled, step: StepId): JsonObject {
  const result = context.results.get(step);
  const { node } = nodeAt(context.index, step);
  if (!result) {
    const status = isLeftOut(context, step) ? 'skipped' : 'pending';
    return { status, artifacts: {}, error: null, ...(node.kind === 'conditional' ? { branch: null } : {}) };
  }
  const view: Record<string, Json> = {
    status: result.status ?? 'running',
    artifacts:
      node.kind === 'map' || node.kind === 'loop'
        ? listsOfArtifacts(context, step)
        : artifactsOf(step, result.artifacts),
    error:
      result.status === 'failed'
        ? { code: result.code, message: result.message, attempts: result.attempts, exitCode: result.exitCode }
        : null,
  };
  if (node.kind === 'conditional') view['branch'] = branchOf(node, result.branch);
  if (node.kind === 'map') view['counts'] = countsOf(context, step);
  if (node.kind === 'loop') view['iterations'] = result.begun;
  return view;
}

/** True for a step that never began and never will, because its container has ended. */
export function isLeftOut({ index, results }: Journaled, step: StepId): boolean {
  for (let at = step; at !== ROOT; at = parentOf(index, at)) {
    const { status = null } = results.get(at) ?? {};
    if (status !== null) return true;
  }
  return false;
}

/** The branch that was taken: its index, `else`, or null. */
function branchOf({ branches }: ConditionalNode, taken: number | null): Json {
  return taken !== null && taken >= branches.length ? 'else' : taken;
}

/** The artifacts of an inner pack: its outputs of type `file`. */
function filesAmong({ outputs: declared }: PackNode, outputs: Json): JsonObject {
  if (!isJsonObject(outputs)) return {};
  const files = declared
    .filter(({ type }) => type === 'file')
    .map(({ name }) => [name, outputs[name] ?? null] as const);
  return Object.fromEntries(files.filter(([, file]) => file !== null));
}

function artifactsOf(step: StepId, artifacts: readonly CapturedArtifact[]): JsonObject {
  const view: Record<string, Json> = {};
  for (const artifact of artifacts) {
    const value = artifactValue(step, artifact);
    const before = view[artifact.name];
    view[artifact.name] =
      before === undefined ? value : Array.isArray(before) ? [...(before as Json[]), value] : [before, value];
  }
  return view;
}

/** An artifact as expressions see it (docs/guides/writing-packs.md, Files). */
function artifactValue(step: StepId, { name, path, digest, size, mediaType }: CapturedArtifact): JsonObject {
  return { name, step, digest, size, mediaType, path };
}

function listsOfArtifacts(context: Journaled, repeat: StepId): JsonObject {
  const lists: Record<string, Json[]> = {};
  const count = context.results.get(repeat)?.begun ?? 0;
  for (let index = 0; index < count; index++) {
    for (const child of blockOf(context.index, repeat).nodes) {
      const step = joinScope<StepId>(itemOf(repeat, index), child.name);
      for (const artifact of context.results.get(step)?.artifacts ?? [])
        (lists[artifact.name] ??= []).push(artifactValue(step, artifact));
    }
  }
  return lists;
}

function countsOf(context: Journaled, repeat: StepId): JsonObject {
  const total = context.results.get(repeat)?.items?.count ?? 0;
  let [succeeded, failed] = [0, 0];
  for (let index = 0; index < total; index++) {
    const status = context.results.get(itemOf(repeat, index))?.status;
    if (status === 'succeeded') succeeded++;
    else if (status === 'failed') failed++;
  }
  // Items that never began or were stopped count as not run, so that the counts add up.
  return { total, succeeded, failed, skipped: total - succeeded - failed };
}

/** Ids of the steps of the list, or of the needs, that failed: in plan order, as the step's own pack names them. */
function failedBefore(context: BindingContext, step: StepId): readonly Json[] {
  const pack = packAround(context.index, step);
  const around = pack === null ? 0 : joinScope<StepId>(pack, '').length;
  return failedIn(context, scopeOf(step)).map((place) => place.slice(around));
}

/** The steps that failed in a scope, in plan order. */
export function failedIn({ index, results }: Journaled, scope: string): readonly StepId[] {
  const block =
    scope === '' ? index.root : blockOf(index, isItem(scope as StepId) ? repeatOf(scope as StepId) : (scope as StepId));
  return [...namesWithin(block)]
    .map((name) => joinScope<StepId>(scope, name))
    .filter((place) => results.get(place)?.status === 'failed');
}

/** Names in the scope of a list, each before those below it. */
function* namesWithin({ nodes }: IndexedBlock): Iterable<string> {
  for (const { name, node, bodies } of nodes) {
    yield name;
    if (node.kind === 'group' || node.kind === 'parallel' || node.kind === 'conditional')
      for (const body of bodies) yield* namesWithin(body);
  }
}
