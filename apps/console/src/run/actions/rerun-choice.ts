import type { RerunBody, Run } from '@taskrunner/client';

/** Where a rerun begins. */
export type RerunFrom = 'failed' | 'start' | 'step';

/** What a person has entered for a rerun. */
export interface RerunChoice {
  readonly from: RerunFrom;
  /** With `from: 'step'`: the step of the plan. */
  readonly step: string;
  /** Values of the sensitive inputs, by name. */
  readonly sensitive: Readonly<Record<string, string>>;
}

/** Where a run can be begun again: what has succeeded has no failed steps. */
export function beginningsOf({ status }: Pick<Run, 'status'>): readonly RerunFrom[] {
  return status === 'succeeded' ? ['start', 'step'] : ['failed', 'start', 'step'];
}

/** The request for a choice. */
export function rerunBody({ from, step, sensitive }: RerunChoice): RerunBody {
  const entered = Object.entries(sensitive).filter(([, value]) => value !== '');
  return {
    from: from === 'step' ? step.trim() : from,
    ...(entered.length === 0 ? {} : { sensitive: Object.fromEntries(entered) }),
  };
}

/** The inputs of a plan that a rerun needs again, because no one stores them. */
export function sensitiveInputs(plan: Readonly<Record<string, unknown>>): readonly string[] {
  const inputs = (plan['inputs'] ?? {}) as Readonly<Record<string, unknown>>;
  return Object.keys(inputs).filter((name) => JSON.stringify(inputs[name]) === '{"sensitive":true}');
}
