import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ROOT } from '../stack/stack';

const CLI = join(ROOT, 'apps/cli/bin/taskrunner.js');
const USAGE_ENDS = 'Press Ctrl-C to stop all processes.';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The command with which every guide begins, as a reader types it: a process, with a database of its own, in an empty folder. */
describe('taskrunner dev', () => {
  let folder: string;
  let dev: ChildProcess;
  const printed: string[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-dev-'));
  });
  afterAll(() => {
    dev?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('prints an address and commands that work as they are, and ends with Ctrl-C', async () => {
    const port = await freePort();
    const env = { PATH: process.env['PATH'], HOME: folder };
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    dev = spawn(process.execPath, [CLI, 'dev', '--port', String(port)], { cwd: folder, env, stdio: [...stdio] });
    const ended = new Promise((resolve) => dev.once('exit', resolve));
    for await (const line of createInterface({ input: dev.stdout ?? process.stdin })) {
      printed.push(line);
      if (line === USAGE_ENDS) break;
    }
    expect(printed).toContain(`export TASKRUNNER_SERVER=http://127.0.0.1:${port}`);
    const exports = printed.filter((line) => line.startsWith('export '));
    const typed = `${exports.join('\n')}\nnpx taskrunner whoami`.replaceAll(
      'npx taskrunner',
      `"${process.execPath}" "${CLI}"`,
    );
    const { stdout } = await promisify(execFile)('bash', ['-euc', typed], { cwd: folder, env });
    expect(stdout).toMatch(/^Ada \(ada of /);
    dev.kill('SIGINT');
    expect(await ended).toBe(0);
  }, 240_000);
});
