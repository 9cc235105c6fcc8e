import { ClientError } from '../problem/client-error';

/** No answer came, or not all of it. The cause is what the platform reports. `server`: its address, if it is known. */
export function unreachable(cause: unknown, server = 'the server'): ClientError {
  const reason = reasonOf(cause);
  // What fetch says of a port that it refuses (Fetch Standard, bad ports).
  if (reason === 'bad port')
    return new ClientError(
      'CLIENT_SERVER_INVALID',
      `port ${URL.canParse(server) ? new URL(server).port : 'of the server'} cannot be used: HTTP clients refuse it`,
      'Let the server listen on another port.',
      { cause },
    );
  // What OpenSSL says of an answer that is not TLS.
  if (/^https:/i.test(server) && /wrong version number|packet length too long/i.test(reason))
    return new ClientError(
      'CLIENT_SERVER_UNREACHABLE',
      `${server} does not respond with TLS`,
      'Use http:// if the server has no TLS, or check the port.',
      { cause },
    );
  return new ClientError(
    'CLIENT_SERVER_UNREACHABLE',
    `${server} does not respond: ${reason}`,
    'Check the address, make sure that the server is running, and try again.',
    { cause },
  );
}

/** Node.js has the reason in the cause of its error; browsers have none. */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | null)?.cause;
  if (cause instanceof AggregateError) return cause.errors.map((one) => (one as Error).message).join('; ');
  // Not `instanceof`: the error of the platform may be of another realm.
  const { message } = (cause ?? {}) as { message?: unknown };
  if (typeof message === 'string' && message !== '') return message;
  return error instanceof Error ? error.message : String(error);
}
