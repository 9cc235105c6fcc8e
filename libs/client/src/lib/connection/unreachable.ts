import { ClientError } from '../problem/client-error';

/** No answer came, or not all of it. The cause is what the platform reports. `server`: its address, if it is known. */
export function unreachable(cause: unknown, server = 'the server'): ClientError {
  return new ClientError(
    'CLIENT_SERVER_UNREACHABLE',
    `${server} does not respond: ${reasonOf(cause)}`,
    'Check the address, make sure that the server is running, and try again.',
    { cause },
  );
}

/** Node.js has the reason in the cause of its error; browsers have none. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError) return cause.errors.map((one) => (one as Error).message).join('; ');
  if (cause instanceof Error && cause.message !== '') return cause.message;
  return error instanceof Error ? error.message : String(error);
}
