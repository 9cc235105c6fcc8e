import type { RunId } from '../../foundation/ids';
import { sameSubject, type Principal } from '../../foundation/principal';
import type { RunReader, RunSummary } from '../../ports/runs/run-reader';
import { DocumentAltered } from '../../stored/document-altered';

/**
 * The run that the same request created earlier, as the row of its idempotency key names it; null: it does not exist any more. Rejects with
 * `DocumentAltered` if another person's request created the run: the row was altered, and the run itself was not.
 */
export async function replayedRun(
  reader: Pick<RunReader, 'summary'>,
  principal: Principal,
  runId: RunId,
): Promise<RunSummary | null> {
  const { tenant } = principal;
  const run = await reader.summary(tenant, runId);
  if (!run || run.initiators.some((actor) => sameSubject(actor, principal))) return run;
  throw new DocumentAltered({
    ...{ tenant, runId, document: 'idempotency', what: 'the idempotency key, which does not belong to it,' },
    ...{ expected: 'a run of the caller', found: 'a run of somebody else', sparesRun: true },
  });
}
