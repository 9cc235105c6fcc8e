import { canonical } from '../../../canonical/canonical';
import { readsOfLeaf } from '../../../binding/bind';
import { scopeFor, type BindingContext } from '../../../binding/scope';
import { secretsOf } from '../../../binding/secret-names';
import { Missing } from '../../../binding/values';
import { isCodedError } from '../../../foundation/coded-error';
import type { StepId } from '../../../foundation/ids';
import type { JsonObject } from '../../../foundation/json';
import { indexOf, itemAround, nodeOf, repeatOf } from '../../../plan/place';
import { nodeAt, packAround, runNodeAt, type PlanIndex } from '../../../plan/plan-index';
import type {
  Assignment,
  AssignmentChanges,
  AssignmentItem,
  DispatchedAssignment,
} from '../../../ports/runs/assignments';
import type { ClaimedRun } from '../../../ports/runs/claims';
import type { Command } from '../../../run/command';
import { inheritance } from '../../../run/inheritance';
import { attemptTimeoutMs } from '../../../run/leaf';
import type { RunState } from '../../../run/run-state';
import type { StepState } from '../../../step/step-state';
import type { DriverDependencies } from '../../claimed-run/driver-dependencies';
import { assignmentBody, assignmentText } from '../../claimed-run/fan-out';
import { INLINE_BYTES, type RunValues } from '../../claimed-run/run-values';
import type { Arrival, TurnBuilder } from '../../turn/turn-builder';

type Start = Extract<Command, { type: 'start' }>;

/** Approximate maximum characters of one assignment. A leaf that reads more than `INLINE_BYTES` of its own is never dispatched. */
const ASSIGNMENT_SIZE = 1024 * 1024;

/**
 * Dispatches executions of a run to other workers (ADR 31): those that are ready in maps and not pure, beyond the slots of this worker: single
 * executions, whatever else their item does. Never dispatched is
 *
 * - what was lost before (`execution` runs ahead of `attempt`): a step that kills whoever executes it kills its own driver next, and
 *   so comes into quarantine, with nobody else blamed;
 * - anything of a run in quarantine, or that is ending;
 * - a step behind a gate that has bound what may still change: `isAsApproved` holds for what is dispatched because nothing else can;
 * - a step whose expressions read more than 64 KiB.
 */
export class FanOutDispatcher {
  /** Executions of unsettled assignments that have not ended. */
  private readonly open = new Map<string, Map<StepId, number>>();
  /** The same, by step. */
  private readonly holders = new Map<StepId, string>();

  constructor(
    private readonly dependencies: DriverDependencies,
    private readonly run: ClaimedRun,
    private readonly index: PlanIndex,
    private readonly values: RunValues,
    state: RunState,
  ) {
    for (const [step, one] of state.steps.entries())
      if (one.kind === 'running' && one.assignment !== null) this.add(one.assignment, step, one.execution);
  }

  /** Executions of an assignment that have not ended. */
  openOf(assignment: string): Iterable<readonly [StepId, number]> {
    return this.open.get(assignment) ?? [];
  }

  /** True if another worker may execute the step. */
  has(step: StepId, state: StepState | undefined): boolean {
    return (
      state?.kind === 'running' && state.assignment !== null && (this.open.get(state.assignment)?.has(step) ?? false)
    );
  }

  /** The starts that go to other workers. The others have a slot here or must not be dispatched. */
  beyondSlots(starts: readonly Start[], state: RunState): readonly Start[] {
    const { fanOut } = this.dependencies;
    if (!fanOut || this.run.quarantine || state.ending !== null || fanOut.others() === 0) return [];
    let { free } = fanOut.slots;
    return starts.filter((start) => {
      if (free > 0 || !this.mayDispatch(start)) {
        free--;
        return false;
      }
      return true;
    });
  }

  private mayDispatch({ step, attempt, execution, ahead }: Start): boolean {
    const item = itemAround(step);
    return !ahead && execution === attempt && item !== null && nodeAt(this.index, repeatOf(item)).node.kind === 'map';
  }

