import type { Json } from '../../foundation/json';
import { ROOT } from '../../plan/place';
import type { PlanIndex } from '../../plan/plan-index';
import type { RunChange } from '../../ports/runs/committer';
import type { waitsOf } from '../../run/advance';
import type { RunMessage } from '../../run/run-end';
import type { ShownStatus } from '../../step/step-state';
import { gateOutcomeAt, RUN_REASONS } from '../steps/gate-outcome';
import type { TurnBuilder } from './turn-builder';

/** The row of a run after a turn. */
export function runChange(of: {
  readonly index: PlanIndex;
  readonly turn: TurnBuilder;
  readonly parked: boolean;
  readonly waits: ReturnType<typeof waitsOf>;
  readonly outputs: Json;
  readonly message: RunMessage | null;
  /** Steps of the outermost scope: how many there are, and how many have begun. */
  readonly topSteps: { readonly count: number; readonly begun: number };
}): RunChange {
  const { turn, parked } = of;
  const { state, results, at } = turn;
  const result = state.result;
  const root = results.get(ROOT);
  return {
    status: result?.status ?? (state.ending?.status === 'cancelled' ? 'cancelling' : parked ? 'waiting' : 'running'),
    startedAt: root?.startedAt ?? at,
    finishedAt: result ? at : null,
    waits: of.waits.map(({ kind, id, until }) => ({
      kind,
      id,
      since: timeText(results.get(id)?.waitingSince ?? at),
      until: until === null ? null : timeText(until),
      ...(kind === 'policy'
        ? { policy: gateOutcomeAt({ index: of.index, results }, id, RUN_REASONS).policy as Json }
        : {}),
    })),
    counts: countsShown(state.counts, of.topSteps, result !== null),
    outputs: of.outputs,
    message: of.message,
    error: result && result.status !== 'succeeded' ? errorShown(of.index, turn) : null,
    lastLine: turn.lastLine,
    progressed: turn.progressed,
  };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}

const STATUSES = [
  ...(['pending', 'running', 'waiting', 'retrying', 'needs_attention', 'succeeded', 'failed', 'skipped'] as const),
  'cancelled',
] as const satisfies readonly ShownStatus[];

/**
 * Counts by status, without zeros: they are stored with each commit. Steps of the outermost scope without a row count as pending.
 */
function countsShown(
  counts: TurnBuilder['state']['counts'],
  { count: outermost, begun }: { readonly count: number; readonly begun: number },
  ended: boolean,
): Json {
  let shown = 0;
  for (const status of STATUSES) shown += counts[status];
  const known = counts.pending > 0 ? shown : Math.max(shown, outermost);
  const pending = ended ? 0 : counts.pending + Math.max(0, outermost - Math.max(begun, Math.min(shown, outermost)));
  const total = ended ? shown : Math.max(known, shown - counts.pending + pending);
  const stored: Record<string, number> = {};
  for (const status of STATUSES) {
    const count = status === 'pending' ? pending : counts[status];
    if (count > 0) stored[status] = count;
  }
  stored['total'] = total;
  return stored;
}

function errorShown(index: PlanIndex, { state, results }: TurnBuilder): Json {
  const { result } = state;
  if (!result) return null;
  const step = result.step === null ? undefined : results.get(result.step);
  const gate = result.step === null ? null : gateOutcomeAt({ index, results }, result.step, RUN_REASONS);
  const policy = (gate?.policy ?? null) as Json;
  return {
    code: result.code,
    stepId: result.step,
    message: step?.message ?? gate?.message ?? (result.step === null ? results.failureMessage(result.code) : null),
    attempts: step?.attempts ?? null,
    exitCode: step?.exitCode ?? null,
    ...(policy === null ? {} : { policy }),
  };
}
