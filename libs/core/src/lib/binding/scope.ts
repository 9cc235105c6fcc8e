import type { RunId, StepId, TenantId } from '../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import type { Digest } from '../foundation/ids';
import type { Reference } from '../expression/inspect';
import type { ConditionalNode, PackNode } from '../plan/plan';
import { indexOf, isItem, itemOf, nodeOf, repeatOf, ROOT, scopeOf, within } from '../plan/place';
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
import type { CapturedArtifact, Results } from './results';
import { valueOf, type Missing, type Values } from './values';

/** What expressions may see besides the journal. */
export interface RunContext {
  readonly runId: RunId;
  readonly tenant: TenantId;
  readonly planHash: Digest;
  /** Sensitive ones are `{sensitive: true}`. */
  readonly inputs: JsonObject;
}

/** What only `with`, `env` and `files` may see, and nothing that is stored. */
export interface PrivateValues {
  /** Sensitive inputs by value. */
  readonly inputs: JsonObject;
  /** Secrets as texts, by name. */
  readonly secrets: JsonObject;
}

/** What a binding looks at: plan, journal, values, and where. */
export interface Sight {
  readonly x: PlanIndex;
  readonly results: Results;
  readonly values: Values;
  readonly context: RunContext;
}

/** The scope of the expressions of one step: only what `reads` asks for is built. */
export function scopeFor(sight: Sight, step: StepId, reads: readonly Reference[], missing: Missing): JsonObject {
  const roots = new Set(reads.map((read) => read.root));
  const pack = packAround(sight.x, step);
  const { name, version } = (pack === null ? sight.x.plan : packNodeAt(sight.x, pack)).pack;
  const scope: Record<string, Json> = {
    inputs: pack !== null && roots.has('inputs') ? inputsOf(sight, pack, missing) : sight.context.inputs,
    pack: { name, version },
    run: { id: sight.context.runId, planHash: sight.context.planHash },
    tenant: sight.context.tenant,
  };
  addItems(sight, step, roots, scope, missing);
  if (roots.has('previous')) scope['previous'] = previousResult(sight, step, missing);
  if (roots.has('failed')) scope['failed'] = failedBefore(sight, step);
  if (roots.has('steps')) {
    const names = new Set(reads.filter((read) => read.root === 'steps').map((read) => read.path[0]));
    const steps: Record<string, Json> = {};
    for (const name of names) {
      if (typeof name !== 'string') continue;
      const place = visibleStep(sight.x, step, name);
      if (place !== null) steps[name] = stepView(sight, place, missing);
    }
    scope['steps'] = steps;
  }
  return scope;
}

/** What `inputs` is at a place: those of the run, or of the inner pack that the place stands in. */
export function inputsAt(sight: Sight, step: StepId, missing: Missing): Json {
  const pack = packAround(sight.x, step);
  return pack === null ? sight.context.inputs : inputsOf(sight, pack, missing);
}

function inputsOf({ x, results, values }: Sight, pack: StepId, missing: Missing): Json {
  return valueOf(x, results, values, results.get(pack)?.inputs ?? null, missing);
}

/** The place from which an inner pack's own expressions look: the end of its steps. */
export function endOfPack(pack: StepId): StepId {
  return within<StepId>(pack, '');
}

/** The items that a step stands in, innermost last so that it hides the outer ones. */
function addItems(
  sight: Sight,
  step: StepId,
  roots: ReadonlySet<string>,
  scope: Record<string, Json>,
  missing: Missing,
): void {
  const items: StepId[] = [];
  for (let at: string = isItem(step) ? step : scopeOf(step); at !== '' && !isPack(sight.x, at); at = scopeOf(at))
    if (isItem(at as StepId)) items.unshift(at as StepId);
  for (const item of items) {
    const { node } = nodeAt(sight.x, repeatOf(item));
    if (node.kind !== 'map' && node.kind !== 'loop') continue;
    if (roots.has(node.index)) scope[node.index] = indexOf(item);
    if (!roots.has(node.iterator)) continue;
    const list = valueOf(
      sight.x,
      sight.results,
      sight.values,
      sight.results.get(repeatOf(item))?.items?.ref ?? null,
      missing,
    );
    scope[node.iterator] = itemAt(list, indexOf(item));
  }
}

/**
 * The iteration before the one that a step stands in, of the innermost loop around it; null in the first one, outside loops,
 * and where the place of that loop is a template's.
 */
export function previousItem(x: PlanIndex, step: StepId): StepId | null {
  for (let at: string = isItem(step) ? step : scopeOf(step); at !== '' && !isPack(x, at); at = scopeOf(at)) {
    const place = at as StepId;
    const item = isItem(place);
    if (nodeAt(x, item ? repeatOf(place) : place).node.kind !== 'loop') continue;
    return item && indexOf(place) > 0 ? itemOf(repeatOf(place), indexOf(place) - 1) : null;
  }
  return null;
}

