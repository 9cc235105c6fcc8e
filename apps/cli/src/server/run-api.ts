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
  const answer = await client.ask(runPath(runId), {
    query: { wait: waitSeconds === undefined ? undefined : `${waitSeconds}s`, for: poll.for },
    ...(tag === undefined ? {} : { headers: { 'if-none-match': tag } }),
    ...(signal ? { signal } : {}),
  });
  return { run: answer.status === 304 ? null : (answer.body as unknown as RunView), tag: answer.headers.get('etag') };
}

/** All items of a list, page by page, up to `most`. */
export async function listAll<T>(
  client: Client,
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
  most = Infinity,
): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await client.ask(path, { query: { ...query, cursor } });
    const page = body as unknown as { readonly items: readonly T[]; readonly nextCursor: string | null };
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items.slice(0, most);
}

/** Steps that the run has reached, up to 1 000. */
export function listSteps(client: Client, runId: string): Promise<readonly StepView[]> {
  return listAll<StepView>(client, runPath(runId, '/steps'), { limit: 1_000 }, 1_000);
}

/** Ids of the plan's nodes, in plan order. */
export async function planOrder(client: Client, runId: string): Promise<readonly string[]> {
  const { body } = await client.ask(runPath(runId, '/graph'));
  return (body as unknown as { readonly nodes: readonly { readonly id: string }[] }).nodes.map(({ id }) => id);
}

export async function getGate(client: Client, runId: string, gate: string): Promise<GateView> {
  return (await client.ask(runPath(runId, `/gates/${encodeURIComponent(gate)}`))).body as unknown as GateView;
}

/** All gates of a run, including those that it has not reached. */
export function listGates(client: Client, runId: string): Promise<readonly RunGateView[]> {
  return listAll<RunGateView>(client, runPath(runId, '/gates'), { limit: 200 });
}

export function listArtifacts(client: Client, runId: string): Promise<readonly ArtifactView[]> {
  return listAll<ArtifactView>(client, runPath(runId, '/artifacts'));
}

export async function cancelRun(client: Client, runId: string, reason: string, force: boolean): Promise<RunView> {
  const { body } = await client.ask(runPath(runId, '/cancel'), { method: 'POST', body: { reason, force } });
  return body as unknown as RunView;
}

export async function rerunRun(
  client: Client,
  runId: string,
  asked: { readonly from: string; readonly sensitive: JsonObject },
  key: string,
): Promise<RunView> {
  const { from, sensitive } = asked;
  const { body } = await client.ask(runPath(runId, '/rerun'), {
    method: 'POST',
    // The request may be repeated if its answer is lost.
    headers: { 'idempotency-key': key },
    body: { from, ...(Object.keys(sensitive).length === 0 ? {} : { sensitive }) },
  });
  return body as unknown as RunView;
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
  return (await client.ask(runPath(runId, '/approve'), { method: 'POST', body })).body as unknown as ReceiptView;
}

export async function getStep(client: Client, runId: string, step: string): Promise<StepView> {
  return (await client.ask(runPath(runId, `/steps/${encodeURIComponent(step)}`))).body as unknown as StepView;
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
