import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { searched } from '@taskrunner/core/testing';
import type { StepFile } from '@taskrunner/core/ports';
import { BwrapSandbox } from './bwrap-sandbox';
import { readOutputs } from './workspace/outputs-file';
import { probeSandbox } from './probe';
import type { Sandbox } from './sandbox';
import { scriptFolder } from './script-folder';
import { Supervisor } from './supervisor';
import { Workspace } from './workspace/workspace';

// All files are below a folder that only its owner may enter, like a checkout in a home directory.
let base: string;
let supervisor: Supervisor;
let sandbox: Sandbox | null;
let workspace: Workspace;
let count = 0;

beforeAll(async () => {
  supervisor = Supervisor.start();
  // A sandbox has a /dev of its own, so it can show nothing below /dev. `npm test` has its folders in /dev/shm.
  base = await mkdtemp(join(tmpdir().startsWith('/dev/') ? '/var/tmp' : tmpdir(), 'private-'));
  await writeFile(join(base, 'key.pem'), 'the signing key', { mode: 0o600 });
  const probe = await probeSandbox({
    profile: 'bwrap-open/v2',
    supervisor,
    stubFolder: join(base, 'etc'),
    hidden: [join(base, 'key.pem'), __filename],
  });
  ({ sandbox } = probe);
  if (sandbox === null && process.env.CI === 'true') throw new Error(probe.reason ?? '');
  if (sandbox === null) console.warn(`skipped: ${probe.reason}`);
});
beforeEach(async () => {
  workspace = await Workspace.create({
    root: join(base, 'work'),
    run: 'run_1',
    execution: String(count++),
    owner: sandbox?.owner ?? null,
  });
});
afterEach(() => workspace.remove());
afterAll(async () => {
  await supervisor.close();
  await rm(base, { recursive: true });
});

async function runIn(
  sandbox: Sandbox,
  argv: readonly string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
) {
  const [argv0 = '', ...args] = argv;
  const tool = await sandbox.resolveTool(workspace, argv0);
  const env = { ...sandbox.environment(workspace), ...options.env };
  const stdin = options.stdin === undefined ? {} : { stdin: options.stdin };
  let stdout = '';
  let stderr = '';
  const child = await supervisor.run(sandbox.launch({ workspace, tool, args, env, ...stdin }), {
    onOutput: async (stream, chunk) => {
      if (stream === 'stdout') stdout += new TextDecoder().decode(chunk);
      else stderr += new TextDecoder().decode(chunk);
    },
  });
  const read = () => ({ stdout, stderr });
  return { child, tool, read };
}

async function sh(script: string, options: { env?: Record<string, string>; stdin?: string } = {}) {
  if (sandbox === null) return null;
  const { child, read } = await runIn(sandbox, ['sh', '-c', script], options);
  return { ...(await child.exit), ...read() };
}

/** Times of the stop, milliseconds after the start; the grace period; and the limit for the end. */
const STOPS = { lastMs: 40, stepMs: searched(2, 0.4), graceMs: 20, withinMs: 30_000 };

