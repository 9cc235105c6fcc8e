import type { ValueRef } from '../step/value-ref';
import type { StepResult } from './run-projection';

/** A result as it is written down: what is not there is as in a step of which the journal says nothing. */
export type WrittenResult = Partial<StepResult>;

/**
 * What a result says beside nothing. In the order of RFC 8785: it is written down without being sorted. Member by member, since this is
 * called for every step of a run: a loop over the names takes several times as long.
 */
export function writtenResult(result: StepResult): WrittenResult {
  const written: { -readonly [Name in keyof StepResult]?: StepResult[Name] } = {};
  if (result.artifacts.length > 0) written.artifacts = result.artifacts;
  if (result.attempts !== 0) written.attempts = result.attempts;
  if (result.begun !== 0) written.begun = result.begun;
  if (result.branch !== null) written.branch = result.branch;
  if (result.code !== null) written.code = result.code;
  if (result.endedAt !== null) written.endedAt = result.endedAt;
  if (result.execution !== 0) written.execution = result.execution;
  if (result.exitCode !== null) written.exitCode = result.exitCode;
  if (result.gate !== null) written.gate = result.gate;
  if (result.inputs !== null) written.inputs = result.inputs;
  if (result.items !== null) written.items = result.items;
  if (result.judged !== null) written.judged = result.judged;
  if (result.message !== null) written.message = result.message;
  if (result.outputs !== null) written.outputs = refInOrder(result.outputs);
  if (result.reusedFrom !== null) written.reusedFrom = result.reusedFrom;
  if (result.startedAt !== null) written.startedAt = result.startedAt;
  if (result.status !== null) written.status = result.status;
  if (result.waitingSince !== null) written.waitingSince = result.waitingSince;
  return written;
}

function refInOrder(ref: ValueRef): ValueRef {
  if (ref?.kind !== 'value') return ref;
  const { digest, kind, size } = ref;
  return { digest, kind, size };
}
