import { Api } from './api';
import { ApiProblem } from './problem';

function server(...answers: (() => Response)[]) {
  const requests: { url: string; token: string | null }[] = [];
  const send = async (input: unknown, options?: RequestInit): Promise<Response> => {
    requests.push({ url: String(input), token: new Headers(options?.headers).get('authorization') });
    const answer = answers[requests.length - 1];
    if (answer === undefined) throw new TypeError('fetch failed');
    return answer();
  };
  jest.spyOn(globalThis, 'fetch').mockImplementation(send);
  return requests;
}

function session(...tokens: string[]) {
  return { token: async () => tokens[0] ?? '', refused: async () => tokens.shift() !== undefined && tokens.length > 0 };
}

const json =
  (status: number, body: object, headers: Record<string, string> = {}) =>
  (): Response =>
    new Response(JSON.stringify(body), { status, headers });
const BASE = 'https://runner.example.org/api/';

afterEach(() => jest.restoreAllMocks());

it('sends the token, and an empty parameter but no absent one', async () => {
  const requests = server(json(200, { items: [] }));
  await new Api(BASE, session('one')).get('runs/r/steps', { parent: '', status: null, limit: 5 });
  expect(requests).toEqual([{ url: `${BASE}runs/r/steps?parent=&limit=5`, token: 'Bearer one' }]);
});

it('asks once more with a new token where the first is refused, and not again', async () => {
  const requests = server(json(401, {}), json(200, { ok: true }));
  expect(await new Api(BASE, session('one', 'two')).get('me')).toEqual({ ok: true });
  expect(requests.map(({ token }) => token)).toEqual(['Bearer one', 'Bearer two']);
  server(
    json(401, { code: 'TOKEN_INVALID', detail: 'expired' }),
    json(401, { code: 'TOKEN_INVALID', detail: 'expired' }),
  );
  await expect(new Api(BASE, session('one', 'two')).get('me')).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
});

it('says what the server says of a failure, and whether another try may help', async () => {
  const problem = { code: 'RATE_LIMITED', detail: 'too many requests', remediation: 'Wait.' };
  server(json(429, problem, { 'retry-after': '2' }));
  const error: unknown = await new Api(BASE, session('one')).get('runs').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ status: 429, code: 'RATE_LIMITED', message: 'too many requests', retryAfter: 2_000 });
  expect(ApiProblem.is(error) && error.isTransient).toBe(true);
  server(() => new Response('<html>', { status: 502 }));
  await expect(new Api(BASE, session('one')).get('runs')).rejects.toMatchObject({ status: 502, code: 'UNKNOWN' });
  server();
  await expect(new Api(BASE, session('one')).get('runs')).rejects.toMatchObject({ status: 0, code: 'UNREACHABLE' });
});
