import type { StepId } from '../foundation/ids';
import { PersistentMap } from '../foundation/persistent-map';
import { PersistentQueue } from '../foundation/persistent-queue';
import { indexOf, isItem, itemOf, ROOT, joinScope } from '../plan/place';
import { blockOf, childrenOf, nodeAt, scopeBelow, type PlanIndex } from '../plan/plan-index';
import type { Container, Containing, Ended, StopCause } from '../step/step-state';
import type { ValueRef } from '../step/value-ref';
import { skipCode } from './admission';
import { closeContainer, yieldsLast } from './container-end';
import type { Transition } from './transition';
import { inheritance } from './inheritance';
import { FIRST_ITERATION, iterationEnded, stopBetween } from './iteration';
import { standsBehindUnopened } from './unopened-gates';

// A container holds counters and a queue of children that want a slot. It holds a slot of its own container only while something below it
// is in progress. So a gate or a wait blocks nobody else.

type Repeat = Extract<Containing, { kind: 'repeat' }>;
type Group = Extract<Containing, { kind: 'group' }>;

/** Opens a group (root, group, parallel, branch, item): its children wait for each other, and the first ones ask for slots. */
export function openGroup(transition: Transition, step: StepId, branch = 0): void {
  const block = blockOf(transition.index, step, branch);
  const scope = scopeBelow(transition.index, step);
  const ready = block.nodes
    .filter((node) => node.node.needs.length === 0)
    .map((node) => joinScope<StepId>(scope, node.name));
  transition.set(step, groupOf(branch, fresh(transition, step, block.nodes.length, ready)));
  transition.emit({ children: block.nodes.length, step, type: 'step.opened' });
  for (const node of block.nodes)
    transition.set(joinScope<StepId>(scope, node.name), { kind: 'pending', waitsFor: node.node.needs.length });
  pump(transition, step);
}

/** Opens an inner pack with its frozen inputs. */
export function openPack(transition: Transition, step: StepId, inputs: ValueRef): void {
  transition.emit({ type: 'pack.entered', step, inputs });
  openGroup(transition, step);
}

/** Opens a map or loop over its frozen items. For a loop `count` is the maximum number of iterations. */
export function openRepeat(transition: Transition, step: StepId, items: ValueRef, count: number): void {
  transition.set(step, {
    kind: 'repeat',
    items,
    count,
    next: 0,
    results: PersistentMap.empty(),
    succeeded: 0,
    skipped: 0,
    loop: nodeAt(transition.index, step).node.kind === 'loop' ? FIRST_ITERATION : null,
    ...fresh(transition, step),
  });
  transition.emit({ type: 'map.expanded', step, items, count });
  pump(transition, step);
}

function fresh(transition: Transition, step: StepId, open = 0, ready: readonly StepId[] = []): Container {
  const timeoutMs = step === ROOT || isItem(step) ? null : nodeAt(transition.index, step).node.timeoutMs;
  return {
    open,
    live: 0,
    ready: PersistentQueue.of(ready),
    granted: true,
    asked: false,
    failures: 0,
    failed: null,
    failedCode: null,
    blocked: false,
    stopping: null,
    endBy: timeoutMs === null ? null : transition.at + timeoutMs,
    executeBy: inheritance(transition.index, transition.steps, step).executeBy,
  };
}

/** Written out, with all members: V8 copies an object that is made of a spread and more members many times slower (ADR 110). */
function groupOf(branch: number, of: Container): Group {
  return {
    kind: 'group',
    branch,
    open: of.open,
    live: of.live,
    ready: of.ready,
    granted: of.granted,
    asked: of.asked,
    failures: of.failures,
    failed: of.failed,
    failedCode: of.failedCode,
    blocked: of.blocked,
    stopping: of.stopping,
    endBy: of.endBy,
    executeBy: of.executeBy,
  };
}