describe('a step under bubblewrap', () => {
  it('finds its workspace, and what it was given there is read-only', async () => {
    const files: StepFile[] = [{ path: 'deep/data.txt', content: 'given' }];
    await workspace.writeFiles('in', files);
    await workspace.writeFiles('pack', [
      { path: 'bin/tool.sh', content: '#!/bin/sh\necho "tool $1"', executable: true },
    ]);
    const result = await sh(
      `pwd; cat in/deep/data.txt; echo; pack/bin/tool.sh x; echo a > out/a && echo b > tmp/b && echo c > home/c && echo d > /tmp/d &&
       echo e > "$TMPDIR/e" && cd && pwd && cat; echo x > /task/in/deep/y || echo ro-in; chmod 700 /task/pack/bin/tool.sh || echo ro-pack
       rm -rf /task/in/deep 2>/dev/null; mv /task/in /task/old 2>/dev/null || echo kept`,
      { stdin: 'from stdin\n' },
    );
    if (result === null) return;
    expect(result.stdout.split('\n')).toEqual([
      '/task',
      'given',
      'tool x',
      '/task/home',
      'from stdin',
      'ro-in',
      'ro-pack',
      'kept',
      '',
    ]);
    expect(result.code).toBe(0);
    expect(readFileSync(join(workspace.path, 'out/a'), 'utf8')).toBe('a\n');
  });

  it('does not begin before its file systems in memory are held', async () => {
    if (sandbox === null) return;
    const tool = await sandbox.resolveTool(workspace, 'sh');
    const env = sandbox.environment(workspace);
    const { watch, ...launch } = sandbox.launch({ workspace, tool, args: ['-c', 'echo began'], env });
    if (watch === undefined) throw new Error('not watched');
    const missing = { path: '/missing', bytes: 4_096 };
    let stdout = '';
    const child = await supervisor.run(
      { ...launch, watch: { ...watch, tmpfs: [...watch.tmpfs, missing] } },
      { onOutput: async (_stream, chunk) => void (stdout += new TextDecoder().decode(chunk)) },
    );
    // Another child starts and ends in the meantime.
    expect((await sh('echo other'))?.stdout).toBe('other\n');
    expect(await child.stop(0)).toMatchObject({ killed: 'stop' });
    expect(stdout).toBe('');
  });

  it('has exactly the environment that it was given, and none of it on a command line', async () => {
    const result = await sh('env; echo; cat /proc/*/cmdline | tr "\\0" " "; echo; ls /proc/self/fd', {
      env: { SECRET: 'swordfish-1234' },
    });
    if (result === null) return;
    const [env = '', rest = ''] = result.stdout.split('\n\n');
    expect(
      env
        .split('\n')
        .map((line) => line.split('=')[0])
        .sort(),
    ).toEqual(['HOME', 'LANG', 'PATH', 'PWD', 'SECRET', 'TASKRUNNER_OUTPUTS', 'TMPDIR', 'TZ']);
    expect(rest).not.toContain('swordfish');
    // 0, 1, 2, and the folder that ls lists.
    expect(rest.trim().split('\n').slice(-4)).toEqual(['0', '1', '2', '3']);
  });

  it.each([
    ['the key file', () => `cat ${join(base, 'key.pem')}`],
    ['the repository', () => `cat ${__filename}`],
    ['shadow', () => 'cat /etc/shadow'],
    ['homes', () => 'ls /root /home'],
    ['runtime files', () => 'ls /run /var /sys'],
    ['its own staging', () => 'ls /stage'],
    ['the worker', () => `ls /proc/${process.pid}`],
    ['the host name', () => `hostname | grep -qx ${execFileSync('hostname').toString().trim()}`],
    ['core dumps', () => '[ "$(ulimit -c)" != 0 ]'],
    ['user namespaces', () => 'unshare --user true'],
    ['a writable root', () => 'touch /x || touch /usr/x || touch /etc/x || touch /task/in/x'],
    ['the kernel', () => 'echo x > /proc/sys/kernel/core_pattern'],
    ['other users', () => '[ "$(id -u)" != 65534 ] || su -c true || setpriv --reuid 0 true'],
    ['other networks', () => '[ "$(tail -n +3 /proc/net/dev | grep -vc lo:)" != 0 ]'],
    ['devices', () => 'cat /dev/mem || cat /dev/kmsg || mknod /tmp/n c 1 3'],
  ])('cannot reach %s', async (_what, script) => {
    const result = await sh(script());
    if (result !== null) expect(result.code).not.toBe(0);
  });

  it('cannot connect to what listens on this machine', async () => {
    const listener = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    const result = await sh(`bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3'`);
    listener.close();
    if (result === null) return;
    expect(result.code).not.toBe(0);
    expect(result.stdout).toBe('');
  });

  it('is another user than a worker that is root', async () => {
    if (sandbox === null || process.getuid?.() !== 0) return;
    const { child } = await runIn(sandbox, ['sh', '-c', `echo up; sleep ${NAP} & wait`]);
    while (napping().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const uids = napping().map((pid) => /\nUid:\t(\d+)/.exec(statusOf(pid))?.[1]);
    await child.stop(0);
    expect(uids).toEqual(['65534']);
  });

  it('says its outputs, and how it ended', async () => {
    const result = await sh('echo \'{"n": 1}\' > "$TASKRUNNER_OUTPUTS"; exit 78');
    if (result === null) return;
    expect(result).toMatchObject({ code: 78, signal: null, killed: null });
    expect(await readOutputs(workspace)).toEqual({ n: 1 });
  });

  it('is told apart from a sandbox that could not be built', async () => {
    if (sandbox === null) return;
    const { workspace: broken } = { workspace };
    await rm(join(broken.path, 'pack'), { recursive: true });
    const { child } = await runIn(sandbox, ['true']);
    await expect(child.exit).rejects.toMatchObject({ code: 'START_FAILED' });
    await mkdir(join(broken.path, 'pack'));
    expect((await sh('exit 1'))?.code).toBe(1);
  });

  it('may tidy up on SIGTERM; its daemons may not stay', async () => {
    if (sandbox === null) return;
    const script = `trap "echo bye; exit 5" TERM; (setsid sleep ${NAP} >/dev/null 2>&1 &); echo up; while :; do sleep 0.02; done`;
    const { child, read } = await runIn(sandbox, ['sh', '-c', script]);
    // The daemon starts shortly after the step's output.
    while (read().stdout === '' || napping().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await child.stop(5_000)).toEqual({ code: 5, signal: null, killed: 'stop' });
    expect(read().stdout).toBe('up\nbye\n');
    expect(napping()).toEqual([]);
  });

  it('is killed with its daemons if it ignores SIGTERM', async () => {
    if (sandbox === null) return;
    const script = `trap "" TERM; (setsid sh -c 'trap "" TERM; sleep ${NAP}' &); echo up; sleep ${NAP}`;
    const { child, read } = await runIn(sandbox, ['sh', '-c', script]);
    while (read().stdout === '') await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await child.stop(100)).toMatchObject({ killed: 'stop' });
    expect(napping()).toEqual([]);
  });

  it('is killed also while its sandbox is being built, when nothing of it dies with its parent yet', async () => {
    if (sandbox === null) return;
    const ends: unknown[] = [];
    for (let delay = 0; delay < STOPS.lastMs; delay += STOPS.stepMs) {
      const { child } = await runIn(sandbox, ['sh', '-c', `trap "" TERM; sleep ${NAP}`]);
      await new Promise((resolve) => setTimeout(resolve, delay));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, STOPS.withinMs, `alive: told to stop after ${delay} ms`);
      });
      ends.push(await Promise.race([child.stop(STOPS.graceMs).then(({ killed }) => killed), late]));
      // Jest would wait for it.
      clearTimeout(timer);
    }
    expect(ends.filter((end) => end !== 'stop')).toEqual([]);
    expect(napping()).toEqual([]);
  }, 120_000);

  it('is killed when the supervisor is', async () => {
    if (sandbox === null) return;
    const { child, read } = await runIn(sandbox, [
      'sh',
      '-c',
      `trap "" TERM; (setsid sleep ${NAP} &); echo up; sleep ${NAP}`,
    ]);
    while (read().stdout === '') await new Promise((resolve) => setTimeout(resolve, 10));
    process.kill(supervisor.pid ?? 0, 'SIGKILL');
    await expect(child.exit).rejects.toMatchObject({ code: 'SUPERVISOR_LOST' });
    expect(napping()).toEqual([]);
  });

  it('dies with its worker, whatever it did to stay', async () => {
    if (sandbox === null) return;
    const tool = await sandbox.resolveTool(workspace, 'sh');
    const script = `trap "" TERM HUP INT; (setsid sh -c 'trap "" TERM HUP; sleep ${NAP}; sleep ${NAP}' &); sleep ${NAP} & sleep ${NAP}`;
    const launch = sandbox.launch({ workspace, tool, args: ['-c', script], env: {} });
    const worker = spawn(
      process.execPath,
      [
        '-e',
        `const { spawn, execFileSync } = require('node:child_process'); const fs = require('node:fs');
         execFileSync('mkfifo', ['o', 'e']); fs.openSync('o', 'r+'); fs.openSync('e', 'r+');
         const s = spawn(process.execPath, [${JSON.stringify(join(scriptFolder('supervisor-process'), 'main.js'))}, ''],
           { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
         s.stdin.write(JSON.stringify({ type: 'run', id: 1, ...${JSON.stringify(launch)}, stdin: null, stdout: process.cwd() + '/o',
           stderr: process.cwd() + '/e' }) + '\\n');
         s.stdout.on('data', (line) => process.stdout.write(line)); setInterval(() => {}, 1000);`,
      ],
      { cwd: await mkdtemp(join(base, 'worker-')), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve) => {
      createInterface({ input: worker.stdout }).on('line', (line) => {
        if (line.includes('"namespace"')) resolve();
      });
    });
    while (napping().length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    worker.kill('SIGKILL');
    // The sleeps outlast the timeout of this test.
    for (const end = Date.now() + 30_000; napping().length > 0 && Date.now() < end;)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(napping()).toEqual([]);
  });
});

