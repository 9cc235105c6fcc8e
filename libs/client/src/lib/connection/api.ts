import createFetchClient, { type Client, type Middleware } from 'openapi-fetch';
import type { paths } from '../api/schema';
import { ClientError } from '../problem/client-error';
import { readProblem } from '../problem/read-problem';
import { unreachable } from './unreachable';

/** Address of the server and identity of the caller. */
export interface ClientOptions {
  /** Address of the server, such as `https://runner.example.org`; it may have a path. */
  readonly server: string;
  /** Returns a bearer token. It is called for each request, so it may renew the token. */
  readonly token: () => string | Promise<string>;
  /** Sends a request. Default: the `fetch` of the platform. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/**
 * Every route of the API, by method and path, with the types of its OpenAPI document. Rejects with `ApiProblem` if the server refuses,
 * and with `CLIENT_SERVER_UNREACHABLE` if it does not respond.
 */
export type Api = Client<paths>;

/** Throws `CLIENT_SERVER_INVALID`. */
export function apiOf({ server, token, fetch }: ClientOptions): Api {
  const baseUrl = addressOf(server);
  const api = createFetchClient<paths>({
    baseUrl,
    // A token is for this server, not for wherever it points.
    redirect: 'error',
    ...(fetch === undefined ? {} : { fetch }),
  });
  api.use(authorize(token), checkAnswers(baseUrl));
  return api;
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

function authorize(token: ClientOptions['token']): Middleware {
  return {
    async onRequest({ request }) {
      const value = await token();
      // RFC 6750 §2.1: any other value is not a bearer token, and the platform's error message would contain it.
      if (typeof value !== 'string' || !/^[A-Za-z0-9\-._~+/]+=*$/.test(value))
        throw new ClientError(
          'CLIENT_TOKEN_INVALID',
          'the token is empty or has an invalid format',
          'Return the encoded JWT from `token`, without the word Bearer and without white space.',
        );
      request.headers.set('authorization', `Bearer ${value}`);
      return request;
    },
  };
}

function checkAnswers(server: string): Middleware {
  return {
    // A request that its caller ends rejects with the reason of the signal.
    onError: ({ request, error }) => (request.signal.aborted ? undefined : unreachable(error, server)),
    async onResponse({ request, response, schemaPath, options }) {
      if (response.status >= 400) throw await readProblem(response);
      if (response.status >= 300 || options.parseAs !== 'json') return undefined;
      const type = response.headers.get('content-type');
      if (type !== null && !/^application\/json\b/.test(type)) throw notJson(schemaPath, undefined);
      const read = async (): Promise<string> => {
        try {
          return await bytes();
        } catch (error) {
          throw request.signal.aborted ? error : unreachable(error, server);
        }
      };
      const bytes = response.text.bind(response);
      const parsed = async (): Promise<unknown> => parse(await read(), schemaPath);
      const checked = async (): Promise<string> => {
        const text = await read();
        if (text !== '') parse(text, schemaPath);
        return text;
      };
      // The client calls one of them after this, and its error would be that of the platform.
      Object.defineProperties(response, { json: { value: parsed }, text: { value: checked } });
      return undefined;
    },
  };
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(path, error);
  }
}

function notJson(path: string, cause: unknown): ClientError {
  return new ClientError(
    'CLIENT_ANSWER_INVALID',
    `the answer to ${path} is not JSON`,
    'Check that the address belongs to a TaskRunner server.',
    { cause },
  );
}
