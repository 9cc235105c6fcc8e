import { canonical } from '../canonical/canonical';
import { digestOf } from '../canonical/digest';
import { pointerTo } from '../document/json-pointer';
import type { Digest, NodeId } from '../foundation/ids';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { changeText, moreText } from './change/change-text';
import { graphOf } from './plan-graph';
import { effectsIn } from './ungated-effects';
import { joinScope } from './place';
import type { Block, Effects, Node, Plan } from './plan';

/** A value that differs. An absent member did not exist. */
export interface PlanChange {
  /** JSON pointer into the step, or into the part of the plan. */
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** The differences of one step. */
interface StepChange {
  readonly id: NodeId;
  readonly change: 'added' | 'removed' | 'moved' | 'changed';
  readonly kind: Node['kind'];
  /** Previous id of a moved step; null otherwise. */
  readonly from: NodeId | null;
  /** What an added step executes. Absent: it executes nothing itself, or it is not new. */
  readonly does?: { readonly uses: string; readonly effects: Effects };
  /** Differing values. Empty for an added or removed step. */
  readonly changes: readonly PlanChange[];
}

/** The differences between two plans. */
export interface PlanDiff {
  readonly same: boolean;
  readonly planHash: { readonly before: Digest; readonly after: Digest };
  /** In the order of the later plan, followed by removed steps. */
  readonly steps: readonly StepChange[];
  /** Differences by part of the plan: pack, inputs, approvals, policies, sandbox and so on. Equal parts are left out. */
  readonly parts: Readonly<Record<string, readonly PlanChange[]>>;
  readonly gates: {
    /** Steps with effects that lost their approval gate, or that are new and have none. */
    readonly newlyUngated: readonly NodeId[];
    readonly newlyGated: readonly NodeId[];
    readonly removed: readonly NodeId[];
    readonly added: readonly NodeId[];
  };
}

/** Maximum number of listed changes of one step or part. */
const MAX_CHANGES = 200;
const PARTS = [
  'pack',
  'inputs',
  'secrets',
  'approvals',
  'policies',
  'sandbox',
  'concurrency',
  'timeouts',
  'outputs',
  'messages',
  'executors',
] as const;

/** Compares two plans step by step. Pure. */
export function diffPlans(before: Plan, after: Plan): PlanDiff {
  const hashes = { before: digestOf(before as unknown as Json), after: digestOf(after as unknown as Json) };
  const parts: Record<string, readonly PlanChange[]> = {};
  for (const part of PARTS) {
    const changes = changesBetween(before[part] as unknown as Json, after[part] as unknown as Json);
    if (changes.length > 0) parts[part] = changes;
  }
  return {
    same: hashes.before === hashes.after,
    planHash: hashes,
    steps: stepChanges(before, after),
    parts,
    gates: gateChanges(before, after),
  };
}

function stepChanges(before: Plan, after: Plan): readonly StepChange[] {
  const old = stepsOf(before.graph);
  const now = stepsOf(after.graph);
  const removed = [...old.values()].filter(({ id }) => !now.has(id));
  const found: StepChange[] = [];
  for (const step of now.values()) {
    const same = old.get(step.id);
    const { kind } = step.node;
    if (same !== undefined) {
      const changes = changesBetween(ownOf(same), ownOf(step));
      const change = same.place === step.place ? ('changed' as const) : ('moved' as const);
      if (changes.length > 0 || change === 'moved')
        found.push({ id: step.id, change, kind, from: change === 'moved' ? same.id : null, changes });
      continue;
    }
    // A step of the same name and kind in another place, if it is unambiguous.
    const candidates = removed.filter(({ node }) => node.id === step.node.id && node.kind === kind);
    const [source] = candidates;
    if (source === undefined || candidates.length > 1)
      found.push({ id: step.id, change: 'added', kind, from: null, ...doneBy(step), changes: [] });
    else {
      removed.splice(removed.indexOf(source), 1);
      found.push({
        id: step.id,
        change: 'moved',
        kind,
        from: source.id,
        changes: changesBetween(ownOf(source), ownOf(step)),
      });
    }
  }
  for (const { id, node } of removed) found.push({ id, change: 'removed', kind: node.kind, from: null, changes: [] });
  return found;
}

function doneBy({ node }: PlacedStep): Pick<StepChange, 'does'> {
  return node.kind === 'run' ? { does: { uses: node.uses, effects: node.effects } } : {};
}

interface PlacedStep {
  readonly id: NodeId;
  readonly node: Node;
  /** Container and branch. */
  readonly place: string;
}

function stepsOf(root: Block): ReadonlyMap<NodeId, PlacedStep> {
  const found = new Map<NodeId, PlacedStep>();
  const visit = (block: Block, scope: string, place: string): void => {
    for (const node of block.nodes) {
      const id = joinScope<NodeId>(scope, node.id);
      found.set(id, { id, node, place });
      switch (node.kind) {
        case 'run':
        case 'gate':
          break;
        case 'group':
        case 'parallel':
          visit(node.body, scope, id);
          break;
        case 'map':
        case 'loop':
        case 'pack':
          visit(node.body, id, id);
          break;
        case 'conditional':
          for (const [index, { body }] of node.branches.entries()) visit(body, scope, `${id} ${index}`);
          if (node.otherwise) visit(node.otherwise, scope, `${id} else`);
      }
    }
  };
  visit(root, '', '');
  return found;
}

/** A node without its child steps, which are compared separately. */
function ownOf({ node }: PlacedStep): Json {
  const own: Record<string, unknown> = { ...node };
  if ('body' in node) own['body'] = { maxParallel: node.body.maxParallel, continueOnError: node.body.continueOnError };
  if (node.kind === 'conditional') {
    own['branches'] = node.branches.map(({ when }) => ({ when }));
    own['otherwise'] = node.otherwise !== null;
  }
  return own as Json;
}

function gateChanges(before: Plan, after: Plan): PlanDiff['gates'] {
  const [old, now] = [effectsIn(before), effectsIn(after)];
  const gatesOf = (plan: Plan): readonly NodeId[] =>
    graphOf(plan, '')
      .nodes.filter(({ kind }) => kind === 'gate')
      .map(({ id }) => id);
  const [oldGates, newGates] = [gatesOf(before), gatesOf(after)];
  return {
    newlyUngated: now.all.filter((id) => now.ungated.has(id) && !old.ungated.has(id)),
    newlyGated: now.all.filter((id) => !now.ungated.has(id) && old.ungated.has(id)),
    removed: oldGates.filter((id) => !newGates.includes(id)),
    added: newGates.filter((id) => !oldGates.includes(id)),
  };
}

/** The differing values with their places. Elements of lists are matched by id or name if they have one, otherwise by position. */
function changesBetween(before: Json, after: Json): readonly PlanChange[] {
  const found: PlanChange[] = [];
  compare(before, after, '', found);
  return found.slice(0, MAX_CHANGES);
}

function compare(before: Json | undefined, after: Json | undefined, path: string, found: PlanChange[]): void {
  if (found.length >= MAX_CHANGES) return;
  if (before !== undefined && after !== undefined) {
    if (canonical(before) === canonical(after)) return;
    const [old, now] = [membersOf(before), membersOf(after)];
    if (old !== null && now !== null) {
      for (const name of [...new Set([...Object.keys(old), ...Object.keys(now)])].sort())
        compare(old[name], now[name], pointerTo(path, name), found);
      return;
    }
  }
  found.push({ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) });
}

