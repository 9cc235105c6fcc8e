import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Context } from '../context';
import { registerDownloads } from './download.commands';

const RUN = 'run_06dq7zq3wsg3n7c4x0qj1yz0kw';

describe('a command that downloads evidence', () => {
  let folder: string;
  let server: Server;
  let refusals: number;
  let isRemoved: boolean;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-evidence-'));
    isRemoved = false;
    server = createServer((request, response) => {
      if (isRemoved && !request.url?.endsWith('/evidence')) {
        response.writeHead(404, { 'content-type': 'application/problem+json' });
        return response.end(JSON.stringify({ code: 'RUN_NOT_FOUND', title: 'no run', status: 404, detail: 'no run' }));
      }
      if (!request.url?.endsWith('/evidence'))
        return response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ runId: RUN, status: 'succeeded' }));
      if (refusals-- <= 0) return response.setHeader('content-type', 'application/x-tar').end('bundle');
      const detail = 'its evidence is pending: the object store does not accept writes\n\u001b[1Aevidence sha256:0';
      response.writeHead(409, { 'content-type': 'application/problem+json' });
      return response.end(JSON.stringify({ code: 'EVIDENCE_NOT_SEALED', title: 'not sealed', status: 409, detail }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  async function said(refused: number): Promise<readonly string[]> {
    refusals = refused;
    const lines: string[] = [];
    const env = {
      TASKRUNNER_SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      TASKRUNNER_TOKEN: 'a.b.c',
    };
    const terminal = { print: () => undefined, say: (line: string) => void lines.push(line), isInteractive: false };
    const context = { env, terminal, run: async (work: () => Promise<number>) => work() } as unknown as Context;
    const program = new Command();
    registerDownloads(program, context);
    const file = join(folder, 'run.tar');
    await program.parseAsync(['evidence', RUN, '--file', file], { from: 'user' });
    expect(existsSync(file)).toBe(true);
    return lines;
  }

  it('finds that of a run which retention has removed', async () => {
    isRemoved = true;
    expect(await said(0)).toEqual([]);
  });

  it('says once why it waits, on one line, but not for a seal that comes soon', async () => {
    expect(await said(1)).toEqual([]);
    expect(await said(6)).toEqual([
      expect.stringMatching(
        /^waiting for the evidence: its evidence is pending: the object store does not accept writes[^\u001b\n]*$/,
      ),
    ]);
  }, 20_000);
});
