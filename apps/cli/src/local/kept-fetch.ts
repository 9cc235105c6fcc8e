import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Artifact, LogLine, Step } from '@taskrunner/client';
import { isRunId } from '@taskrunner/core/foundation';
import { CLI_ERRORS, type CliErrorCode } from '../terminal/cli-error';
import { listKept } from './kept-list';
import { logEvents, selectionOf } from './kept-log';
import { EVIDENCE, LOG, type KeptDocuments } from './kept-run';
import { unfinishedError, type KeptRuns, type KeptRunView } from './kept-runs';

/** A request about one run. */
interface RunRequest {
  readonly kept: KeptRuns;
  readonly run: KeptRunView;
  readonly query: URLSearchParams;
  /** What follows the route in the path. */
  readonly name: string;
}

type Route = (request: RunRequest) => Response | Promise<Response>;

/** Routes below `/api/runs/{runId}`, by the first word. */
const ROUTES: Readonly<Record<string, Route>> = {
  '': readRun,
  steps: withDocuments(({ name, query }, { steps }) => (name === '' ? listSteps(steps, query) : oneStep(steps, name))),
  'step-counts': withDocuments(({ query }, { steps }) => json(countsOf(steps, query.get('parent') ?? ''))),
  graph: withDocuments((_request, { graph }) => json(graph)),
  gates: withDocuments(
    ({ name }, { gates }) => (name === '' ? json({ items: gates, nextCursor: null }) : needsServer()),
    true,
  ),
  artifacts: withDocuments(artifactsOf, true),
  logs: readLog,
  evidence: readEvidence,
};

/**
 * Sends requests to the folder of kept runs: it answers the routes that read runs, as the API does. Requests about a run that another process
 * executes are sent to that process. `again`: reads the folder anew; null: there are no runs any more.
 */
export function keptFetch(
  first: KeptRuns,
  again: () => Promise<KeptRuns | null>,
): (request: Request) => Promise<Response> {
  let kept = first;
  return async (request) => {
    const { pathname, searchParams: query } = new URL(request.url);
    const [api, runs, runId, route = '', name = '', ...more] = pathname.split('/').slice(1).map(decodeURIComponent);
    if (request.method !== 'GET' || api !== 'api' || runs !== 'runs' || more.length > 0) return needsServer();
    if (runId === undefined) {
      const page = listKept(kept, query);
      return 'refused' in page ? problem(400, 'REQUEST_INVALID', page.refused, 'Correct the option.') : json(page);
    }
    const answer = Object.hasOwn(ROUTES, route) ? ROUTES[route] : undefined;
    if (answer === undefined) return needsServer();
    const live = kept.unfinishedRun(runId);
    if (live !== null && live.pid !== null) {
      const { askOwner } = await import('./live-api.js');
      const answered = await askOwner(kept, live, request);
      if (answered !== null) return answered;
      // It has ended meanwhile.
      kept = (await again()) ?? kept;
    }
    const run = isRunId(runId) ? kept.run(runId) : null;
    if (run === null) return noRun(kept, runId);
    return answer({ kept, run, query, name });
  };
}

/** Nobody waits for the end of a run that no process executes. */
function readRun(request: RunRequest): Response {
  const { run, query } = request;
  const mayPass = query.get('for') === 'attention' && run.status === 'waiting';
  return query.has('wait') && isUnfinished(request) && !mayPass ? unfinished(request) : json(run);
}

function noRun(kept: KeptRuns, runId: string): Response {
  const path = join(kept.path, runId);
  return kept.unreadable.has(path)
    ? ofCommandLine(400, 'CLI_FILE', `the kept run in ${path} cannot be read`, 'Restore the folder from a backup.')
    : problem(404, 'RUN_NOT_FOUND', 'there is no such kept run', 'List the kept runs with: taskrunner list');
}

/** `isWhole`: no answer is right without documents, because none would mean that the run has no gates or no artifacts. */
function withDocuments(
  answer: (request: RunRequest, documents: KeptDocuments) => Response | Promise<Response>,
  isWhole = false,
): Route {
  return async (request) => {
    const { kept, run } = request;
    const documents = await kept.documents(run.runId);
    if (documents !== null) return answer(request, documents);
    // The record alone says what became of a run whose process was killed. It is shown, and all else is refused.
    if (isUnfinished(request)) return request.name === '' && !isWhole ? answer(request, NOTHING) : unfinished(request);
    const path = kept.folderOf(run.runId);
    return ofCommandLine(400, 'CLI_FILE', `the kept run in ${path} is damaged`, 'Restore the folder from a backup.');
  };
}

const NOTHING: KeptDocuments = {
  steps: [],
  gates: [],
  graph: { nodes: [], edges: [] } as unknown as KeptDocuments['graph'],
  artifacts: [],
};

function isUnfinished({ kept, run }: RunRequest): boolean {
  return kept.unfinishedRun(run.runId) !== null;
}

function listSteps(steps: readonly Step[], query: URLSearchParams): Response {
  const [parent, status] = [query.get('parent'), query.get('status')];
  const limit = query.has('parent') ? Number(query.get('limit') ?? Infinity) : Infinity;
  const items = steps.filter(
    (step) => (parent === null || (step.parent ?? '') === parent) && (status === null || step.status === status),
  );
  return json({ items: items.slice(0, limit), nextCursor: null });
}

