import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { exportedFile } from '@taskrunner/core/operations';
import type { ArtifactView, RunSummary, StepRow } from '@taskrunner/core/ports';
import { stepStatuses } from '../openapi/schemas/runs';
import type { PublicUrl } from '../public-url';

/** RFC 3339 UTC with milliseconds. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function maybeInstant(ms: number | null): string | null {
  return ms === null ? null : instant(ms);
}

/** A run in the form of the API. */
export function toRun(run: RunSummary, url: PublicUrl): JsonObject {
  const { pack, requester, evidence, cancellation } = run;
  const counts = (run.counts ?? {}) as Readonly<Record<string, Json>>;
  return {
    runId: run.runId,
    status: run.status,
    pack: { name: pack.name, version: pack.version, digest: pack.contentDigest },
    planHash: run.planHash,
    profileDigest: run.profileDigest,
    requester: { id: requester.sub, iss: requester.iss, name: requester.name },
    initiators: run.initiators.map(({ iss, sub, kind }) => ({ iss, sub, kind })),
    labels: { ...run.labels },
    createdAt: instant(run.createdAt),
    startedAt: maybeInstant(run.startedAt),
    finishedAt: maybeInstant(run.finishedAt),
    waits: run.waits ?? [],
    stuck: run.stuck,
    steps: Object.fromEntries(['total', ...stepStatuses].map((name) => [name, counts[name] ?? 0])),
    outputs: run.outputs,
    outputsOmitted: run.outputsOmitted,
    ...messageOf(run.message),
    error: run.error,
    cancellation: cancellation && {
      by: { ...cancellation.by },
      reason: cancellation.reason,
      force: cancellation.force,
      requestedAt: instant(cancellation.requestedAt),
    },
    evidence: {
      status: evidence.status,
      digest: evidence.digest,
      reason: evidence.reason,
      exports: evidence.exports.map(({ requestedAt, nextAttemptAt, endedAt, ...one }) => ({
        ...one,
        file: exportedFile(run.runId),
        requestedAt: instant(requestedAt),
        nextAttemptAt: maybeInstant(nextAttemptAt),
        endedAt: maybeInstant(endedAt),
      })),
    },
    lastLine: run.lastLine,
    rerunOf: run.rerunOf,
    links: {
      self: url.run(run.runId),
      graph: url.run(run.runId, '/graph'),
      steps: url.run(run.runId, '/steps'),
      logs: url.run(run.runId, '/logs'),
      artifacts: url.run(run.runId, '/artifacts'),
      console: url.console(run.runId),
    },
  };
}

/** The message in the row of a run. */
function messageOf(row: Json): { readonly message: Json; readonly messageError: Json } {
  const { text = null, error = null } = isJsonObject(row) ? row : {};
  return { message: text, messageError: error };
}

/** The ETag of a run. It changes with everything in its view. */
export function runTag({ version }: Pick<RunSummary, 'version'>): string {
  return `"v${version}"`;
}

/** A step in the form of the API. */
export function toStep(row: StepRow, artifacts: readonly JsonObject[]): JsonObject {
  return {
    id: row.step,
    parent: row.parent,
    kind: row.kind,
    label: row.label,
    status: row.status,
    reason: row.reason,
    attempts: row.attempts,
    nextAttemptAt: maybeInstant(row.nextAttemptAt),
    startedAt: maybeInstant(row.startedAt),
    finishedAt: maybeInstant(row.finishedAt),
    children: row.children,
    outputs: row.outputs,
    outputsRef: row.outputsRef,
    reusedFrom: row.reusedFrom,
    artifacts,
    error: row.error,
  };
}

/** An artifact in the form of the API. */
export function toArtifact(view: ArtifactView, runId: string, url: PublicUrl): JsonObject {
  return {
    artifactId: view.artifactId,
    step: view.step,
    execution: view.execution,
    name: view.name,
    path: view.path,
    digest: view.digest,
    size: view.size,
    mediaType: view.mediaType,
    createdAt: instant(view.createdAt),
    links: { download: url.run(runId, `/artifacts/${view.artifactId}`) },
  };
}
