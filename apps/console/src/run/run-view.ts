import { STEP_STATUSES, type Run, type StepStatus } from '../api/views';

export const RUN_TABS = ['graph', 'steps', 'log', 'outputs', 'artifacts'] as const;
export type RunTab = (typeof RUN_TABS)[number];

/** What is shown of a run. All of it stands in the address. */
export interface RunSearch {
  readonly tab?: RunTab;
  /** The selected step. */
  readonly step?: string;
  /** Of the table of steps: the map or loop whose items are listed. */
  readonly parent?: string;
  readonly status?: StepStatus;
  /** Of the log: the line to show. */
  readonly line?: number;
}

/** Reads what is shown of a run from the parameters of an address. What is not understood is left out. */
export function readRunSearch(search: Readonly<Record<string, unknown>>): RunSearch {
  const text = (name: string): string => {
    const value = search[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const tab = RUN_TABS.find((one) => one === search['tab']);
  const status = STEP_STATUSES.find((one) => one === search['status']);
  const [step, parent, line] = [text('step'), text('parent'), Number(text('line'))];
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(step === '' ? {} : { step }),
    ...(parent === '' ? {} : { parent }),
    ...(status === undefined ? {} : { status }),
    ...(Number.isInteger(line) && line > 0 ? { line } : {}),
  };
}

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

/** True if the run has ended. */
export function isOver(status: string): boolean {
  return ENDS.has(status);
}

/** The step that a run opens on if its address names none: its first failure. */
export function firstFailure(run: Pick<Run, 'status' | 'error'>): string | null {
  return run.status === 'failed' ? (run.error?.stepId ?? null) : null;
}

/** The node of the plan that a step belongs to; of an item, its map or loop. */
export function nodeOf(step: string): string {
  return step.replace(/\[\d+\]/g, '');
}
