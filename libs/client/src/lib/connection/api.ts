import createFetchClient, { type Client, type Middleware } from 'openapi-fetch';
import type { paths } from '../api/schema';
import { ClientError } from '../problem/client-error';
import { readProblem } from '../problem/read-problem';
import { RepeatableRequest, type Connection } from './connection';
import { unreachable } from './unreachable';

/**
 * Every route of the API, by method and path, with the types of its OpenAPI document. Rejects with `ApiProblem` if the server refuses,
 * with `CLIENT_SERVER_UNREACHABLE` if it does not respond, and with `CLIENT_OPTION_INVALID` if a parameter of the path cannot be a segment.
 */
export type Api = Client<paths>;

export function apiOf(connection: Connection): Api {
  const api = createFetchClient<paths>({
    baseUrl: connection.address,
    pathSerializer: pathOf,
    Request: RepeatableRequest,
    fetch: (request) => connection.send(request as RepeatableRequest),
  });
  api.use(checkAnswers(connection.address));
  return api;
}

/** The path of a route. Without the check, an empty text or a dot segment would lead to another route (RFC 3986 section 5.2.4). */
function pathOf(template: string, parameters: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    const value = parameters[name];
    if (typeof value === 'string' && !/^\.{0,2}$|\p{Surrogate}/u.test(value)) return encodeURIComponent(value);
    throw new ClientError(
      'CLIENT_OPTION_INVALID',
      `${name} is ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
      `Set ${name} to a text other than "", "." and "..", without unpaired surrogates.`,
    );
  });
}

function checkAnswers(server: string): Middleware {
  return {
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
