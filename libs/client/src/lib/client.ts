import { apiOf, type Api, type ClientOptions } from './connection/api';

/** A TaskRunner server, as one caller sees it. */
export interface TaskRunnerClient {
  /** Every route: `client.api.GET('/api/runs/{runId}', { params: { path: { runId } } })`. */
  readonly api: Api;
}

/** A client of a server. Nothing is sent before it is used. Throws `CLIENT_SERVER_INVALID`. */
export function createClient(options: ClientOptions): TaskRunnerClient {
  return { api: apiOf(options) };
}
