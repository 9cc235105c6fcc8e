import { JsonLog } from './json-log';
import { scrub } from './scrub';

function logged(say: (log: JsonLog) => void, level: 'trace' | 'info' | 'error' = 'info'): Record<string, unknown>[] {
  const lines: string[] = [];
  say(new JsonLog(level, 'worker', (line) => lines.push(line)));
  for (const line of lines) expect(line.match(/\n/g)).toHaveLength(1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('says one JSON object a line, with time, level, service and event', () => {
  const [line] = logged((log) => log.say('info', 'run.driven', { runId: 'run_1', note: 'two\nlines', level: 'x' }));
  expect(line).toMatchObject({ level: 'info', service: 'worker', event: 'run.driven', note: 'two\nlines' });
  expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(line).not.toHaveProperty('trace_id');
});

it('leaves out what is below its level', () => {
  const say = (log: JsonLog) => {
    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) log.say(level, level);
  };
  expect(logged(say, 'error').map(({ event }) => event)).toEqual(['error']);
  expect(logged(say, 'trace')).toHaveLength(5);
});

it('tells errors with code, cause and, as errors of ours, their stack', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const error = new Error('no database', { cause });
  const [warned] = logged((log) => log.say('warn', 'x', { error }));
  expect(warned?.['error']).toEqual({
    name: 'Error',
    message: 'no database',
    cause: { name: 'Error', code: 'ECONNREFUSED', message: 'refused' },
  });
  const [failed] = logged((log) => log.say('error', 'x', { error: new AggregateError([cause], 'all') }));
  expect(failed?.['error']).toMatchObject({
    stack: expect.stringContaining('json-log.spec'),
    errors: [{ code: 'ECONNREFUSED' }],
  });
});

it('ends, whatever it is given', () => {
  const ring: Record<string, unknown> = { big: 10n, call: () => 1, long: 'x'.repeat(100_000) };
  ring['self'] = ring;
  const [line] = logged((log) => log.say('info', 'x', { ring }));
  expect(JSON.stringify(line).length).toBeLessThan(100_000);
  const cyclic = new Error('a');
  cyclic.cause = cyclic;
  expect(logged((log) => log.say('error', 'x', { cyclic }))).toHaveLength(1);
});

const SECRET = 'hunter2-S3cr3t/+=';
const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWl0';

describe('secrets never appear', () => {
  it.each<[string, Record<string, unknown>]>([
    ['a URL with user and password', { url: `postgresql://user:${SECRET}@db:5432/x?sslmode=on` }],
    ['a URL whose password holds an @', { url: `https://user:${'hunter2-S3cr3t@x'}@host/path` }],
    ['a token in a URL', { reason: `GET https://h/x?access_token=${SECRET}&a=b failed` }],
    ['a signed URL', { url: `https://s3/x?X-Amz-Signature=${SECRET}&X-Amz-Security-Token=${SECRET}` }],
    ['a code of a sign-in', { url: `https://h/callback?code=${SECRET}` }],
    ['a bearer token', { header: `Authorization: Bearer ${SECRET}` }],
    ['a JSON web token', { text: `token was ${JWT} and so on` }],
    [
      'a field of that name',
      { password: SECRET, clientSecret: SECRET, authorization: SECRET, nested: [{ token: SECRET }] },
    ],
    ['a text like a setting', { text: `password=${SECRET} api_token: "${SECRET}"` }],
    ['a private key', { pem: `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n` }],
    ['an error', { error: new Error(`connect postgres://u:${SECRET}@h failed`) }],
    ['a cause', { error: new Error('x', { cause: new Error(`Bearer ${SECRET}`) }) }],
  ])('%s', (_, fields) => {
    const heard: unknown[] = [];
    const lines = logged((log) => {
      log.sendTo((line) => heard.push(line));
      log.say('error', 'x', fields);
    });
    for (const text of [JSON.stringify(lines), JSON.stringify(heard)]) {
      expect(text).toContain('[redacted]');
      expect(text).not.toMatch(/hunter2|S3cr3t|c2lnbmF0dXJl/);
    }
  });

  it.each([
    'CLAIM_LOST postgresql://db:5432/x is away (code 57P01)',
    '{"code":"PLAN_INVALID","path":"/spec"}',
    'the token has expired',
    'basic function',
    'https://id.example.org/jwks?version=2',
  ])('and what is none stays: %s', (text) => expect(scrub(text)).toBe(text));
});
