import { createClient, type TaskRunnerClient } from '@taskrunner/client';
import type { Connection } from './connection';

/** A person sees an error, and can repeat what they did: nothing is repeated by itself. */
export const ONCE = { giveUpAfterMs: 0 };

/** Source of the access token: the session of the person. */
export interface TokenSource {
  token(): Promise<string>;
  /** Renews the token after the API has refused it. Returns true if there is a new one. */
  refused(token: string): Promise<boolean>;
}

/** The API for the signed-in person. `server`: its address. `connection` learns whether it can be reached. */
export function clientFor(
  server: string,
  session: TokenSource,
  connection: Pick<Connection, 'note'>,
): TaskRunnerClient {
  return createClient({
    server,
    token: () => session.token(),
    onTokenRefused: (token) => session.refused(token),
    fetch: async (request) => {
      try {
        const response = await fetch(request, { cache: 'no-store', credentials: 'omit' });
        connection.note(!isOfProxy(response));
        return response;
      } catch (error) {
        if (!request.signal.aborted) connection.note(false);
        throw error;
      }
    },
  });
}

/** Statuses by which a proxy says that the server behind it does not answer. */
const UNREACHABLE: ReadonlySet<number> = new Set([502, 503, 504]);

/** True for the answer of a proxy that cannot reach the server. The server itself answers with a problem in JSON. */
function isOfProxy({ status, headers }: Response): boolean {
  return UNREACHABLE.has(status) && !/\bjson\b/.test(headers.get('content-type') ?? '');
}
