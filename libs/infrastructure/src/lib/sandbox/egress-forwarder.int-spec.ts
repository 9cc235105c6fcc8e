import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeSandbox } from './probe';
import { DEFAULT_LIMITS, type Sandbox } from './sandbox';
import { Supervisor } from './supervisor';
import { Workspace } from './workspace/workspace';

// This proxy responds by itself. Requests that reach it are those that a real proxy would evaluate.
let base: string;
let supervisor: Supervisor;
let sandbox: Sandbox | null;
let workspace: Workspace;
let proxy: Server;
let socketPath: string;
const asked: string[] = [];
let count = 0;

beforeAll(async () => {
  supervisor = Supervisor.start({ watchMs: 20 });
  base = await mkdtemp(join(tmpdir(), 'forwarder-'));
  const probe = await probeSandbox({ profile: 'bwrap-sealed/v1', supervisor, stubFolder: join(base, 'etc') });
  ({ sandbox } = probe);
  if (sandbox === null && process.env.CI === 'true') throw new Error(probe.reason ?? '');
  if (sandbox === null) console.warn(`skipped: ${probe.reason}`);
  socketPath = join(base, 'egress.sock');
  proxy = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(`for ${request.url}`);
  });
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.on('data', (bytes: Buffer) => socket.write(bytes));
    socket.on('end', () => socket.end());
  });
  await new Promise<void>((resolve) => proxy.listen(socketPath, resolve));
  // If this process is root, the step runs as another user.
  await chmod(socketPath, 0o666);
});
beforeEach(async () => {
  asked.length = 0;
  const owner = sandbox?.owner ?? null;
  workspace = await Workspace.create({ root: join(base, 'work'), run: 'run_1', execution: String(count++), owner });
});
afterEach(() => workspace.remove());
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await supervisor.close();
  await rm(base, { recursive: true });
});

async function start(script: string, egressSocket: string | null = socketPath, limits = DEFAULT_LIMITS) {
  if (sandbox === null) throw new TypeError('no sandbox');
  const tool = await sandbox.resolveTool(workspace, 'bash');
  const env = sandbox.environment(workspace);
  let stdout = '';
  let stderr = '';
  const launch = sandbox.launch({ workspace, tool, args: ['-c', script], env, egressSocket, limits });
  const child = await supervisor.run(launch, {
    onOutput: async (stream, chunk) => {
      if (stream === 'stdout') stdout += new TextDecoder().decode(chunk);
      else stderr += new TextDecoder().decode(chunk);
    },
  });
  return { child, read: () => ({ stdout, stderr }) };
}

async function run(script: string, egressSocket: string | null = socketPath) {
  const { child, read } = await start(script, egressSocket);
  return { ...(await child.exit), ...read() };
}

const REQUEST = String.raw`exec 3<>/dev/tcp/127.0.0.1/3128 && printf 'GET http://example.test/x HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n' >&3 && cat <&3`;

describe('a step with an egress socket', () => {
  it('takes no memory from the step', async () => {
    if (sandbox === null) return;
    // Less memory than a Node process needs.
    const limits = { ...DEFAULT_LIMITS, memoryBytes: 4 * 1024 * 1024 };
    const { child } = await start('sleep 0.5', socketPath, limits);
    expect(await child.exit).toEqual({ code: 0, signal: null, killed: null });
  });

  it('reaches its proxy, and is told so in every spelling', async () => {
    if (sandbox === null) return;
    const result = await run(`env | grep -i -e proxy | sort; ${REQUEST}`);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('for http://example.test/x');
    expect(asked).toEqual(['GET http://example.test/x']);
    const names = ['ALL_PROXY', 'HTTPS_PROXY', 'HTTP_PROXY', 'all_proxy', 'http_proxy', 'https_proxy'];
    for (const name of names) expect(result.stdout).toContain(`${name}=http://127.0.0.1:3128\n`);
    expect(result.stdout).toMatch(/^NO_PROXY=$/m);
    expect(result.stdout).toMatch(/^no_proxy=$/m);
  });

  it('tunnels, in both directions, until one side ends', async () => {
    if (sandbox === null) return;
    const result = await run(
      String.raw`exec 3<>/dev/tcp/127.0.0.1/3128; printf 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n' >&3
       read -r line <&3; read -r blank <&3; echo "$line"; head -c 3000000 /dev/zero >&3 & head -c 3000000 <&3 | wc -c`,
    );
    expect(result.stdout).toMatch(/^HTTP\/1.1 200 Connection established\r\n3000000\n$/);
    expect(asked).toEqual(['CONNECT a.test:443']);
  });

  it('has that way only', async () => {
    if (sandbox === null) return;
    const listener = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    const result = await run(
      `(exec 3<>/dev/tcp/127.0.0.1/${port}) && echo reached; tail -n +3 /proc/net/dev | grep -vc lo:`,
    );
    listener.close();
    expect(result.stdout).toBe('0\n');
    expect(asked).toEqual([]);
  });

  it('keeps its own exit, children, output and standard input', async () => {
    if (sandbox === null) return;
    const result = await run('jobs; wait; cat; echo out; echo err >&2; ls /proc/self/fd | tr "\\n" " "; exit 7');
    expect(result).toMatchObject({ code: 7, stdout: 'out\n0 1 2 3 ', stderr: 'err\n' });
  });

  it('may still use it while it tidies up', async () => {
    if (sandbox === null) return;
    const { child, read } = await start(
      `trap '${REQUEST.replaceAll("'", '"')} >/dev/null && echo bye; exit 5' TERM; echo up; while :; do sleep 0.02; done`,
    );
    while (read().stdout === '') await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await child.stop(10_000)).toEqual({ code: 5, signal: null, killed: 'stop' });
    expect(read().stdout).toBe('up\nbye\n');
    expect(asked).toEqual(['GET http://example.test/x']);
  });

  it('sees its connection end where the proxy ends it', async () => {
    if (sandbox === null) return;
    const silent = join(base, 'silent.sock');
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(silent, resolve));
    await chmod(silent, 0o666);
    const result = await run(`${REQUEST}; echo ended`, silent);
    server.close();
    expect(result.stdout).toBe('ended\n');
  });

  it('does not begin where the way cannot be laid', async () => {
    if (sandbox === null) return;
    const { child } = await start('echo began', join(base, 'no-such.sock'));
    await expect(child.exit).rejects.toMatchObject({ code: 'START_FAILED' });
  });
});

describe('a step without an egress socket', () => {
  it('has no network and no word of a proxy', async () => {
    if (sandbox === null) return;
    const result = await run(
      'env | grep -i proxy; ls /egress; (exec 3<>/dev/tcp/127.0.0.1/3128) && echo reached',
      null,
    );
    expect(result.stdout).toBe('');
  });
});
