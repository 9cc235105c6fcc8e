import { ClientError } from '../problem/client-error';

/** The body of a response: `await bodyOf(client.api.GET('/api/me'))`. Rejects with `CLIENT_ANSWER_INVALID` if it has none, such as 304. */
export async function bodyOf<Body>(
  answer: Promise<{ readonly data?: Body; readonly response: Response }>,
): Promise<NonNullable<Body>> {
  const { data, response } = await answer;
  if (data !== undefined && data !== null) return data;
  throw new ClientError(
    'CLIENT_ANSWER_INVALID',
    `the answer has status ${response.status} and no body`,
    'Use `data` and `response` of the answer if it may have no body.',
  );
}
