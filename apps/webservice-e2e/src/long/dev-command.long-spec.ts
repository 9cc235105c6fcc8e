import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  /** Written by the program that would open a browser. */
  let opened: string;
  let env: Record<string, string>;

  /** What it prints, until it is ready. */
  async function printedBy(output: NodeJS.ReadableStream): Promise<readonly string[]> {
    const printed: string[] = [];
    for await (const line of createInterface({ input: output })) {
      printed.push(line.trimEnd());
      if (printed.at(-1) === USAGE_ENDS) break;
    }
    return printed;
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-dev-'));
    opened = join(folder, 'opened');
    mkdirSync(join(folder, 'bin'));
    const opener = `#!/bin/sh\necho "$1" > ${opened}.part && mv ${opened}.part ${opened}\n`;
    writeFileSync(join(folder, 'bin/xdg-open'), opener, { mode: 0o755 });
    env = { PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, HOME: folder, DISPLAY: ':0' };
  });
  afterAll(() => {
    dev?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('prints an address and commands that work as they are, and ends with Ctrl-C', async () => {
    const port = await freePort();
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    dev = spawn(process.execPath, [CLI, 'dev', '--port', String(port)], { cwd: folder, env, stdio: [...stdio] });
    const ended = new Promise((resolve) => dev.once('exit', resolve));
    const printed = await printedBy(dev.stdout ?? process.stdin);
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
    expect(existsSync(opened)).toBe(false);
  }, 240_000);

  it('opens the console for a person at a terminal', async () => {
    const port = await freePort();
    // `script` attaches a terminal.
    const line = `exec "${process.execPath}" "${CLI}" dev --port ${port}`;
    const shell = spawn('script', ['-qefc', line, '/dev/null'], {
      cwd: folder,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    dev = shell;
    const ended = new Promise((resolve) => shell.once('exit', resolve));
    const address = `http://127.0.0.1:${port}/console/`;
    expect(await printedBy(shell.stdout)).toContain(`console    ${address}`);
    while (!existsSync(opened)) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readFileSync(opened, 'utf8')).toBe(`${address}\n`);
    shell.stdin.write('\x03');
    expect(await ended).toBe(0);
  }, 240_000);
});