/** A child asks for a slot. */
export function enqueue(transition: Transition, container: StepId, child: StepId): void {
  const state = transition.get(container);
  if (state?.kind !== 'group' && state?.kind !== 'repeat') return;
  transition.set(container, { ...state, ready: state.ready.with(child) });
  pump(transition, container);
}

/** A child gives its slot back. */
export function releaseSlot(transition: Transition, container: StepId): void {
  const state = transition.get(container);
  if (state?.kind !== 'group' && state?.kind !== 'repeat') return;
  transition.set(container, { ...state, live: state.live - 1 });
  pump(transition, container);
}

/** The container was given a slot again. */
export function grant(transition: Transition, container: StepId, state: Containing): void {
  transition.set(container, { ...state, granted: true, asked: false });
  pump(transition, container);
}

function limitOf(index: PlanIndex, step: StepId, state: Containing): number {
  if (state.kind === 'group') return blockOf(index, step, state.branch).maxParallel || Infinity;
  const { node } = nodeAt(index, step);
  return node.kind === 'map' ? (node.width ?? index.defaults.maxParallel) : 1;
}

/** Gives slots to children as long as there are any, and requests or returns the container's own slot. */
export function pump(transition: Transition, step: StepId): void {
  let state = transition.get(step);
  if (state?.kind !== 'group' && state?.kind !== 'repeat') return;
  const limit = limitOf(transition.index, step, state);
  // The answer to `until` decides how the loop continues.
  if (state.kind === 'repeat' && state.loop?.between?.kind === 'judging') return;
  const wants = (now: Containing): boolean =>
    now.ready.first !== undefined || (now.kind === 'repeat' && wantsNext(now));
  while (wants(state) && state.live < limit) {
    if (!state.granted) {
      if (!state.asked) {
        transition.set(step, { ...state, asked: true });
        transition.send({ type: 'ready', step });
      }
      return;
    }
    const child = state.ready.first;
    if (child !== undefined) state = { ...state, ready: state.ready.rest(), live: state.live + 1 };
    else if (state.kind === 'repeat')
      state = { ...state, next: state.next + 1, open: state.open + 1, live: state.live + 1 };
    transition.set(step, state);
    const begun: StepId = child ?? itemOf(step, state.kind === 'repeat' ? state.next - 1 : 0);
    if (child === undefined) transition.set(begun, { kind: 'pending', waitsFor: 0 });
    transition.send({ type: 'begin', step: begun });
  }
  if (state.open === 0 && (state.kind === 'group' || isOver(state))) return closeContainer(transition, step, state);
  if (step !== ROOT && state.granted && state.live === 0) {
    transition.set(step, { ...state, granted: false });
    transition.send({ type: 'idle', step });
  }
}

/** Begins the next item if possible: of a map when there is a slot, of a loop when the previous iteration and the delay are over. */
function wantsNext({ next, count, open, stopping, loop }: Repeat): boolean {
  if (next >= count || stopping) return false;
  return loop === null || (open === 0 && !loop.met && loop.between === null);
}

/** True if no further item will begin. */
function isOver({ next, count, stopping, loop }: Repeat): boolean {
  return next >= count || stopping !== null || loop?.met === true;
}