/** The key by which a value is matched; null: it is compared as a whole. */
function membersOf(value: Json): JsonObject | null {
  if (isJsonObject(value)) return value;
  if (!isJsonArray(value)) return null;
  const keys = value.map((item) => (isJsonObject(item) ? (item['id'] ?? item['name']) : undefined));
  const named = keys.every((key): key is string => typeof key === 'string') && new Set(keys).size === keys.length;
  return named && value.length > 0 ? Object.fromEntries(value.map((item, at) => [keys[at] as string, item])) : null;
}

/** A diff as text, one fact per line; empty if the plans are equal. It contains texts of packs unchanged. */
export function diffLines({ same, steps, parts, gates }: PlanDiff): readonly string[] {
  if (same) return [];
  const marks = { added: '+', removed: '-', moved: '>', changed: '~' } as const;
  const list = (changes: readonly PlanChange[]): readonly string[] => changes.flatMap(changeLines);
  return [
    ...Object.entries(parts).flatMap(([part, changes]) => [`~ ${part}`, ...list(changes)]),
    ...steps.flatMap(({ id, change, kind, from, does, changes }) => [
      `${marks[change]} ${kind} ${id}${from === null || from === id ? '' : ` (was ${from})`}${change === 'moved' && from === id ? ' (moved)' : ''}${doesText(does)}`,
      ...list(changes),
    ]),
    ...gates.removed.map((id) => `! gate removed: ${id}`),
    ...gates.newlyUngated.map((id) => `! now has effects without an approval: ${id}`),
    ...gates.newlyGated.map((id) => `  now waits for an approval: ${id}`),
  ];
}

function doesText(does: StepChange['does']): string {
  if (does === undefined) return '';
  return `: ${does.uses}, ${does.effects === 'pure' ? 'without effects' : `with effects (${does.effects})`}`;
}

/** A change below its step: `before → after`, or the lines that differ. */
function changeLines(change: PlanChange): readonly string[] {
  const place = `    ${change.path || '/'}:`;
  const text = changeText(change);
  if (text.kind === 'pair') return [`${place} ${text.before} → ${text.after}`];
  return [
    place,
    ...text.lines.map(({ mark, text: line }) => `      ${mark} ${line}`),
    ...(text.more === 0 ? [] : [`      ${moreText(text.more)}`]),
  ];
}