describe('the probe', () => {
  it('finds what a root too many shows', async () => {
    if (sandbox === null) return;
    await mkdir(join(base, 'shown'), { recursive: true });
    await writeFile(join(base, 'shown/database'), '');
    const options = {
      profile: 'bwrap-open/v2',
      supervisor,
      stubFolder: join(base, 'etc-2'),
      roots: [join(base, 'shown')],
    } as const;
    const sees = await probeSandbox({ ...options, hidden: [join(base, 'shown/database')] });
    expect(sees).toMatchObject({ available: false, sandbox: null });
    expect(sees.reason).toContain(`sees ${join(base, 'shown/database')}`);
    // The base is an ancestor of a shown path, but none of its other entries is shown.
    const clear = await probeSandbox({ ...options, hidden: [base, join(base, 'key.pem')] });
    expect(clear).toMatchObject({ available: true, reason: null });
    expect(clear.digest).not.toBe(sees.digest);
  });

  it.each(['/', '/etc', '/home', 'relative', '/usr/../etc', '/nonexistent/x', '/var/'])(
    'refuses the root %s',
    async (root) => {
      const probe = await probeSandbox({
        profile: 'bwrap-open/v2',
        supervisor,
        stubFolder: join(base, 'etc-3'),
        roots: [root],
      });
      expect(probe.available).toBe(false);
    },
  );

  it('takes none/v1 for what it says it is', async () => {
    const probe = await probeSandbox({ profile: 'none/v1', supervisor, stubFolder: join(base, 'etc-4') });
    expect(probe).toMatchObject({ profile: 'none/v1', available: true });
  });
});

