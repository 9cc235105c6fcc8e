import { Connection } from './connection';
import { ApiProblem, problemOf } from './problem';

/** Source of the access token: the session of the person. */
export interface TokenSource {
  token(): Promise<string>;
  /** Renews the token after the API has refused it. Returns true if there is a new one. */
  refused(token: string): Promise<boolean>;
}

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Options of a request. */
interface Asking {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | null;
  /** Sent as JSON; a `Blob` is sent as it is. */
  readonly body?: unknown;
  readonly method?: string;
}

/** Client of the HTTP API. It adds the token, renews it once if it is refused, and throws an `ApiProblem` for every failure. */
export class Api {
  constructor(
    /** Base address of the API. It ends with a slash. */
    private readonly base: string,
    private readonly session: TokenSource,
    private readonly connection: Pick<Connection, 'note'> = new Connection(),
  ) {}

  async get<T>(path: string, query: Query = {}, signal: AbortSignal | null = null): Promise<T> {
    return (await (await this.ask(path, { query, signal })).json()) as T;
  }

  async post<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return (await (await this.ask(path, { method: 'POST', body, headers })).json()) as T;
  }

  /** The response to a successful request; 304 counts as success. */
  async ask(path: string, asking: Asking = {}): Promise<Response> {
    const token = await this.session.token();
    const response = await this.send(path, token, asking);
    if (response.status === 401 && (await this.session.refused(token)))
      return this.accept(await this.send(path, await this.session.token(), asking));
    return this.accept(response);
  }

  private async accept(response: Response): Promise<Response> {
    if (response.ok || response.status === 304) return response;
    throw await problemOf(response);
  }

  private async send(path: string, token: string, asking: Asking): Promise<Response> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(asking.query ?? {}))
      if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
    const headers: Record<string, string> = { Authorization: `Bearer ${token}`, ...asking.headers };
    const { body } = asking;
    if (body !== undefined)
      headers['Content-Type'] = body instanceof Blob ? 'application/octet-stream' : 'application/json';
    try {
      const response = await fetch(url, {
        method: asking.method ?? 'GET',
        headers,
        signal: asking.signal ?? null,
        cache: 'no-store',
        credentials: 'omit',
        ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
      });
      this.connection.note(true);
      return response;
    } catch (error) {
      if (asking.signal?.aborted === true) throw error;
      this.connection.note(false);
      throw new ApiProblem(
        0,
        'UNREACHABLE',
        'The server cannot be reached.',
        'Check the connection. The console tries again.',
      );
    }
  }
}
