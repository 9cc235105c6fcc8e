import type { Json, JsonObject } from '@taskrunner/core/foundation';
import type { Client } from './client';
import type { ArtifactView, GateView, RunGateView, RunView, StepView } from './run-views';

/** The path `/api/runs/<run>` with a suffix. */
export function runPath(runId: string, rest = ''): string {
  return `/api/runs/${encodeURIComponent(runId)}${rest}`;
}

/** The run with its ETag. */
export async function getRun(
  client: Client,
  runId: string,
  poll: {
    readonly waitSeconds?: number;
    readonly for?: 'end' | 'attention' | 'change';
    readonly signal?: AbortSignal;
    readonly tag?: string;
  } = {},
): Promise<{ readonly run: RunView | null; readonly tag: string | null }> {
  const { waitSeconds, signal, tag } = poll;
  const { status, headers, body } = await client.ask<RunView>(runPath(runId), {
    query: { wait: waitSeconds === undefined ? undefined : `${waitSeconds}s`, for: poll.for },
    ...(tag === undefined ? {} : { headers: { 'if-none-match': tag } }),
    ...(signal ? { signal } : {}),
  });
  return { run: status === 304 ? null : body, tag: headers.get('etag') };
}

/** All items of a list, page by page, up to `most`. */
export async function listAll<T>(
  client: Client,
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
  most = Infinity,
): Promise<readonly T[]> {
  const items: T[] = [];
  for await (const page of pagesOf<T>(client, path, query)) {
    items.push(...page);
    if (items.length >= most) break;
  }
  return items.slice(0, most);
}

/** Every page of a list. */
export async function* pagesOf<T>(
  client: Client,
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): AsyncGenerator<readonly T[]> {
  type Page = { readonly items: readonly T[]; readonly nextCursor: string | null };
  let cursor: string | undefined;
  do {
    const { body }: { body: Page } = await client.ask<Page>(path, { query: { ...query, cursor } });
    yield body.items;
    cursor = body.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

/** Steps that the run has reached, up to 1 000. */
export function listSteps(client: Client, runId: string): Promise<readonly StepView[]> {
  return listAll<StepView>(client, runPath(runId, '/steps'), { limit: 1_000 }, 1_000);
}

/** Ids of the plan's nodes, in plan order. */
export async function planOrder(client: Client, runId: string): Promise<readonly string[]> {
  const { body } = await client.ask<{ readonly nodes: readonly { readonly id: string }[] }>(runPath(runId, '/graph'));
  return body.nodes.map(({ id }) => id);
}

export async function getGate(client: Client, runId: string, gate: string): Promise<GateView> {
  return (await client.ask<GateView>(runPath(runId, `/gates/${encodeURIComponent(gate)}`))).body;
}

/** All gates of a run, including those that it has not reached. */
export function listGates(client: Client, runId: string): Promise<readonly RunGateView[]> {
  return listAll<RunGateView>(client, runPath(runId, '/gates'), { limit: 200 });
}

export function listArtifacts(client: Client, runId: string): Promise<readonly ArtifactView[]> {
  return listAll<ArtifactView>(client, runPath(runId, '/artifacts'));
}

export async function cancelRun(client: Client, runId: string, reason: string, force: boolean): Promise<RunView> {
  return (await client.ask<RunView>(runPath(runId, '/cancel'), { method: 'POST', body: { reason, force } })).body;
}

export async function rerunRun(
  client: Client,
  runId: string,
  asked: { readonly from: string; readonly sensitive: JsonObject },
  key: string,
): Promise<RunView> {
  const { from, sensitive } = asked;
  const { body } = await client.ask<RunView>(runPath(runId, '/rerun'), {
    method: 'POST',
    // The request may be repeated if its answer is lost.
    headers: { 'idempotency-key': key },
    body: { from, ...(Object.keys(sensitive).length === 0 ? {} : { sensitive }) },
  });
  return body;
}

/** Request body for a decision at a gate. */
export interface DecisionBody {
  readonly gateId: string;
  readonly decision: 'approved' | 'rejected' | 'withdrawn';
  readonly planHash: string;
  readonly gateDigest: string;
  readonly reason: string | null;
  readonly response?: Json;
}

/** Response to a decision. */
interface ReceiptView {
  readonly gateId: string;
  readonly status: string;
  readonly approvals: number;
  readonly required: number;
}

export async function decide(client: Client, runId: string, body: DecisionBody): Promise<ReceiptView> {
  return (await client.ask<ReceiptView>(runPath(runId, '/approve'), { method: 'POST', body })).body;
}

export async function getStep(client: Client, runId: string, step: string): Promise<StepView> {
  return (await client.ask<StepView>(runPath(runId, `/steps/${encodeURIComponent(step)}`))).body;
}

/** Request body for a step with an unknown outcome. */
interface ResolutionBody {
  readonly execution: number;
  readonly outcome: 'succeeded' | 'failed' | 'retry';
  readonly reason: string;
  readonly outputs?: Json;
}

export async function releaseEvidence(
  client: Client,
  runId: string,
  body: { readonly paths: readonly string[]; readonly reason: string },
): Promise<Json> {
  return (await client.ask(runPath(runId, '/evidence/release'), { method: 'POST', body })).body;
}

export async function resolve(client: Client, runId: string, step: string, body: ResolutionBody): Promise<Json> {
  const path = runPath(runId, `/steps/${encodeURIComponent(step)}/resolve`);
  return (await client.ask(path, { method: 'POST', body })).body;
}
