import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import {
  bodyOf,
  createClient,
  isTemporary,
  itemsOf,
  needsPerson,
  pagesOf,
  type Artifact,
  type AuditEntry,
  type FollowingOptions,
  type Graph,
  type Me,
  type PublishedPack,
  type RerunBody,
  type Run,
  type Schedule,
  type ScheduleTick,
  type Schemas,
  type Step,
  type SubmitRunBody,
  type TaskRunnerClient,
} from '@taskrunner/client';
import type { InputFile } from '../packs/input-arguments';
import { CliError } from '../terminal/cli-error';
import { PATIENCE_MS } from './patience';
import type { GateView, PlanView, RunGateView } from './run-views';

/** The largest pages that the API serves of most lists. */
const PAGE = 200;
/** A person waits for the answer, and can repeat the command: nothing is repeated by itself. */
const ONCE = { giveUpAfterMs: 0 };

/** Filters of a list of runs. */
interface RunQuery {
  readonly status?: string | undefined;
  readonly pack?: string | undefined;
  readonly stuck?: string | undefined;
  readonly requester?: string | undefined;
  readonly q?: string | undefined;
  /** Each `name:value`. */
  readonly label?: readonly string[] | undefined;
  readonly limit?: number;
}

/**
 * A server, with what commands ask of it. Rejects with the errors of `@taskrunner/client`. Only `connect` loads this module, because the help
 * needs no server.
 */
export class Server {
  readonly client: TaskRunnerClient;

  /** `url`: its address without a slash at the end. */
  constructor(
    readonly url: string,
    token: () => Promise<string>,
    /** Sends requests. Default: the `fetch` of the platform. */
    fetch?: (request: Request) => Promise<Response>,
  ) {
    this.client = createClient({ server: url, token, ...(fetch === undefined ? {} : { fetch }) });
  }

  me(): Promise<Me> {
    return bodyOf(this.client.api.GET('/api/me'));
  }

  /** Pages of runs, newest first. A page may be empty although others follow. */
  runPages({ limit = PAGE, ...filters }: RunQuery): AsyncGenerator<readonly Run[]> {
    // The server says which values of a filter it knows.
    const query = { limit: Math.min(limit, PAGE), ...set(filters) } as object;
    return pagesOf((page) => bodyOf(this.client.api.GET('/api/runs', { params: { query: { ...query, ...page } } })));
  }

  steps(runId: string, most = 1_000): Promise<readonly Step[]> {
    const params = (page: object) => ({ path: { runId }, query: { limit: 1_000, ...page } });
    const steps = itemsOf((page) => bodyOf(this.client.api.GET('/api/runs/{runId}/steps', { params: params(page) })));
    return upTo(most, steps);
  }

  step(runId: string, stepId: string): Promise<Step> {
    const params = { path: { runId, stepId } };
    return bodyOf(this.client.api.GET('/api/runs/{runId}/steps/{stepId}', { params }));
  }

  /** The plan of a run, exactly as it was hashed, with its profile. */
  plan(runId: string): Promise<PlanView> {
    return bodyOf(this.client.api.GET('/api/runs/{runId}/plan', { params: { path: { runId } } }));
  }

  /** The nodes of the plan, in plan order, and their dependencies. */
  graph(runId: string): Promise<Graph> {
    return bodyOf(this.client.api.GET('/api/runs/{runId}/graph', { params: { path: { runId } } }));
  }

  /** Ids of the plan's nodes, in plan order. */
  async planOrder(runId: string): Promise<readonly string[]> {
    return (await this.graph(runId)).nodes.map(({ id }) => id);
  }

  /** The first child step in plan order that failed; null: none did. */
  async firstFailedChild(runId: string, parent: string): Promise<Step | null> {
    const params = { path: { runId }, query: { parent, status: 'failed' as const, limit: 1 } };
    return (await bodyOf(this.client.api.GET('/api/runs/{runId}/steps', { params }))).items[0] ?? null;
  }