/** A child has ended: count it, let its dependents ask for slots, and stop the others if necessary. */
export function childEnded(transition: Transition, container: StepId, child: StepId, wasBusy: boolean): void {
  const before = transition.get(container);
  const ended = transition.get(child);
  if ((before?.kind !== 'group' && before?.kind !== 'repeat') || ended?.kind !== 'ended') return;
  const failed = ended.status === 'failed' && !ended.satisfied;
  let { ready } = before;
  if (before.kind === 'group') for (const free of freed(transition, container, child)) ready = ready.with(free);
  const now: Container = {
    open: before.open - 1,
    live: before.live - (wasBusy ? 1 : 0),
    ready,
    granted: before.granted,
    asked: before.asked,
    failures: before.failures + (failed ? 1 : 0),
    failed: before.failed ?? (failed ? child : null),
    failedCode: before.failedCode ?? (failed ? ended.code : null),
    blocked: before.blocked || ended.blocked,
    stopping: before.stopping,
    endBy: before.endBy,
    executeBy: before.executeBy,
  };
  const counted: Containing = before.kind === 'group' ? groupOf(before.branch, now) : { ...before, ...now };
  if (counted.kind === 'repeat') {
    const repeat = itemCounted(transition.index, container, counted, child, ended);
    transition.set(container, repeat);
    if (repeat.loop === null || !iterationEnded(transition, repeat, child, ended, failed)) transition.drop(child);
  } else transition.set(container, counted);
  if (failed && stopsSiblings(transition.index, container, counted))
    transition.send({ type: 'stop', step: container, cause: 'sibling-failed', from: container });
  pump(transition, container);
}

function itemCounted(index: PlanIndex, repeat: StepId, state: Repeat, item: StepId, ended: Ended): Repeat {
  return {
    ...state,
    results: yieldsLast(index, repeat)
      ? state.results
      : state.results.with(String(indexOf(item)), ended.outputs?.digest ?? ''),
    succeeded: state.succeeded + (ended.status === 'succeeded' ? 1 : 0),
    skipped: state.skipped + (ended.status === 'skipped' ? 1 : 0),
  };
}

/** Dependents that waited only for this child. They join the queue before the container checks whether it is idle. */
function freed(transition: Transition, container: StepId, child: StepId): readonly StepId[] {
  const free: StepId[] = [];
  const scope = scopeBelow(transition.index, container);
  for (const name of nodeAt(transition.index, child).dependents) {
    const waiting = joinScope<StepId>(scope, name);
    const state = transition.get(waiting);
    if (state?.kind !== 'pending') continue;
    transition.set(waiting, { kind: 'pending', waitsFor: state.waitsFor - 1 });
    if (state.waitsFor === 1) free.push(waiting);
  }
  return free;
}

function stopsSiblings(index: PlanIndex, step: StepId, state: Containing): boolean {
  if (step === ROOT || isItem(step) || state.stopping) return false;
  const { node } = nodeAt(index, step);
  return (node.kind === 'parallel' || node.kind === 'map') && !node.continueOnError;
}

/**
 * The container is told to stop: nothing new begins except cleanup, and children in progress are told to stop.
 *
 * @param from the container whose stop it is: this one, or one around it
 */
export function stopContainer(
  transition: Transition,
  step: StepId,
  state: Containing,
  cause: StopCause,
  from: StepId,
): void {
  const stopped: Containing = state.kind === 'repeat' ? stopBetween(transition, state) : state;
  transition.set(step, { ...stopped, stopping: state.stopping ?? cause });
  const reported = cause === 'step-timeout' ? 'sibling-failed' : cause;
  if (state.kind === 'group') {
    for (const child of childrenOf(transition.index, step, state.branch))
      transition.send({ type: 'stop', step: child, cause: reported, from });
  } else {
    // Only the last iteration of a loop can be in progress.
    for (let index = state.loop ? Math.max(0, state.next - 1) : 0; index < state.next; index++) {
      const item = itemOf(step, index);
      if (transition.get(item)) transition.send({ type: 'stop', step: item, cause: reported, from });
    }
  }
  pump(transition, step);
}

/**
 * A child that has not begun is told to stop. It keeps its turn if its needs have not ended, and is skipped when they have. What follows it,
 * cleanup above all, would otherwise begin beside a step that is still being stopped.
 */
export function stopPending(transition: Transition, step: StepId, waitsFor: number, cause: StopCause): void {
  if (waitsFor > 0 && transition.index.machine > 1) return;
  const blocked = standsBehindUnopened(transition, step);
  transition.end(step, {
    status: 'skipped',
    code: skipCode(cause),
    blocked,
  });
}
