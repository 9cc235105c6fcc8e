import type {
  CancelRunBody,
  DecisionReceipt,
  FeedEvent,
  Gate,
  LogLine,
  LogPage,
  RerunBody,
  Run,
  SubmitRunBody,
  Upload,
} from './api/types';
import { apiOf, type Api } from './connection/api';
import { bodyOf } from './connection/body-of';
import { Connection, type ClientOptions } from './connection/connection';
import { send, type SendOptions } from './connection/send';
import { followEvents, type EventOptions } from './events/follow-events';
import { downloadArtifact, downloadEvidence, type Download } from './files/download';
import { upload, type UploadContent, type UploadOptions } from './files/upload';
import { decide, type DecisionOptions, type ShownGate } from './gates/decide';
import { followLogs, type LogOptions } from './logs/follow-logs';
import { logPage, type LogPageQuery } from './logs/log-page';
import type { FollowingOptions, RetryOptions } from './retry/retry';
import { getRun } from './runs/get-run';
import { rerunRun, submitRun, type SubmitOptions } from './runs/submit-run';
import { waitForRun, type WaitOptions } from './runs/wait-for-run';
import { watchRun } from './runs/watch-run';

/** Options that let the caller end a request. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/**
 * A TaskRunner server for one caller. Requests reject with `ApiProblem` if the server refuses them, and with `ClientError` if no TaskRunner
 * server responds.
 */
export interface TaskRunnerClient {
  /** Every route: `client.api.GET('/api/runs/{runId}', { params: { path: { runId } } })`. */
  readonly api: Api;
  /**
   * Sends a request by its path and resolves with the response as it is, also if the server refuses the request: for a range of a file, for a
   * response in another format, and for whoever handles statuses.
   */
  send(path: string, options?: SendOptions): Promise<Response>;
  /** Submits a run. The request is repeated if the response is lost, and creates only one run. */
  submit(body: SubmitRunBody, options?: SubmitOptions): Promise<Run>;
  /** Submits a run, and waits until it has ended or, with `for: 'attention'`, needs a person. */
  submitAndWait(body: SubmitRunBody, options?: SubmitOptions & WaitOptions): Promise<Run>;
  /** The current state of a run. */
  run(runId: string, options?: RequestOptions): Promise<Run>;
  /** Waits until a run has ended or, with `for: 'attention'`, needs a person. */
  wait(runId: string, options?: WaitOptions): Promise<Run>;
  /** A run as it is now, then whenever it has changed, until it executes nothing more. */
  watch(runId: string, options?: FollowingOptions): AsyncGenerator<Run>;
  /** The events of the tenant, each once and in order: new ones, or those `after` a position. Never ends by itself. */
  followEvents(options?: EventOptions): AsyncGenerator<FeedEvent>;
  /** The lines of a run's log, each once and in order, until the run has ended. */
  followLogs(runId: string, options?: LogOptions): AsyncGenerator<LogLine>;
  /** A page of a run's log, or of the results of a search in it (`q`). */
  logPage(runId: string, query: LogPageQuery, options?: RequestOptions): Promise<LogPage>;
  /** A gate with the request that approvers decide about. Show it to the person, and pass it to `approve` or `reject`. */
  gate(runId: string, gateId: string, options?: RequestOptions): Promise<Gate>;
  /** Approves a gate in the state that the person was shown. */
  approve(gate: ShownGate, options?: DecisionOptions): Promise<DecisionReceipt>;
  /** Rejects a gate in the state that the person was shown. */
  reject(gate: ShownGate, options?: DecisionOptions): Promise<DecisionReceipt>;
  /** Withdraws the caller's decision. Possible while the gate is open. */
  withdraw(gate: ShownGate, options?: DecisionOptions): Promise<DecisionReceipt>;
  /** Cancels a run: running steps are stopped, then cleanup steps run. */
  cancel(runId: string, body?: CancelRunBody, options?: RequestOptions): Promise<Run>;
  /** Reruns an ended run from its `failed` steps, its `start`, or a step. */
  rerun(runId: string, body: RerunBody, options?: SubmitOptions): Promise<Run>;
  /** Uploads a file for a later submission. */
  upload(content: UploadContent, options?: UploadOptions): Promise<Upload>;
  /** Downloads the signed evidence of an ended run, a tar file. */
  evidence(runId: string, options?: RetryOptions): Promise<Download>;
  /** Downloads an artifact of a run. */
  artifact(runId: string, artifactId: string, options?: RetryOptions): Promise<Download>;
}

/** Creates a client of a server. It sends nothing before it is used. Throws `CLIENT_SERVER_INVALID`. */
export function createClient(options: ClientOptions): TaskRunnerClient {
  const connection = new Connection(options);
  const api = apiOf(connection);
  return {
    api,
    send: (path, sending) => send(connection, path, sending),
    submit: (body, submitting) => submitRun(api, body, submitting),
    async submitAndWait(body, following = {}) {
      const { runId } = await submitRun(api, body, following);
      return waitForRun(api, runId, following);
    },
    run: (runId, { signal } = {}) => getRun(api, runId, signal),
    wait: (runId, waiting) => waitForRun(api, runId, waiting),
    watch: (runId, watching) => watchRun(api, runId, watching),
    followEvents: (reading) => followEvents(api, reading),
    followLogs: (runId, reading) => followLogs(api, runId, reading),
    logPage: (runId, query, { signal } = {}) => logPage(api, runId, query, signal),
    gate(runId, gateId, { signal = null } = {}) {
      return bodyOf(api.GET('/api/runs/{runId}/gates/{gateId}', { params: { path: { runId, gateId } }, signal }));
    },
    approve: (gate, deciding) => decide(api, gate, 'approved', deciding),
    reject: (gate, deciding) => decide(api, gate, 'rejected', deciding),
    withdraw: (gate, deciding) => decide(api, gate, 'withdrawn', deciding),
    cancel(runId, body = {}, { signal = null } = {}) {
      return bodyOf(api.POST('/api/runs/{runId}/cancel', { params: { path: { runId } }, body, signal }));
    },
    rerun: (runId, body, submitting) => rerunRun(api, runId, body, submitting),
    upload: (content, uploading) => upload(api, content, uploading),
    evidence: (runId, downloading) => downloadEvidence(api, runId, downloading),
    artifact: (runId, artifactId, downloading) => downloadArtifact(api, runId, artifactId, downloading),
  };
}