function oneStep(steps: readonly Step[], id: string): Response {
  const step = steps.find((one) => one.id === id);
  return step === undefined ? problem(404, 'STEP_NOT_FOUND', 'the run has no such step', 'Check the id.') : json(step);
}

function countsOf(steps: readonly Step[], parent: string): object {
  const children = steps.filter((step) => (step.parent ?? '') === parent);
  const counts: Record<string, number> = { total: children.length, failed: 0 };
  for (const { status } of children) counts[status] = (counts[status] ?? 0) + 1;
  return { parent, steps: counts };
}

function readLog(request: RunRequest): Response {
  const { kept, run, query } = request;
  const path = join(kept.folderOf(run.runId), LOG);
  if (!existsSync(path)) return unfinished(request);
  const events = logEvents(path, selectionOf(query), isUnfinished(request) ? null : finished(run));
  return new Response(streamOf(Readable.from(events)), { headers: { 'content-type': 'text/event-stream' } });
}

function finished(run: KeptRunView): LogLine {
  const { runId, lastLine: sequence, status, finishedAt, createdAt } = run;
  return { runId, sequence, timestamp: finishedAt ?? createdAt, eventType: 'run.finished', status } as LogLine;
}

async function readEvidence(request: RunRequest): Promise<Response> {
  const { kept, run } = request;
  // The command then says what the run waits for.
  if (run.status === 'waiting' && run.resume !== undefined)
    return problem(409, 'EVIDENCE_NOT_SEALED', 'the run has not ended', `Go on with: ${run.resume}`);
  if (isUnfinished(request)) return unfinished(request);
  const path = join(kept.folderOf(run.runId), EVIDENCE);
  // Opened before the answer, so that a missing file is a refusal and not a broken stream.
  const file = await open(path).catch(() => null);
  if (file !== null)
    return new Response(streamOf(file.createReadStream()), { headers: { 'content-type': 'application/x-tar' } });
  return ofCommandLine(400, 'CLI_FILE', `${path} cannot be read`, 'Restore the file from a backup.');
}

function artifactsOf(request: RunRequest, { artifacts }: KeptDocuments): Response | Promise<Response> {
  if (artifacts === undefined)
    return ofCommandLine(400, 'CLI_FILE', 'an earlier version kept the run', 'See artifacts.json in its evidence.');
  return request.name === '' ? json({ items: artifacts, nextCursor: null }) : readArtifact(request, artifacts);
}

/** The evidence carries the artifacts of a run up to a total size. The others are deleted with the database. */
async function readArtifact(request: RunRequest, artifacts: readonly Artifact[]): Promise<Response> {
  const found = artifacts.find(({ artifactId }) => artifactId === request.name);
  if (found === undefined)
    return problem(404, 'ARTIFACT_NOT_FOUND', 'the run has no such artifact', 'List its artifacts.');
  if (isUnfinished(request)) return unfinished(request);
  const { carriedArtifact } = await import('./kept-artifact.js');
  const path = join(request.kept.folderOf(request.run.runId), EVIDENCE);
  const bytes = await carriedArtifact(path, found).catch(() => undefined);
  if (bytes === undefined)
    return ofCommandLine(400, 'CLI_FILE', `${path} cannot be read`, 'Restore the file from a backup.');
  if (bytes !== null)
    return new Response(Buffer.from(bytes), { headers: { 'content-type': 'application/octet-stream' } });
  const [name, setting] = [`${found.name} of ${found.step}`, 'TASKRUNNER_ARTIFACTS_BUNDLE_CARRIED_BYTES'];
  return ofCommandLine(
    404,
    'CLI_FILE',
    `the artifact ${name} was not kept, because the artifacts of the run are larger than its evidence may carry`,
    `Run the pack again with a larger ${setting}, or export the artifact in a step.`,
  );
}

function unfinished({ kept, run: { runId } }: RunRequest): Response {
  const { code, message, remediation } = unfinishedError({ runId, pid: kept.unfinishedRun(runId)?.pid ?? null });
  return ofCommandLine(409, code, message, remediation);
}

function needsServer(): Response {
  return ofCommandLine(400, 'CLI_SERVER_MISSING', 'kept runs do not have this, and no server is set', 'Name a server.');
}

function json(value: object): Response {
  return new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } });
}

/** A code of the command line, whose meaning `explain` prints. */
function ofCommandLine(status: number, code: CliErrorCode, detail: string, remediation: string): Response {
  return problem(status, code, detail, remediation, CLI_ERRORS[code].meaning);
}

function problem(status: number, code: string, detail: string, remediation: string, title = detail): Response {
  const document = { type: 'about:blank', title, status, code, detail, remediation, retryable: false, errors: [] };
  return new Response(JSON.stringify(document), { status, headers: { 'content-type': 'application/problem+json' } });
}

function streamOf(readable: Readable): ConstructorParameters<typeof Response>[0] {
  return Readable.toWeb(readable) as ConstructorParameters<typeof Response>[0];
}
