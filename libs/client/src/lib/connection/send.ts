import { ClientError } from '../problem/client-error';
import { RepeatableRequest, type Connection } from './connection';

/** Parts of a request that has no types. */
export interface SendOptions {
  /** Default: `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value. A `Blob`, bytes and a stream are sent as they are. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Sends a request, and resolves with its response whatever its status is. Rejects with `CLIENT_OPTION_INVALID` if the path does not begin with a slash. */
export async function send(connection: Connection, path: string, options: SendOptions = {}): Promise<Response> {
  // A path such as `.example.org` would send the token to another server.
  if (!path.startsWith('/'))
    throw new ClientError('CLIENT_OPTION_INVALID', `the path is ${path}`, 'Begin it with a slash: /api/runs.');
  const { method = 'GET', body, headers, signal = null } = options;
  const content = body === undefined ? null : contentOf(body);
  const own = content === null ? {} : { 'content-type': content.type };
  const init = { method, signal, ...content?.init, headers: { ...own, ...headers } };
  return connection.send(new RepeatableRequest(`${connection.address}${path}`, init));
}

/** A body with the type that it has if the caller states none. */
interface Content {
  readonly init: RequestInit;
  readonly type: string;
}

function contentOf(body: unknown): Content {
  const type = 'application/octet-stream';
  // `fetch` requires `duplex` for a stream, and the types of the platform do not have it.
  if (body instanceof ReadableStream) return { init: { body, duplex: 'half' } as RequestInit, type };
  if (body instanceof Blob || body instanceof Uint8Array) return { init: { body: body as BodyInit }, type };
  return { init: { body: JSON.stringify(body) }, type: 'application/json' };
}