describe('a further root', () => {
  it('brings its tools, from below a private folder too', async () => {
    if (sandbox === null) return;
    const root = join(base, 'tools');
    await mkdir(join(root, 'bin'), { recursive: true });
    await writeFile(join(root, 'bin/hello'), '#!/bin/sh\necho hello');
    await chmod(join(root, 'bin/hello'), 0o755);
    await chmod(root, 0o755);
    const with_ = BwrapSandbox.open('bwrap-open/v2', { stubFolder: join(base, 'etc-5'), roots: [root] });
    const { child, tool, read } = await runIn(with_, ['hello']);
    expect(await child.exit).toMatchObject({ code: 0 });
    expect(read().stdout).toBe('hello\n');
    expect(tool).toMatchObject({ command: join(root, 'bin/hello'), path: join(root, 'bin/hello') });
  });
});

describe('resolveTool', () => {
  const sha = (path: string) => `sha256:${execFileSync('sha256sum', [path]).toString().slice(0, 64)}`;

  it('finds what the step will run, with its interpreters', async () => {
    if (sandbox === null) return;
    await workspace.writeFiles('pack', [
      { path: 'a.sh', content: '#!/bin/sh -eu\n', executable: true },
      { path: 'b.sh', content: '#!/usr/bin/env -S bash -eu\n', executable: true },
      { path: 'data', content: 'x' },
    ]);
    const shell = execFileSync('realpath', ['/bin/sh']).toString().trim();
    expect(await sandbox.resolveTool(workspace, 'sh')).toEqual({
      command: '/usr/bin/sh',
      path: shell,
      digest: sha(shell),
      interpreters: [],
    });
    expect(await sandbox.resolveTool(workspace, './pack/a.sh')).toEqual({
      command: '/task/pack/a.sh',
      path: '/task/pack/a.sh',
      digest: sha(join(workspace.path, 'pack/a.sh')),
      interpreters: [{ path: shell, digest: sha(shell) }],
    });
    const { interpreters } = await sandbox.resolveTool(workspace, '/task/pack/b.sh');
    expect(interpreters.map(({ path }) => path)).toEqual(['/usr/bin/env', '/usr/bin/bash']);
    await expect(sandbox.resolveTool(workspace, 'pack/data')).rejects.toMatchObject({ code: 'TOOL_REFUSED' });
  });

  it.each(['no-such-tool', '', 'pack/none', '/root/x', '../../../etc/passwd', 'pack', '/usr/bin'])(
    'refuses %j',
    async (name) => {
      if (sandbox === null) return;
      const refused = await sandbox.resolveTool(workspace, name).catch((error: unknown) => error);
      expect(['TOOL_NOT_FOUND', 'TOOL_REFUSED']).toContain((refused as { code: string }).code);
    },
  );

  it('follows links as they lead in the sandbox', async () => {
    if (sandbox === null) return;
    await symlink('/etc/shadow', join(workspace.path, 'pack/shadow'));
    await symlink('/bin/sh', join(workspace.path, 'pack/shell'));
    await symlink('round', join(workspace.path, 'pack/round'));
    for (const name of ['pack/shadow', 'pack/round'])
      await expect(sandbox.resolveTool(workspace, name)).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
    expect((await sandbox.resolveTool(workspace, 'pack/shell')).digest).toBe(sha('/bin/sh'));
  });
});

