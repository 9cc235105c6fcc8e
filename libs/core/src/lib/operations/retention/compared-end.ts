import { digestIfJson } from '../../canonical/digest';
import type { PackRunStatement } from '../../evidence/statement/statement';
import { isJsonObject, type Json } from '../../foundation/json';
import type { JournaledEnd } from '../../journal/journaled-run';
import type { RunSummary } from '../../ports/runs/run-reader';
import { isMessageOf } from '../../run/run-end';

/** A column of a run that has ended, and what it should contain. */
export interface EndDifference {
  readonly document: 'status' | 'outputs' | 'run' | 'journal';
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

type EndColumns = Pick<RunSummary, 'status' | 'outputs' | 'message' | 'error' | 'counts'>;
type Statement = Pick<PackRunStatement['predicate'], 'run' | 'steps'>;

/**
 * Compares the row of a run with its end in the journal. Outputs that are large may be absent from the row, which is no difference. The
 * message of the error and its attempts are those of a step, and are not compared here.
 */
export function differenceFromEnd(run: EndColumns, end: JournaledEnd): EndDifference | null {
  const { status, code, step, outputs } = end;
  if (run.status !== status) return { document: 'status', what: 'the status', expected: status, found: run.status };
  return (
    differenceOfError(run, code, step) ??
    differenceOfOutputs(run.outputs ?? null, outputs) ??
    differenceOfMessage(run.message, end)
  );
}

/** Compares the row of a sealed run with its statement: its result and reason, and how many steps ended how, if it lists them. */
export function differenceFromStatement(
  run: EndColumns,
  { run: { result, reason }, steps }: Statement,
): EndDifference | null {
  if (run.status !== result) return { document: 'status', what: 'the status', expected: result, found: run.status };
  return differenceOfError(run, reason) ?? differenceOfCounts(run.counts, steps.list);
}

/** `step` undefined: it is not known. */
function differenceOfError(
  { status, error = null }: EndColumns,
  code: string | null,
  step?: string | null,
): EndDifference | null {
  const said = isJsonObject(error) ? error : null;
  const expected = status === 'succeeded' ? null : code;
  const found = said?.['code'] ?? null;
  if (found !== expected || (status === 'succeeded' && error !== null))
    return difference('the error', expected ?? 'none', found ?? (error === null ? 'none' : 'another'));
  if (said === null || step === undefined || (said['stepId'] ?? null) === step) return null;
  return difference('the step of the error', step ?? 'none', said['stepId'] ?? 'none');
}

function differenceOfOutputs(outputs: Json, expected: JournaledEnd['outputs']): EndDifference | null {
  if (outputs === null) return null;
  const found = digestIfJson(outputs);
  if (found !== null && found === expected) return null;
  return { document: 'outputs', what: 'the outputs', expected: expected ?? 'none', found: found ?? 'no document' };
}

/** It names digests only: a message may quote what a step printed. */
function differenceOfMessage(row: Json, end: JournaledEnd): EndDifference | null {
  if (isMessageOf(row, end)) return null;
  const expected = end.message?.digest ?? end.messageError?.code ?? 'no message';
  const found = row === null ? 'no message' : (digestIfJson(row) ?? 'no document');
  return { document: 'status', what: 'the message of the run', expected, found };
}

function differenceOfCounts(counts: Json, list: Statement['steps']['list']): EndDifference | null {
  if (list === undefined) return null;
  for (const status of ['succeeded', 'failed', 'skipped', 'cancelled']) {
    const expected = list.filter((one) => one.status === status).length;
    const found = isJsonObject(counts) ? (counts[status] ?? 0) : null;
    if (found !== expected) return difference(`the number of steps that are ${status}`, expected, found);
  }
  return null;
}

function difference(what: string, expected: Json, found: Json): EndDifference {
  const text = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value));
  return { document: 'run', what, expected: text(expected), found: text(found) };
}
