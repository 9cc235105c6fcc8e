import type { LogLevel, Run, StepStatus } from '@taskrunner/client';
import { failureIn } from './failure';
import { LOG_LEVELS, STEP_STATUSES } from '../api/statuses';

export const RUN_TABS = ['graph', 'steps', 'timeline', 'log', 'outputs', 'artifacts'] as const;
export type RunTab = (typeof RUN_TABS)[number];

/** What the page of a run shows. The address contains all of it. */
export interface RunSearch {
  readonly tab?: RunTab;
  /** The selected step. */
  readonly step?: string;
  /** Of the table of steps: the map or loop whose items are listed. */
  readonly parent?: string;
  readonly status?: StepStatus;
  /** Of the log, together with a step: the attempt whose lines are shown. */
  readonly attempt?: number;
  /** Of the log: the least urgent level that is shown. */
  readonly level?: LogLevel;
  /** Of the log: the text that is searched. */
  readonly q?: string;
}

/** Reads what is shown of a run from the parameters of an address. What is not understood is left out. */
export function readRunSearch(search: Readonly<Record<string, unknown>>): RunSearch {
  const text = (name: string): string => {
    const value = search[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const tab = RUN_TABS.find((one) => one === search['tab']);
  const status = STEP_STATUSES.find((one) => one === search['status']);
  const level = LOG_LEVELS.find((one) => one === search['level']);
  const [step, parent, q, attempt] = [text('step'), text('parent'), text('q'), Number(text('attempt'))];
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(step === '' ? {} : { step }),
    ...(parent === '' ? {} : { parent }),
    ...(status === undefined ? {} : { status }),
    ...(Number.isInteger(attempt) && attempt > 0 ? { attempt } : {}),
    ...(level === undefined ? {} : { level }),
    ...(q === '' ? {} : { q }),
  };
}

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

/** True if the run has ended. */
export function isOver(status: string): boolean {
  return ENDS.has(status);
}

/** The step that a run opens on if its address names none: its first failure. */
export function firstFailure(run: Pick<Run, 'status' | 'error'>): string | null {
  return run.status === 'failed' ? failureIn(run.error).stepId : null;
}

/** The node of the plan that a step belongs to; of an item, its map or loop. */
export function nodeOf(step: string): string {
  return step.replace(/\[\d+\]/g, '');
}

/** True of a step whose child steps are items: it is no item itself, and not the run. */
export function mapOf(step: string): boolean {
  return step !== '' && !step.endsWith(']');
}

/** The steps that enclose a step, from the outside: of `a[3]::b[1]`, `a`, `a[3]` and `a[3]::b`. */
export function mapAround(step: string): readonly string[] {
  const around: string[] = [];
  for (let at = 0; at < step.length; at++)
    if (step[at] === '[' || (step.startsWith('::', at) && at > 0)) around.push(step.slice(0, at));
  return around;
}
