import { bodyOf } from '@taskrunner/client';
import { clientFor } from './client';
import { failureText, isAbsent, isFinal, messageOf } from './problem';

function server(...answers: (() => Response)[]) {
  const requests: { url: string; token: string | null; options: RequestInit | undefined }[] = [];
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (input, options) => {
    const { url, headers } = input as Request;
    requests.push({ url, token: headers.get('authorization'), options });
    const answer = answers[requests.length - 1];
    if (answer === undefined) throw new TypeError('fetch failed');
    return answer();
  });
  return requests;
}

function session(...tokens: string[]) {
  return { token: async () => tokens[0] ?? '', refused: async () => tokens.shift() !== undefined && tokens.length > 0 };
}

function person(...tokens: string[]) {
  const notes: boolean[] = [];
  const connection = { note: (isThere: boolean) => void notes.push(isThere) };
  return { client: clientFor('https://runner.example.org/base/', session(...tokens), connection), notes };
}

const json =
  (status: number, body: object, headers: Record<string, string> = {}) =>
  (): Response =>
    Response.json(body, { status, headers });
const refusalOf = (request: Promise<unknown>): Promise<unknown> => request.catch((thrown: unknown) => thrown);

afterEach(() => jest.restoreAllMocks());

it('sends the token and no cookie, and keeps no answer', async () => {
  const requests = server(json(200, { tenant: 'acme' }));
  const { client, notes } = person('one');
  await bodyOf(client.api.GET('/api/me'));
  expect(requests).toEqual([
    {
      url: 'https://runner.example.org/base/api/me',
      token: 'Bearer one',
      options: { cache: 'no-store', credentials: 'omit' },
    },
  ]);
  expect(notes).toEqual([true]);
});

it('asks once more with a new token where the first is refused', async () => {
  const requests = server(json(401, {}), json(200, { tenant: 'acme' }));
  await person('one', 'two').client.api.GET('/api/me');
  expect(requests.map(({ token }) => token)).toEqual(['Bearer one', 'Bearer two']);
});

it('says what the server says of a failure, and whether another try may help', async () => {
  const problem = { code: 'RATE_LIMITED', detail: 'too many requests', remediation: 'Wait.', retryable: true };
  server(json(429, problem));
  const busy = await refusalOf(person('one').client.api.GET('/api/me'));
  expect(failureText(busy)).toEqual({
    ...{ code: 'RATE_LIMITED', message: 'too many requests', remediation: 'Wait.', faults: [] },
  });
  expect([messageOf(busy), isFinal(busy), isAbsent(busy)]).toEqual(['too many requests', false, false]);
  server(json(404, { code: 'RUN_NOT_FOUND', detail: 'no such run', retryable: false }));
  const absent = await refusalOf(person('one').client.api.GET('/api/me'));
  expect([isFinal(absent), isAbsent(absent)]).toEqual([true, true]);
  expect([failureText(new Error('x')), messageOf(new Error('x')), isFinal(new Error('x'))]).toEqual([null, 'x', false]);
});

it('notes a lost connection, and none for a request that is stopped', async () => {
  server();
  const { client, notes } = person('one');
  const lost = await refusalOf(client.api.GET('/api/me'));
  expect([failureText(lost)?.message, isFinal(lost)]).toEqual(['The server cannot be reached.', false]);
  await refusalOf(client.api.GET('/api/me', { signal: AbortSignal.abort() }));
  expect(notes).toEqual([false]);
});

it('notes a lost connection where a proxy answers in place of the server', async () => {
  const page = (status: number) => (): Response => new Response('<h1>Bad gateway</h1>', { status });
  server(page(502), page(504), page(500), json(503, { code: 'DATABASE_UNAVAILABLE' }), json(200, { tenant: 'acme' }));
  const { client, notes } = person('one');
  for (let asked = 0; asked < 5; asked += 1) await refusalOf(client.api.GET('/api/me'));
  expect(notes).toEqual([false, false, true, true, true]);
});
