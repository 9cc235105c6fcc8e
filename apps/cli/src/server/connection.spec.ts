import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from './connection';

describe('the server that is asked', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    writeFileSync(join(folder, 'token'), 'abc.def\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('comes from options, else from the environment; the token from a file too', async () => {
    const env = { TASKRUNNER_SERVER: 'https://a.example/base/', TASKRUNNER_TOKEN_FILE: join(folder, 'token') };
    expect((await connect({}, env)).url).toBe('https://a.example/base');
    expect((await connect({ server: 'http://127.0.0.1:8080' }, env)).url).toBe('http://127.0.0.1:8080');
  });

  it.each([
    [{}, {}, 'CLI_SERVER_MISSING'],
    [{ server: 'ftp://x' }, {}, 'CLI_USAGE'],
    [{ server: 'https://user@x' }, {}, 'CLI_USAGE'],
    [{ server: 'https://x' }, {}, 'CLI_TOKEN_MISSING'],
    [{ server: 'https://x', token: 'a b\r\nx: y' }, {}, 'CLI_TOKEN_MISSING'],
    [{ server: 'https://x' }, { TASKRUNNER_TOKEN_FILE: '/nowhere/token' }, 'CLI_FILE'],
  ])('%j %j: %s', async (options, env, code) => {
    await expect(connect(options, env)).rejects.toMatchObject({ code });
  });
});
