import type { Json } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';
import { readProblem, ServerProblem } from './server-problem';

/** One request to the server. */
interface ServerRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Bytes that are sent instead of a JSON body. */
  readonly bytes?: { readonly content: ReadableStream<Uint8Array>; readonly size: number };
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal;
}

/** A JSON answer. */
interface ServerAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** A TaskRunner server with the caller's token. */
export class Client {
  constructor(
    readonly server: string,
    private readonly token: string,
  ) {}

  /** Asks and reads JSON (null for an empty answer), as the API promises it. Throws `ServerProblem`, or a `CliError` where nobody answers. */
  async ask<Body = Json>(path: string, request: ServerRequest = {}): Promise<ServerAnswer<Body>> {
    const response = await this.open(path, { ...request, headers: { accept: 'application/json', ...request.headers } });
    const { status, headers } = response;
    const text = await response.text();
    if (text === '') return { status, headers, body: null as Body };
    try {
      return { status, headers, body: JSON.parse(text) as Body };
    } catch (error) {
      throw this.odd(path, error);
    }
  }

  /** Sends a request and returns the unparsed answer. Throws like `ask`. */
  async open(path: string, request: ServerRequest = {}): Promise<Response> {
    const { method = 'GET', body, bytes, headers = {}, query = {}, signal } = request;
    const url = new URL(`${this.server}${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(bytes === undefined
            ? {}
            : { 'content-type': 'application/octet-stream', 'content-length': String(bytes.size) }),
          ...headers,
        },
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(bytes === undefined ? {} : { body: bytes.content, duplex: 'half' as const }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new CliError(
        'CLI_SERVER_UNREACHABLE',
        `${this.server} does not respond: ${reasonOf(error)}`,
        'Check the address, make sure that the server is running, and try again.',
        [],
        { cause: error },
      );
    }
    if (response.status < 400) return response;
    throw new ServerProblem(readProblem(response.status, await response.text().catch(() => '')));
  }

  private odd(path: string, cause: unknown): CliError {
    const help = 'Check that the address belongs to a TaskRunner server.';
    return new CliError('CLI_SERVER_ANSWER', `the response to ${path} is not JSON`, help, [], { cause });
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  if (cause instanceof Error && cause.message !== '') return cause.message;
  if (cause instanceof AggregateError) return cause.errors.map((one) => (one as Error).message).join('; ');
  return error instanceof Error ? error.message : String(error);
}
