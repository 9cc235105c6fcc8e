import { ClientError } from '../problem/client-error';

/** The error if no response, or an incomplete one, has arrived. Its cause is the platform's error. */
export function unreachable(cause: unknown): ClientError {
  return new ClientError(
    'CLIENT_SERVER_UNREACHABLE',
    `the server does not respond: ${reasonOf(cause)}`,
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