function previousResult(sight: Sight, step: StepId, missing: Missing): Json {
  const item = previousItem(sight.x, step);
  if (item === null) return null;
  return valueOf(sight.x, sight.results, sight.values, sight.results.get(item)?.outputs ?? null, missing);
}

/** The step that `steps.<name>` means at a place: its own scope first, then the scopes around it, as far as its pack goes. */
export function visibleStep(x: PlanIndex, step: StepId, name: string): StepId | null {
  for (let scope = isItem(step) ? (step as string) : scopeOf(step); ; scope = scopeOf(scope)) {
    const place = within<StepId>(scope, name);
    if (x.nodes.has(nodeOf(place))) return place;
    if (scope === '' || isPack(x, scope)) return null;
  }
}

/** What `steps.<id>` holds. */
export function stepView(sight: Sight, step: StepId, missing: Missing): Json {
  const result = sight.results.get(step);
  const { node } = nodeAt(sight.x, step);
  if (!result) {
    const status = isLeftOut(sight, step) ? 'skipped' : 'pending';
    return {
      status,
      outputs: null,
      artifacts: {},
      error: null,
      ...(node.kind === 'conditional' ? { branch: null } : {}),
    };
  }
  const outputs = valueOf(sight.x, sight.results, sight.values, result.outputs, missing);
  const view: Record<string, Json> = {
    status: result.status ?? 'running',
    outputs,
    artifacts:
      node.kind === 'map' || node.kind === 'loop'
        ? listsOfArtifacts(sight, step)
        : node.kind === 'pack'
          ? filesAmong(node, outputs)
          : artifactsOf(step, result.artifacts),
    error:
      result.status === 'failed'
        ? { code: result.code, message: result.message, attempts: result.attempts, exitCode: result.exitCode }
        : null,
  };
  if (node.kind === 'conditional') view['branch'] = branchOf(node, result.branch);
  if (node.kind === 'map') view['counts'] = countsOf(sight, step);
  if (node.kind === 'loop') view['iterations'] = result.begun;
  return view;
}

/** True for a step that never began and never will: what it stands in is over. */
function isLeftOut({ x, results }: Sight, step: StepId): boolean {
  for (let at = step; at !== ROOT; at = parentOf(x, at)) {
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

/** An artifact as expressions see it (language.md §5). */
export function artifactValue(step: StepId, { name, path, digest, size, mediaType }: CapturedArtifact): JsonObject {
  return { name, step, digest, size, mediaType, path };
}

function listsOfArtifacts(sight: Sight, repeat: StepId): JsonObject {
  const lists: Record<string, Json[]> = {};
  const count = sight.results.get(repeat)?.begun ?? 0;
  for (let index = 0; index < count; index++) {
    for (const child of blockOf(sight.x, repeat).nodes) {
      const step = within<StepId>(itemOf(repeat, index), child.name);
      for (const artifact of sight.results.get(step)?.artifacts ?? [])
        (lists[artifact.name] ??= []).push(artifactValue(step, artifact));
    }
  }
  return lists;
}

function countsOf(sight: Sight, repeat: StepId): JsonObject {
  const total = sight.results.get(repeat)?.items?.count ?? 0;
  let [succeeded, failed] = [0, 0];
  for (let index = 0; index < total; index++) {
    const status = sight.results.get(itemOf(repeat, index))?.status;
    if (status === 'succeeded') succeeded++;
    else if (status === 'failed') failed++;
  }
  // Items that never began, or were stopped, did not run: with them the counts add up.
  return { total, succeeded, failed, skipped: total - succeeded - failed };
}

/** Ids of the steps of the list, or of the needs, that failed: in plan order. */
function failedBefore(sight: Sight, step: StepId): readonly Json[] {
  const scope = scopeOf(step);
  const block =
    scope === ''
      ? sight.x.root
      : blockOf(sight.x, isItem(scope as StepId) ? repeatOf(scope as StepId) : (scope as StepId));
  return [...namesWithin(block)]
    .map((name) => within<StepId>(scope, name))
    .filter((place) => sight.results.get(place)?.status === 'failed');
}

/** Names in the scope of a list, each before those below it. */
function* namesWithin({ nodes }: IndexedBlock): Iterable<string> {
  for (const { name, node, bodies } of nodes) {
    yield name;
    if (node.kind === 'group' || node.kind === 'parallel' || node.kind === 'conditional')
      for (const body of bodies) yield* namesWithin(body);
  }
}
