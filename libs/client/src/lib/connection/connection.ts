import { ClientError } from '../problem/client-error';
import { unreachable } from './unreachable';

/** Address of the server and identity of the caller. */
export interface ClientOptions {
  /** Address of the server, such as `https://runner.example.org`; it may have a path. */
  readonly server: string;
  /**
   * Returns a bearer token. It is called for each request, so it may renew the token. Null: requests have no token, for the few routes that
   * need none.
   */
  readonly token: (() => string | Promise<string>) | null;
  /**
   * Called with a token that the server has refused (401). True: `token` returns another one from now on, and the request is sent once more.
   * Default: the refusal is final. A request whose body is a stream is not repeated. It is not called if the sign-in is too old for the
   * request, because a renewed token is of the same sign-in.
   */
  readonly onTokenRefused?: (token: string) => boolean | Promise<boolean>;
  /** Sends a request. Default: the `fetch` of the platform. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** A request that can be sent again without reading its body into memory. */
export class RepeatableRequest extends Request {
  constructor(
    input: string | URL | Request,
    private readonly options: RequestInit = {},
  ) {
    // A token is for this server, not for wherever it points.
    super(input, { ...options, redirect: 'error' });
  }

  /** Null: the body was a stream, which is used up. */
  again(): RepeatableRequest | null {
    const { options, url, headers } = this;
    return options.body instanceof ReadableStream ? null : new RepeatableRequest(url, { ...options, headers });
  }
}

/** A server for one caller. */
export class Connection {
  /** Address of the server, without a slash at the end. */
  readonly address: string;
  private readonly fetch: (request: Request) => Promise<Response>;

  /** Throws `CLIENT_SERVER_INVALID`. */
  constructor(private readonly options: ClientOptions) {
    this.address = addressOf(options.server);
    this.fetch = options.fetch ?? ((request) => globalThis.fetch(request));
  }

  /**
   * Sends a request with the token of the caller. Resolves with the response, whatever its status is. Rejects with the reason of the signal,
   * with errors of `token`, and with `CLIENT_SERVER_UNREACHABLE`.
   */
  async send(request: RepeatableRequest): Promise<Response> {
    const { onTokenRefused } = this.options;
    const token = await this.authorize(request);
    const response = await this.deliver(request);
    if (response.status !== 401 || token === null || onTokenRefused === undefined) return response;
    if (needsNewSignIn(response)) return response;
    const again = request.again();
    if (!(await onTokenRefused(token)) || again === null) return response;
    await response.body?.cancel();
    await this.authorize(again);
    return this.deliver(again);
  }

  private async authorize(request: Request): Promise<string | null> {
    const { token } = this.options;
    if (token === null) return null;
    const value = await token();
    // RFC 6750 §2.1: any other value is not a bearer token, and the platform's error message would contain it.
    if (typeof value !== 'string' || !/^[A-Za-z0-9\-._~+/]+=*$/.test(value))
      throw new ClientError(
        'CLIENT_TOKEN_INVALID',
        'the token is empty or has an invalid format',
        'Return the encoded JWT from `token`, without the word Bearer and without white space.',
      );
    request.headers.set('authorization', `Bearer ${value}`);
    return value;
  }

  private async deliver(request: Request): Promise<Response> {
    const { fetch } = this;
    try {
      return await fetch(request);
    } catch (error) {
      throw request.signal.aborted ? error : unreachable(error, this.address);
    }
  }
}

/** True if only a new sign-in of the person helps (RFC 9470 §3). */
function needsNewSignIn({ headers }: Response): boolean {
  return /\berror="insufficient_user_authentication"/.test(headers.get('www-authenticate') ?? '');
}

function addressOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : null;
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    `${url.username}${url.password}${url.search}${url.hash}` !== ''
  )
    throw new ClientError(
      'CLIENT_SERVER_INVALID',
      'the server must be an http or https URL without a user, a query and a fragment',
      'Use a URL such as https://runner.example.org.',
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
