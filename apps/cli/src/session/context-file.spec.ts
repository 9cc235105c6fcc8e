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
import { sessionToken } from './session-token';
import { unsafeFile, unsafeFolder } from './private-file';
import {
  contextFor,
  contextName,
  contextNamed,
  currentContext,
  restated,
  withContext,
  withoutContext,
} from './contexts';

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

  it.each([0o777, 0o770, 0o722, 0o1777])('is refused in a folder with the permissions %o', async (mode) => {
    await add('a');
    chmodSync(dirname(path), mode);
    const refusal = {
      code: 'CLI_CONTEXTS_UNSAFE',
      message: expect.stringContaining(dirname(path)),
      remediation: expect.stringContaining('chmod 700'),
    };
    await expect(file.read()).rejects.toMatchObject(refusal);
    await expect(add('b')).rejects.toMatchObject(refusal);
    rmSync(path);
    await expect(file.read()).rejects.toMatchObject(refusal);
    await expect(add('b')).rejects.toMatchObject(refusal);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  it('is refused if it belongs to another user, and so is its folder', () => {
    const own = { uid: 1000, mode: 0o600 };
    expect(unsafeFile({ ...own, mode: 0o100600 }, 1000)).toBeNull();
    expect(unsafeFile(own, 1001)).toBe('belongs to the user 1000');
    expect(unsafeFile(own, 0)).toBe('belongs to the user 1000');
    expect(unsafeFolder({ uid: 1000, mode: 0o40755 }, 1000)).toBeNull();
    expect(unsafeFolder({ uid: 0, mode: 0o40755 }, 1000)).toBeNull();
    expect(unsafeFolder({ uid: 1001, mode: 0o40700 }, 1000)).toBe('belongs to the user 1001');
    expect(unsafeFolder({ uid: 1000, mode: 0o40775 }, 1000)).toBe('has the permissions 775');
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
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
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
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
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

describe('the token of a context', () => {
  const token = (session: ServerContext['session']) => sessionToken(file, { name: 'a', ...CONTEXT, session })();
  const other = { access: 'of-b', expiresAt: Date.now() + 3_600_000, refresh: null };

  it('is that of another process if it has renewed it', async () => {
    await file.update((before) => withContext(before, { name: 'a', ...CONTEXT, session: other }));
    expect(await token(CONTEXT.session)).toBe('of-b');
  });

  it('is not that of another server that has got the name meanwhile', async () => {
    const server = 'https://b.example';
    await file.update((before) => withContext(before, { name: 'a', ...CONTEXT, server, session: other }));
    await expect(token(CONTEXT.session)).rejects.toMatchObject({ code: 'CLI_LOGIN_EXPIRED' });
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

  it.each([
    [{ server: 'https://b.example' }, { issuer: null, resource: null }],
    [{ issuer: 'https://other.example' }, { server: CONTEXT.server, clientId: 'cli', resource: null }],
    [{ clientId: 'other' }, { issuer: CONTEXT.issuer, resource: 'https://a.example/api' }],
    [{ resource: 'https://a.example/other' }, { issuer: CONTEXT.issuer }],
  ])('lose their sign-in with another %j', (change, rest) => {
    const before = { name: 'a', ...CONTEXT, resource: 'https://a.example/api' };
    expect(restated(before, { server: CONTEXT.server, ...change })).toMatchObject({
      ...rest,
      ...change,
      session: null,
    });
  });

  it('keep their sign-in if nothing of it is changed', () => {
    const before = { name: 'a', ...CONTEXT };
    const same = { server: CONTEXT.server, issuer: 'https://id.example', clientId: 'cli', scopes: ['x'] };
    expect(restated(before, same)).toEqual({ ...before, scopes: ['x'] });
    expect(restated(before, { server: CONTEXT.server })).toEqual(before);
  });

  it('are no longer current when they are removed', () => {
    expect(withoutContext(two, 'a').current).toBeNull();
    expect(withoutContext(two, 'b').current).toBe('a');
  });

  it.each(['', '-a', 'a b', 'a/b', 'ä', 'x'.repeat(65)])('cannot be called %j', (name) => {
    expect(() => contextName(name)).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }));
  });
});