  /** Assignments of these starts, as input. Starts that cannot be dispatched are returned. */
  async dispatch(
    starts: readonly Start[],
    context: () => BindingContext,
    state: RunState,
  ): Promise<{ readonly arrivals: readonly Arrival[]; readonly here: readonly Start[] }> {
    const groups = new Map<string, (AssignmentItem & { readonly size: number })[]>();
    const here: Start[] = [];
    for (const start of starts) {
      const { step, attempt, execution } = start;
      const scope = await this.scopeOf(context, step);
      const size = scope === null ? Infinity : canonical(scope).length;
      if (scope === null || size > INLINE_BYTES) {
        here.push(start);
        continue;
      }
      const { executeBy } = inheritance(this.index, state.steps, step);
      const item = { step, attempt, execution, scope, executeBy, size };
      const group = `${repeatOf(itemAround(step) ?? step)} ${nodeOf(step)}`;
      const known = groups.get(group);
      if (known) known.push(item);
      else groups.set(group, [item]);
    }
    const arrivals = [...groups.values()].flatMap((items) =>
      this.pieces(items).map((piece) => this.arrivalOf(piece, context)),
    );
    return { arrivals, here };
  }

  /** Number of pieces, so that each worker finds one. */
  private pieces<Item extends { readonly size: number }>(items: readonly Item[]): readonly (readonly Item[])[] {
    const { fanOut } = this.dependencies;
    const share = Math.ceil(items.length / ((fanOut?.others() ?? 0) + 1));
    const most = Math.max(1, Math.min(share, fanOut?.items ?? 1));
    const pieces: Item[][] = [];
    let size = 0;
    for (const item of items) {
      const last = pieces.at(-1);
      if (last === undefined || last.length >= most || size + item.size > ASSIGNMENT_SIZE) {
        pieces.push([item]);
        size = item.size;
      } else {
        last.push(item);
        size += item.size;
      }
    }
    return pieces;
  }

  private arrivalOf(
    items: readonly (AssignmentItem & { readonly size: number })[],
    context: () => BindingContext,
  ): Arrival {
    const [first] = items;
    if (!first) throw new TypeError('an assignment has items');
    const { step } = first;
    const { tenant, runId } = this.run;
    const node = runNodeAt(this.index, step);
    const versions = secretsOf(node).map((name) => [name, context().results.secretVersion(name)] as const);
    const { shared, own } = shareScopes(items.map(({ scope }) => scope));
    const assignment: Assignment = {
      tenant,
      runId,
      name: `${step}#${first.execution}`,
      step: repeatOf(itemAround(step) ?? step),
      scope: shared,
      secrets: Object.fromEntries(versions.filter(([, version]) => version !== null)) as Assignment['secrets'],
      attemptTimeoutMs: attemptTimeoutMs(this.index, node),
      items: items.map(({ size: _, ...item }, index) => ({ ...item, scope: own[index] ?? {} })),
    };
    const { name } = assignment;
    return {
      kind: 'parts',
      parts: items.map((item) => ({
        kind: 'given',
        body: { type: 'attempt.assigned', step: item.step, execution: item.execution, assignment: name },
      })),
      assignment,
    };
  }

  /** What the expressions of a leaf see of the run, without private values; null if that cannot be determined. */
  private async scopeOf(context: () => BindingContext, step: StepId): Promise<JsonObject | null> {
    const reads = readsOfLeaf(runNodeAt(this.index, step));
    for (;;) {
      const missing = new Missing();
      try {
        const { inputs, ...scope } = scopeFor(context(), step, reads, missing);
        // Every worker that executes a part of the run knows its admission.
        if (missing.digests.size === 0)
          return packAround(this.index, step) === null ? scope : { ...scope, inputs: inputs ?? null };
      } catch (error) {
        if (!isCodedError(error)) throw error;
        if (missing.digests.size === 0) return null;
      }
      await this.values.fetch([...missing.digests]);
    }
  }