  async countChildren(runId: string, parent: string): Promise<{ readonly failed: number; readonly all: number }> {
    const params = { path: { runId }, query: { parent } };
    const { steps } = await bodyOf(this.client.api.GET('/api/runs/{runId}/step-counts', { params }));
    return { failed: steps.failed, all: steps.total };
  }

  /** The last line that a step wrote to its error output; null: it wrote none. */
  async lastErrorLine(runId: string, step: string): Promise<string | null> {
    let last: string | null = null;
    const tail = { follow: false, step, level: 'warn', tail: 1, giveUpAfterMs: PATIENCE_MS } as const;
    for await (const { eventType, message = '' } of this.client.followLogs(runId, tail))
      if (eventType === 'step.log' && message.trim() !== '') last = message;
    return last;
  }

  /** All gates of a run, including those that it has not reached. */
  gates(runId: string): Promise<readonly RunGateView[]> {
    const params = (page: object) => ({ path: { runId }, query: { limit: PAGE, ...page } });
    const gates = itemsOf((page) => bodyOf(this.client.api.GET('/api/runs/{runId}/gates', { params: params(page) })));
    return all(gates);
  }

  async gate(runId: string, gateId: string): Promise<GateView> {
    return (await this.client.gate(runId, gateId)) as unknown as GateView;
  }

  /** The open gates of the tenant; `mine`: only those that the caller may decide. */
  async approvals(mine: boolean): Promise<readonly GateView[]> {
    const query = (page: object) => ({ ...(mine ? { mine: true } : {}), ...page });
    const gates = itemsOf((page) => bodyOf(this.client.api.GET('/api/approvals', { params: { query: query(page) } })));
    return (await all(gates)) as unknown as readonly GateView[];
  }

  artifacts(runId: string): Promise<readonly Artifact[]> {
    const params = { path: { runId } };
    // One page: it has all.
    return all(itemsOf(() => bodyOf(this.client.api.GET('/api/runs/{runId}/artifacts', { params }))));
  }

  submit(body: SubmitRunBody, idempotencyKey: string): Promise<Run> {
    return this.client.submit(body, { idempotencyKey, ...ONCE });
  }

  rerun(runId: string, body: RerunBody, idempotencyKey: string): Promise<Run> {
    return this.client.rerun(runId, body, { idempotencyKey, ...ONCE });
  }

  /** Waits until the run has ended, needs a person, or the time is over. */
  wait(runId: string, what: 'end' | 'attention', timeoutMs: number, following: FollowingOptions = {}): Promise<Run> {
    return this.client.wait(runId, { for: what, timeoutMs, giveUpAfterMs: PATIENCE_MS, ...following });
  }

  /** True if the same request may succeed later. */
  isTemporary(error: unknown): boolean {
    return isTemporary(error);
  }

  /** True if a run goes on only if a person acts. */
  needsPerson(run: Pick<Run, 'status' | 'waits'>): boolean {
    return needsPerson(run);
  }

  resolve(runId: string, stepId: string, body: Schemas['ResolveBody']): Promise<Schemas['Resolution']> {
    const params = { path: { runId, stepId } };
    return bodyOf(this.client.api.POST('/api/runs/{runId}/steps/{stepId}/resolve', { params, body }));
  }

  release(runId: string, body: Schemas['ReleaseBody']): Promise<Schemas['Release']> {
    return bodyOf(this.client.api.POST('/api/runs/{runId}/evidence/release', { params: { path: { runId } }, body }));
  }

  async evidence(runId: string): Promise<ReadableStream<Uint8Array>> {
    return (await this.client.evidence(runId, ONCE)).stream;
  }

  async artifact(runId: string, artifactId: string): Promise<ReadableStream<Uint8Array>> {
    return (await this.client.artifact(runId, artifactId, ONCE)).stream;
  }