describe('an ordinary user', () => {
  // Every change is tested with those that an ordinary user could lack, the nightly run with all.
  const chosen = searched(
    ['-t', 'finds its workspace|exactly the environment|cannot connect|says its outputs|dies with its worker'],
    [],
  );

  it(`gets the same sandbox: ${searched('the main tests of this file pass', 'this whole file passes')}`, async () => {
    if (sandbox === null || process.getuid?.() !== 0) return;
    const cache = await mkdtemp(join(tmpdir(), 'jest-'));
    await chown(cache, 65_534, 65_534);
    const repository = resolve(__dirname, '../../../../..');
    const jest = [
      join(repository, 'node_modules/jest/bin/jest.js'),
      '-c',
      join(repository, 'libs/infrastructure/jest.config.js'),
    ];
    const { status, stdout, stderr } = spawnSync(
      'setpriv',
      [
        ...'--reuid 65534 --regid 65534 --clear-groups --'.split(' '),
        ...[process.execPath, ...jest, '--runInBand', '--cacheDirectory', cache, ...chosen, __filename],
      ],
      { cwd: '/', encoding: 'utf8', env: { ...process.env, HOME: cache, TMPDIR: cache, CI: 'true' } },
    );
    await rm(cache, { recursive: true });
    if (/EACCES|Cannot find module/.test(stderr) && !stdout.includes('Tests:') && !stderr.includes('Tests:')) {
      console.warn('skipped: nobody may not read this checkout');
      return;
    }
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  });
});

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

/** A duration of sleep that no other test run uses. */
const NAP = `300.${process.pid}`;

/** The `sleep` processes of this test in a child pid namespace. */
function napping(): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^[0-9]+$/.test(pid))
    .filter((pid) => {
      const status = statusOf(pid);
      return status.startsWith('Name:\tsleep\n') && /\nNSpid:\t\d+\t\d+\n/.test(status) && !/\nState:\tZ/.test(status);
    })
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(NAP);
      } catch {
        return false;
      }
    });
}
