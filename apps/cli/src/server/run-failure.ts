import type { Step } from '@taskrunner/client';
import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import type { RunView } from './run-views';
import type { Server } from './server';

/** How deep maps, groups and inner packs are searched for the step that failed. */
const DEPTH = 8;

/** Why a run failed, for people: the first step that failed itself, not the map around it. */
export interface RunFailure {
  readonly stepId: string;
  /** Labels of the items around it, from the outside. */
  readonly labels: readonly string[];
  readonly code: string | null;
  /** The last line that the step wrote to its error output, else what its error says. */
  readonly said: string | null;
  /**
   * How many children failed of the outermost map that failed, which counts items; without a map, of the outermost container. Null: the step
   * itself is at the top.
   */
  readonly count: { readonly of: string; readonly failed: number; readonly all: number } | null;
}

/** Null: the run did not fail, or no step did. */
export async function runFailure(server: Server, run: RunView): Promise<RunFailure | null> {
  const { stepId = null } = (run.error ?? {}) as { stepId?: string | null };
  if (run.status !== 'failed' || stepId === null) return null;
  const { runId } = run;
  const labels: string[] = [];
  let step = await server.step(runId, stepId);
  let counted: Pick<Step, 'id' | 'kind'> | null = null;
  for (let depth = 0; depth < DEPTH; depth++) {
    const child = await server.firstFailedChild(runId, step.id);
    if (child === null) break;
    if (counted === null || (counted.kind !== 'map' && step.kind === 'map')) counted = step;
    if (child.label) labels.push(child.label);
    step = child;
  }
  const { code, message } = isJsonObject(step.error as Json) ? (step.error as JsonObject) : {};
  const count = counted === null ? null : { of: counted.id, ...(await server.countChildren(runId, counted.id)) };
  const line = await server.lastErrorLine(runId, step.id);
  return {
    stepId: step.id,
    labels,
    code: typeof code === 'string' ? code : null,
    said: line ?? (typeof message === 'string' ? message : null),
    count,
  };
}
