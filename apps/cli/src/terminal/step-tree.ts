import type { StepId } from '@taskrunner/core/foundation';
import { isItem, nodeOf } from '@taskrunner/core/plan';
import type { StepView } from '../server/run-views';
import { safeLine } from './safe-text';
import { durationText } from './time-text';

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
}

/**
 * The steps of a run as nested lines in plan order, cut to the frame. Large containers show the active children and a count of the rest.
 */
export function treeLines(steps: readonly StepView[], frame: TreeFrame): readonly string[] {
  const rank = new Map(frame.order.map((id, index) => [id, index]));
  const children = new Map<string, StepView[]>();
  for (const step of steps) {
    const parent = step.parent ?? '';
    children.set(parent, [...(children.get(parent) ?? []), step]);
  }
  const placeOf = ({ id }: StepView) =>
    isItem(id as StepId) ? itemIndex(id) : (rank.get(nodeOf(id as StepId)) ?? Infinity);
  for (const list of children.values()) list.sort((a, b) => placeOf(a) - placeOf(b) || (a.id < b.id ? -1 : 1));
  const lines: string[] = [];
  const draw = (parent: string, depth: number): void => {
    const all = children.get(parent) ?? [];
    const shown =
      all.length <= MOST_CHILDREN ? all : all.filter(({ status }) => !QUIET.has(status)).slice(0, MOST_CHILDREN);
    for (const step of shown) {
      lines.push(stepLine(step, depth, frame));
      draw(step.id, depth + 1);
    }
    if (shown.length < all.length) lines.push(cut(`${'  '.repeat(depth)}… ${countOf(all)}`, frame.columns));
  };
  draw('', 0);
  if (lines.length <= frame.rows) return lines;
  return [...lines.slice(0, frame.rows - 1), cut(`… ${lines.length - frame.rows + 1} more lines`, frame.columns)];
}

function stepLine(step: StepView, depth: number, { columns, now }: TreeFrame): string {
  const name = step.id.split('::').at(-1) ?? step.id;
  const label = step.label === null || step.label === '' ? '' : ` ${step.label}`;
  const more = [step.attempts > 1 ? `attempt ${step.attempts}` : '', step.reason ?? '', durationOf(step, now)].filter(
    (text) => text !== '',
  );
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