  /** Changes of a turn to assignments, for its commit. */
  changes({ state, held, assignments, changed }: TurnBuilder): AssignmentChanges | undefined {
    const dispatched = assignments.flatMap((assignment) => this.rowOf(assignment, state));
    const over = this.overIn(changed);
    const left = new Map([...over].map(([name, steps]) => [name, (this.open.get(name)?.size ?? 0) - steps.length]));
    const settled = [...left].filter(([, count]) => count === 0).map(([name]) => name);
    const revoked = new Map<string, StepId[]>();
    for (const { type, step } of held) {
      const one = state.steps.get(step);
      if (type !== 'stop' || one?.kind !== 'running' || one.assignment === null || !this.has(step, one)) continue;
      revoked.set(one.assignment, [...(revoked.get(one.assignment) ?? []), step]);
    }
    if (dispatched.length + settled.length + revoked.size === 0) return undefined;
    return { dispatched, settled, revoked: [...revoked].map(([name, steps]) => ({ name, steps })) };
  }

  /** Assignments that this turn was to dispatch and has stopped. */
  undispatched({ state, assignments }: TurnBuilder): readonly AssignmentItem[] {
    return assignments.flatMap(({ items, name }) =>
      items.filter(({ step, execution }) => {
        const one = state.steps.get(step);
        return one?.kind === 'running' && isHeld(one, name) && one.execution === execution && one.stopping !== null;
      }),
    );
  }

  /** Only starts that are still relevant: a step may have been told to stop in the same turn. */
  private rowOf(assignment: Assignment, state: RunState): readonly DispatchedAssignment[] {
    const items = assignment.items.filter((item) => isDispatched(state, item, assignment.name));
    const [first, last] = [items[0], items.at(-1)];
    if (!first || !last) return [];
    const body = assignmentBody({ ...assignment, items });
    const mac = this.dependencies.mac(assignmentText(body));
    const [from, to] = [first, last].map(({ step }) => indexOf(itemAround(step) ?? step));
    return [
      { name: assignment.name, step: assignment.step, first: from ?? 0, last: to ?? 0, items: items.length, body, mac },
    ];
  }

  private overIn(changed: TurnBuilder['changed']): ReadonlyMap<string, readonly StepId[]> {
    const over = new Map<string, StepId[]>();
    for (const [step, state] of this.holders.size > 0 ? changed : []) {
      const name = this.holders.get(step);
      if (name !== undefined && !isHeld(state, name)) over.set(name, [...(over.get(name) ?? []), step]);
    }
    return over;
  }

  /** Called after the commit of the turn. */
  committed({ state, assignments, changed }: TurnBuilder): void {
    for (const [name, steps] of this.overIn(changed)) {
      const open = this.open.get(name);
      for (const step of steps) {
        open?.delete(step);
        this.holders.delete(step);
      }
      if (open?.size === 0) this.open.delete(name);
    }
    for (const { name, items } of assignments)
      for (const item of items) if (isDispatched(state, item, name)) this.add(name, item.step, item.execution);
  }

  private add(assignment: string, step: StepId, execution: number): void {
    const open = this.open.get(assignment) ?? new Map<StepId, number>();
    this.open.set(assignment, open.set(step, execution));
    this.holders.set(step, assignment);
  }
}

function isDispatched(state: RunState, { step, execution }: AssignmentItem, name: string): boolean {
  const one = state.steps.get(step);
  return isHeld(one, name) && one?.kind === 'running' && one.execution === execution && one.stopping === null;
}

function isHeld(state: StepState | undefined, name: string): boolean {
  return state?.kind === 'running' && state.assignment === name;
}

/** Splits scopes into the part that they share and the part of each. */
function shareScopes(scopes: readonly JsonObject[]): {
  readonly shared: JsonObject;
  readonly own: readonly JsonObject[];
} {
  const [first = {}, ...others] = scopes;
  const isShared = (root: string): boolean => {
    const text = canonical(first[root] ?? null);
    return others.every((other) => root in other && canonical(other[root] ?? null) === text);
  };
  const roots = Object.keys(first).filter((root) => scopes.length > 1 && isShared(root));
  const pick = (scope: JsonObject, wanted: boolean): JsonObject =>
    Object.fromEntries(Object.entries(scope).filter(([root]) => roots.includes(root) === wanted));
  return { shared: pick(first, true), own: scopes.map((scope) => pick(scope, false)) };
}
