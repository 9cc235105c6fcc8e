import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ContextFile, type ServerContext } from './context-file';
import { contextFor, contextName, contextNamed, currentContext, withContext, withoutContext } from './contexts';

const CONTEXT: ServerContext = {
  server: 'https://a.example',
  issuer: 'https://id.example',
  clientId: 'cli',
  scopes: ['openid'],
  resource: null,
  session: { access: 'token', expiresAt: 1, refresh: null },
};

let folder: string;
let file: ContextFile;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'contexts-'));
  file = new ContextFile({ XDG_CONFIG_HOME: folder });
  path = file.path ?? '';
});
afterEach(() => rmSync(folder, { recursive: true }));

const add = (name: string) => file.update((before) => withContext(before, { name, ...CONTEXT }));

describe('the file with contexts', () => {
  it('lies in the configuration folder of the user, if the environment names one', () => {
    expect(path).toBe(join(folder, 'taskrunner', 'contexts.json'));
    expect(new ContextFile({ HOME: '/home/ada' }).path).toBe('/home/ada/.config/taskrunner/contexts.json');
    expect(new ContextFile({ HOME: '/home/ada', XDG_CONFIG_HOME: 'relative' }).path).toContain('/home/ada');
    expect(new ContextFile({}).path).toBeNull();
  });

  it('may be read by its owner only, and is read as it was written', async () => {
    expect(await file.read()).toEqual({ current: null, contexts: {} });
    await add('a');
    expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(await file.read()).toEqual({ current: null, contexts: { a: CONTEXT } });
    expect(readdirSync(dirname(path))).toEqual(['contexts.json']);
  });

  it.each([0o644, 0o640, 0o660, 0o400])('is refused with the permissions %o', async (mode) => {
    await add('a');
    chmodSync(path, mode);
    const refusal = { code: 'CLI_CONTEXTS_UNSAFE', exitCode: 3, remediation: expect.stringContaining('chmod 600') };
    await expect(file.read()).rejects.toMatchObject(refusal);
    await expect(add('b')).rejects.toMatchObject(refusal);
    expect(statSync(path).mode & 0o777).toBe(mode);
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"schema":"taskrunner.contexts.v2","current":null,"contexts":{}}',
    '{"schema":"taskrunner.contexts.v1","current":1,"contexts":{}}',
    '{"schema":"taskrunner.contexts.v1","current":null}',
    '{"schema":"taskrunner.contexts.v1","current":null,"contexts":{"a":{}}}',
    '{"schema":"taskrunner.contexts.v1","current":null,"contexts":{"a":{"server":"s","session":{"access":1}}}}',
    '{"schema":"taskrunner.contexts.v1","current":null,"contexts":{"a":{"server":"s","scopes":[1]}}}',
  ])('is refused and left as it is if it contains %j', async (text) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
    await expect(file.read()).rejects.toMatchObject({ code: 'CLI_CONTEXTS_INVALID', exitCode: 2 });
    await expect(add('b')).rejects.toMatchObject({ code: 'CLI_CONTEXTS_INVALID' });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('keeps every change of writers at the same time, and readers always find a whole file', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        await file.read();
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await Promise.all(names.map(add));
    isOver = true;
    await reading;
    expect(Object.keys((await file.read()).contexts).sort()).toEqual([...names].sort());
  });

  it('is not held up by the lock of a process that was killed', async () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.lock`, '1');
    utimesSync(`${path}.lock`, 0, 0);
    await add('a');
    expect(readdirSync(dirname(path))).toEqual(['contexts.json']);
  });

  it('is unlocked after a change that fails', async () => {
    await expect(file.update(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await add('a');
    expect(Object.keys((await file.read()).contexts)).toEqual(['a']);
  });
});

describe('contexts', () => {
  const two = {
    current: 'a',
    contexts: { a: CONTEXT, b: { ...CONTEXT, server: 'https://b.example' }, c: { ...CONTEXT, session: null } },
  };

  it('are found by name, and by the variable before the current one', () => {
    expect(contextNamed(two, 'b')).toMatchObject({ name: 'b', server: 'https://b.example' });
    expect(currentContext(two, {})?.name).toBe('a');
    expect(currentContext(two, { TASKRUNNER_CONTEXT: 'b' })?.name).toBe('b');
    expect(currentContext({ ...two, current: null }, {})).toBeNull();
    expect(() => currentContext(two, { TASKRUNNER_CONTEXT: 'x' })).toThrow(
      expect.objectContaining({ code: 'CLI_CONTEXT_UNKNOWN', remediation: 'Contexts are: a, b, c.' }),
    );
    expect(() => contextNamed(two, 'constructor')).toThrow('there is no context constructor');
  });

  it('give a token to their own server only', () => {
    expect(contextFor(two, 'https://b.example', contextNamed(two, 'a'))?.name).toBe('b');
    expect(contextFor(two, 'https://a.example', null)?.name).toBe('a');
    expect(contextFor(two, 'https://c.example', contextNamed(two, 'a'))).toBeNull();
  });

  it('are no longer current when they are removed', () => {
    expect(withoutContext(two, 'a').current).toBeNull();
    expect(withoutContext(two, 'b').current).toBe('a');
  });

  it.each(['', '-a', 'a b', 'a/b', 'ä', 'x'.repeat(65)])('cannot be called %j', (name) => {
    expect(() => contextName(name)).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }));
  });
});