  /** Uploads a file for the submission of a run. Rejects with `CLI_INPUT` if the file has changed meanwhile. */
  async upload({ name, path, digest, size }: InputFile): Promise<void> {
    // A file that has grown is cut at the hashed size. The server refuses one that has shrunk.
    const end = Math.max(0, size - 1);
    const content =
      size === 0
        ? new Uint8Array()
        : (Readable.toWeb(createReadStream(path, { end })) as unknown as ReadableStream<Uint8Array>);
    const uploaded = await this.client.upload(content, { size });
    if (uploaded.digest === digest) return;
    const help = 'Wait until the file no longer changes, and try again.';
    throw new CliError('CLI_INPUT', `${path} changed while it was read for the input ${name}`, help);
  }

  schedules(): Promise<readonly Schedule[]> {
    const query = (page: object) => ({ limit: PAGE, ...page });
    return all(itemsOf((page) => bodyOf(this.client.api.GET('/api/schedules', { params: { query: query(page) } }))));
  }

  schedule(scheduleId: string): Promise<Schedule> {
    return bodyOf(this.client.api.GET('/api/schedules/{scheduleId}', { params: { path: { scheduleId } } }));
  }

  ticks(scheduleId: string, most: number): Promise<readonly ScheduleTick[]> {
    const params = (page: object) => ({ path: { scheduleId }, query: { limit: Math.min(most, PAGE), ...page } });
    const ticks = itemsOf((page) =>
      bodyOf(this.client.api.GET('/api/schedules/{scheduleId}/ticks', { params: params(page) })),
    );
    return upTo(most, ticks);
  }

  nextTicks(scheduleId: string, count: string): Promise<Schemas['UpcomingTicks']> {
    // The server says what is no number.
    const params = { path: { scheduleId }, query: { count: count as unknown as number } };
    return bodyOf(this.client.api.GET('/api/schedules/{scheduleId}/next', { params }));
  }

  createSchedule(body: object): Promise<Schedule> {
    return bodyOf(this.client.api.POST('/api/schedules', { body: body as Schemas['ScheduleBody'] }));
  }

  editSchedule(scheduleId: string, body: object): Promise<Schedule> {
    return bodyOf(this.client.api.PATCH('/api/schedules/{scheduleId}', { params: { path: { scheduleId } }, body }));
  }

  deleteSchedule(scheduleId: string): Promise<Schedule> {
    return bodyOf(this.client.api.DELETE('/api/schedules/{scheduleId}', { params: { path: { scheduleId } } }));
  }

  packs(): Promise<readonly PublishedPack[]> {
    const query = (page: object) => ({ limit: PAGE, ...page });
    return all(itemsOf((page) => bodyOf(this.client.api.GET('/api/packs', { params: { query: query(page) } }))));
  }

  /** `version`: a version, or the digest of the artifact. */
  pack(name: string, version: string): Promise<Schemas['PackDetail']> {
    return bodyOf(this.client.api.GET('/api/packs/{name}/{version}', { params: { path: { name, version } } }));
  }

  /** Publishes a pack. `isNew`: false if it was published already. */
  async publish(body: object): Promise<PublishedPack & { readonly isNew: boolean }> {
    const answer = await this.client.api.POST('/api/packs', { body: body as Schemas['PublishPackBody'] });
    return { ...(await bodyOf(Promise.resolve(answer))), isNew: answer.response.status === 201 };
  }

  auditPages(after: number): AsyncGenerator<readonly AuditEntry[]> {
    const query = (page: object) => ({ limit: 1_000, after, ...page });
    return pagesOf((page) => bodyOf(this.client.api.GET('/api/audit', { params: { query: query(page) } })));
  }

  checkpointPages(after: number): AsyncGenerator<readonly Schemas['AuditCheckpoint'][]> {
    const query = (page: object) => ({ limit: 1_000, after, ...page });
    return pagesOf((page) => bodyOf(this.client.api.GET('/api/audit/checkpoints', { params: { query: query(page) } })));
  }
}

/** The members that are set. */
function set(query: object): object {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  return upTo(Infinity, items);
}

async function upTo<Item>(most: number, items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) {
    found.push(item);
    if (found.length >= most) break;
  }
  return found;
}
