import type { NewRun } from '../../ports/runs/run-store';
import type { RunSummary } from '../../ports/runs/run-reader';

/** The summary of a run that was just stored. */
export function summaryOf(run: NewRun, inLine: boolean): RunSummary {
  const { runId, pack, planHash, profileDigest, requester, initiators, labels, acceptedAt, stepsTotal } = run;
  return {
    runId,
    status: inLine ? 'waiting' : 'queued',
    pack: { name: pack.name, version: pack.version, contentDigest: pack.contentDigest },
    planHash,
    profileDigest,
    requester,
    initiators,
    labels,
    createdAt: acceptedAt,
    startedAt: null,
    finishedAt: null,
    waits: inLine
      ? [
          {
            kind: 'concurrency',
            id: run.concurrency?.group ?? null,
            since: new Date(acceptedAt).toISOString(),
            until: null,
          },
        ]
      : [],
    stuck: null,
    counts: { total: stepsTotal, pending: stepsTotal },
    outputs: null,
    outputsOmitted: false,
    message: null,
    error: null,
    cancellation: null,
    evidence: { status: 'none', digest: null, reason: null, exports: [] },
    lastLine: 0,
    rerunOf: run.rerunOf,
    version: 0,
  };
}
