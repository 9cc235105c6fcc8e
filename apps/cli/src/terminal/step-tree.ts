import type { StepId } from '@taskrunner/core/foundation';
import { isItem, nodeOf } from '@taskrunner/core/plan';
import { endCause } from '@taskrunner/core/run';
import type { StepView } from '../server/run-views';
import { safeLine } from './safe-text';
import { durationText } from '../lists/time-text';

const MARKS: Readonly<Record<string, string>> = {
  pending: '·',
  running: '▶',
  waiting: '⏸',
  retrying: '↻',
  needs_attention: '!',
  succeeded: '✓',
  failed: '✗',
  skipped: '-',
  cancelled: '×',
};
/** Maximum number of children of one container that are shown individually. */
const MOST_CHILDREN = 12;
const QUIET = new Set(['succeeded', 'skipped', 'pending', 'cancelled']);

/** Settings of the drawing. */
export interface TreeFrame {
  /** Ids of the plan's nodes in plan order. */
  readonly order: readonly string[];
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** True if the steps of the plan that the run has not reached are listed too. */
  readonly withComing?: boolean;
  /** The code with which the run ended; null: it has none, or has not ended. */
  readonly runCode?: string | null;
}

/** A line of the tree. */
interface TreeLine {
  readonly text: string;
  /** True if it must stay in view: its step is under way, or needs a person. */
  readonly isActive: boolean;
}

/**
 * The steps of a run as nested lines in plan order. Large containers show the active children and a count of the rest. If the frame has
 * fewer rows than the tree has lines, the last line and the active steps stay in view, and the number of omitted lines is in their place.
 */
export function treeLines(reached: readonly StepView[], frame: TreeFrame): readonly string[] {
  const steps = frame.withComing === true ? [...reached, ...coming(reached, frame.order)] : reached;
  const rank = new Map(frame.order.map((id, index) => [id, index]));
  const children = new Map<string, StepView[]>();
  for (const step of steps) {
    const parent = step.parent ?? '';
    children.set(parent, [...(children.get(parent) ?? []), step]);
  }
  const placeOf = ({ id }: StepView) =>
    isItem(id as StepId) ? itemIndex(id) : (rank.get(nodeOf(id as StepId)) ?? Infinity);
  for (const list of children.values()) list.sort((a, b) => placeOf(a) - placeOf(b) || (a.id < b.id ? -1 : 1));
  const lines: TreeLine[] = [];
  const draw = (parent: string, depth: number): void => {
    const all = children.get(parent) ?? [];
    const shown =
      all.length <= MOST_CHILDREN ? all : all.filter(({ status }) => !QUIET.has(status)).slice(0, MOST_CHILDREN);
    for (const step of shown) {
      lines.push({ text: stepLine(step, depth, frame), isActive: !QUIET.has(step.status) && step.status !== 'failed' });
      draw(step.id, depth + 1);
    }
    if (shown.length < all.length)
      lines.push({ text: cut(`${'  '.repeat(depth)}… ${countOf(all)}`, frame.columns), isActive: false });
  };
  draw('', 0);
  return fitted(lines, frame);
}

/** Steps at the top of the plan that the run has not reached. */
function coming(reached: readonly StepView[], order: readonly string[]): readonly StepView[] {
  const known = new Set(reached.map(({ id }) => id));
  return order.filter((id) => id !== '' && !id.includes('::') && !known.has(id)).map((id) => ({ ...NOT_REACHED, id }));
}

const NOT_REACHED: StepView = {
  id: '',
  parent: '',
  kind: '',
  label: null,
  status: 'pending',
  reason: null,
  attempts: 0,
  startedAt: null,
  finishedAt: null,
};

/** The lines that fit: the last one, active ones from the end, then those around the last active one. */
function fitted(lines: readonly TreeLine[], { rows, columns }: TreeFrame): readonly string[] {
  if (lines.length <= rows) return lines.map(({ text }) => text);
  const last = lines.length - 1;
  const active = lines.flatMap(({ isActive }, i) => (isActive ? [i] : [])).reverse();
  const focus = active[0] ?? last;
  const around = Array.from({ length: rows }, (_, i) => [focus + i + 1, focus - i - 1]).flat();
  const kept = new Set<number>();
  for (const i of [last, ...active.slice(0, rows), ...around]) {
    if (i < 0 || i > last || kept.has(i)) continue;
    kept.add(i);
    if (heightOf(kept, lines.length) > rows) kept.delete(i);
  }
  const shown: string[] = [];
  let omitted = 0;
  for (const [i, { text }] of lines.entries()) {
    if (!kept.has(i)) omitted += 1;
    else {
      if (omitted > 0) shown.push(cut(`… ${omitted} more lines`, columns));
      omitted = 0;
      shown.push(text);
    }
  }
  return shown;
}

/** Kept lines, and a line for each gap before one of them. */
function heightOf(kept: ReadonlySet<number>, count: number): number {
  let height = 0;
  for (let i = 0; i < count; i += 1) if (kept.has(i)) height += i > 0 && !kept.has(i - 1) ? 2 : 1;
  return height;
}

function stepLine(step: StepView, depth: number, { columns, now, runCode = null }: TreeFrame): string {
  const name = step.id.split('::').at(-1) ?? step.id;
  const label = step.label === null || step.label === '' ? '' : ` ${step.label}`;
  const more = [
    step.attempts > 1 ? `attempt ${step.attempts}` : '',
    `${step.reason ?? ''}${endCause(step.reason, runCode)}`,
    durationOf(step, now),
  ].filter((text) => text !== '');
  const text = `${'  '.repeat(depth)}${MARKS[step.status] ?? '?'} ${name}${label}${more.length === 0 ? '' : `  (${more.join(', ')})`}`;
  return cut(safeLine(text), columns);
}

function durationOf({ startedAt, finishedAt }: StepView, now: number): string {
  if (startedAt === null) return '';
  const ms = (finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt);
  return ms < 1_000 ? '' : durationText(ms);
}

function countOf(steps: readonly StepView[]): string {
  const counts = new Map<string, number>();
  for (const { status } of steps) counts.set(status, (counts.get(status) ?? 0) + 1);
  return `${steps.length} in total: ${[...counts].map(([status, count]) => `${count} ${status}`).join(', ')}`;
}

function itemIndex(id: string): number {
  return Number(/\[(\d+)\]$/.exec(id)?.[1] ?? 0);
}

/** Cut to a width. Each code point counts as one column, but wide characters need two, hence one spare column. */
function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length < columns ? text : `${characters.slice(0, Math.max(1, columns - 2)).join('')}…`;
}
