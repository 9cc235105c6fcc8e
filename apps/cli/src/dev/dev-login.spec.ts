import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenOfStack } from './dev-stack';

describe('a token of a stack that is not running', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dev-login-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('says so, and how to start it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const authority = { issuers: [{ issuer: `http://127.0.0.1:${port}` }] };
    writeFileSync(join(folder, 'task-runner.yaml'), JSON.stringify({ authority }));
    await expect(tokenOfStack(folder, 'ada')).rejects.toMatchObject({
      code: 'DEV_NOT_RUNNING',
      message: `the stack in ${folder} is not running`,
      remediation: `Start it in another terminal with: taskrunner dev --keep-data ${folder}`,
    });
  });
});
