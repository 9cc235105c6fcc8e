import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { accessSync, constants, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionRequest, Executor, Outcome } from '@taskrunner/core/ports';
import { searched } from '@taskrunner/core/testing';
import { tarEntries } from '../../archive/read-tar';
import { FileObjectStore } from '../../object-store/file-object-store';
import { proveCgroup } from '../../sandbox/cgroup';
import { probeSandbox } from '../../sandbox/probe';
import { stepSandbox } from '../../sandbox/step-sandbox';
import { Supervisor } from '../../sandbox/supervisor';
import { MemoryFileSystems } from '../../sandbox/supervisor-process/memory-file-systems';
import { MemoryGroup } from '../../sandbox/supervisor-process/memory-group';
import { builtinExecutors } from '../builtin-executors';
import { aRequest, aRun, NO_BUNDLES, NO_EXPORTS, NO_SPOOL, Report } from '../testing/requests';

/** Limits of the steps of this file. */
const SIZES = { memoryMiB: 128, workspaceMiB: 16 };
const MAX_FILES = searched(400, 2_000);

/** Holds shared memory that belongs to no file: 8 × 32 MiB in separate processes, none of which is too large alone. */
const SHARED = `
import mmap, os, time
for _ in range(8):
    if os.fork() == 0:
        held = mmap.mmap(-1, 32 << 20)
        for at in range(0, 32 << 20, 4096): held[at] = 1
        time.sleep(60)
time.sleep(60)`;
/** Memory files that are written and never mapped. */
const MEMORY_FILES = `
import os, time
for _ in range(16):
    file = os.memfd_create('x')
    for _ in range(12): os.write(file, b'x' * (1 << 20))
time.sleep(60)`;
/** Unnamed files, which no directory walk finds. */
const UNNAMED = `
import os, time
held = []
for n in range(8):
    held.append(os.open(f'tmp/{n}', os.O_CREAT | os.O_RDWR)); os.unlink(f'tmp/{n}')
    os.write(held[-1], b'x' * (4 << 20))
time.sleep(60)`;
/** The same without a descriptor: a mapping of one page holds the file. */
const MAPPED = `
import mmap, os, time
held = []
for n in range(8):
    file = os.open(f'tmp/{n}', os.O_CREAT | os.O_RDWR); os.write(file, b'x' * (4 << 20))
    held.append(mmap.mmap(file, 4 << 20)); os.close(file); os.unlink(f'tmp/{n}')
time.sleep(60)`;
/** Shared memory that is no longer mapped except for one page: reading process statistics shows almost nothing. */
const HIDDEN = `
import mmap
held = []
for _ in range(16):
    held.append(mmap.mmap(-1, 12 << 20))
    for at in range(0, 12 << 20, 4096): held[-1][at] = 1
    held[-1].madvise(mmap.MADV_DONTNEED)`;
/** Longer than any step of this file takes. */
const NEVER_MS = 600_000;

describe('what a step may use', () => {
  let folder: string;
  let supervisors: readonly Supervisor[];
  /** Watchers: one that checks often, one that checks only at the end, and one with a control group if this machine provides one. */
  let often: Executor | null = null;
  let late: Executor | null = null;
  let batched: Executor | null = null;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limits-'));
    await mkdir(join(folder, 'work'));
    const ownGroup = delegatedGroup();
    supervisors = [
      Supervisor.start({ watchMs: 50 }),
      Supervisor.start({ watchMs: NEVER_MS }),
      ...(ownGroup === null ? [] : [Supervisor.start({ watchMs: NEVER_MS, cgroup: ownGroup })]),
    ];
    const { sandbox, reason } = await probeSandbox({
      profile: 'bwrap-open/v2',
      supervisor: supervisors[0] as Supervisor,
      stubFolder: join(folder, 'etc'),
      tmpBytes: 8 * 1024 * 1024,
      shmBytes: 4 * 1024 * 1024,
    });
    if (sandbox === null && process.env['CI'] === 'true') throw new Error(reason ?? '');
    if (sandbox === null) return console.warn(`skipped: ${reason}`);
    const objects = await FileObjectStore.open(join(folder, 'objects'));
    const commands = supervisors.map((supervisor) => {
      const stepsIn = stepSandbox(sandbox, supervisor, tarEntries);
      const executors = builtinExecutors({
        ...{ objects, sandboxOf: () => stepsIn, bundles: NO_BUNDLES, exports: NO_EXPORTS },
        ...{ workDirectory: join(folder, 'work'), artifactMaxBytes: 1 << 20, spool: NO_SPOOL, interpreters: [] },
      });
      return executors.get('builtin:command') ?? null;
    });
    [often = null, late = null, batched = null] = commands;
  });
  afterEach(async () => {
    expect(await readdir(join(folder, 'work'))).toEqual([]);
    // A file system in memory exists as long as a process holds it.
    for (const { pid } of supervisors) expect(pid === null ? [] : foldersHeld(pid)).toEqual([]);
    expect(groupsIn(delegatedGroup(), supervisors)).toEqual([]);
  });
  afterAll(async () => {
    for (const supervisor of supervisors) await supervisor.close();
    await rm(folder, { recursive: true });
  });

  async function run(
    argv: readonly string[],
    overrides: Partial<ExecutionRequest> = {},
    command = often,
  ): Promise<Outcome | null> {
    if (command === null) return null;
    const request = aRequest({ command: [...argv] }, { run: aRun([], SIZES, { maxFiles: MAX_FILES }), ...overrides });
    return command.execute(request, new Report());
  }
  const limited = (limit: string, message: RegExp) =>
    expect.objectContaining({
      ...{ kind: 'failed', code: `SANDBOX_LIMIT_${limit}`, retryable: true },
      message: expect.stringMatching(message) as string,
    }) as Outcome;

  it.each([
    ['shared memory of many processes', ['python3', '-c', SHARED], 'MEMORY', /used \d+ MiB of memory.* 128 MiB/],
    ['files in memory', ['python3', '-c', MEMORY_FILES], 'MEMORY', /used \d+ MiB of memory.* 128 MiB/],
    [
      'files that are small one by one',
      ['sh', '-c', 'for n in $(seq 12); do head -c 4000000 /dev/zero >out/$n; done; sleep 60'],
      ...(['WORKSPACE', /wrote \d+ MiB.* 16 MiB/] as const),
    ],
    ['files without names', ['python3', '-c', UNNAMED], 'WORKSPACE', /wrote \d+ MiB.* 16 MiB/],
    ['files that are only mapped', ['python3', '-c', MAPPED], 'WORKSPACE', /wrote \d+ MiB.* 16 MiB/],
    [
      'many files, in a folder that nobody may read',
      ['sh', '-c', 'mkdir out/d; cd out/d; chmod 300 .; seq 100000 | xargs touch; sleep 60'],
      ...(['FILES', new RegExp(`more than ${MAX_FILES} files`)] as const),
    ],
    [
      'folders in each other',
      ['python3', '-c', 'import os\nfor _ in range(300): os.mkdir("d"); os.chdir("d")'],
      ...(['FILES', /nested more than 256 levels/] as const),
    ],
    ['many files in memory', ['sh', '-c', 'cd /dev/shm; seq 100000 | xargs touch; sleep 60'], 'FILES', /dev\/shm/],
    ['/dev/shm', ['sh', '-c', 'cat /dev/zero >/dev/shm/x'], 'TMPFS', /dev\/shm .*4 MiB/],
    ['/tmp', ['sh', '-c', 'cat /dev/zero >/tmp/x'], 'TMPFS', /tmp .*8 MiB/],
  ] as const)('bounds %s', async (_what, argv, limit, message) => {
    const outcome = await run(argv);
    if (outcome !== null) expect(outcome).toEqual(limited(limit, message));
  });

  it('bounds a burst too: what is over before anybody looks', async () => {
    const outcome = await run(['sh', '-c', 'for n in 1 2 3 4 5; do fallocate -l 4MiB out/$n; done'], {}, late);
    // On a disk, folders have blocks too.
    if (outcome !== null) expect(outcome).toEqual(limited('WORKSPACE', /wrote 2[01] MiB.* 16 MiB/));
    const filled = await run(['sh', '-c', 'exec head -c 5000000 /dev/zero >/dev/shm/x'], {}, late);
    if (filled !== null) expect(filled).toEqual(limited('TMPFS', /dev\/shm .*4 MiB/));
  });

  it('is not what this machine has at the same path, which a child sees until its sandbox is built', () => {
    const { blocks, bsize } = statfsSync('/dev/shm');
    const own = new MemoryFileSystems([{ path: '/dev/shm', bytes: blocks * bsize }]);
    expect(own.hold(process.pid)).toBe(false);
  });

  it('bounds by a control group what no process shows', async () => {
    if (delegatedGroup() === null) return console.warn('skipped: no control group of this user holds memory');
    const outcome = await run(['python3', '-c', HIDDEN], {}, batched);
    if (outcome !== null) expect(outcome).toEqual(limited('MEMORY', /used \d+ MiB of memory.* 128 MiB/));
    expect(await run(['true'], {}, batched)).toEqual({ kind: 'succeeded', outputs: { exitCode: 0 } });
  });

  it('has a control group only where the kernel keeps one', () => {
    const refused = expect.objectContaining({ code: 'SANDBOX_CGROUP_UNUSABLE' }) as Error;
    for (const path of [folder, join(folder, 'nowhere'), '/proc/self'])
      expect(() => proveCgroup(path)).toThrow(refused);
    const ownGroup = delegatedGroup();
    if (ownGroup !== null) proveCgroup(ownGroup);
  });

  it('is neither what was laid into its workspace nor what others use', async () => {
    const files = Object.fromEntries(
      Array.from({ length: MAX_FILES + 1 }, (_, n) => [`${n}`, { kind: 'content', content: 'x' } as const]),
    );
    const outcome = await run(['sh', '-c', 'ls in | wc -l; head -c 12000000 /dev/zero >out/x'], { files });
    if (outcome !== null) expect(outcome).toEqual({ kind: 'succeeded', outputs: { exitCode: 0 } });
  });

  it('has no other file system in memory', async () => {
    const outcome = await run([
      'sh',
      '-c',
      'for d in / /dev /dev/pts /run /etc; do touch $d/x 2>/dev/null && exit 9; done; : >/dev/null',
    ]);
    if (outcome !== null) expect(outcome).toMatchObject({ kind: 'succeeded' });
  });
});

/** Folders that a process holds open. */
function foldersHeld(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return statSync(`/proc/${pid}/fd/${fd}`).isDirectory();
    } catch {
      return false;
    }
  });
}

/** The control group of this process, if it may create child groups with a memory limit. */
function delegatedGroup(): string | null {
  const own = readFileSync('/proc/self/cgroup', 'latin1');
  const [, first] = /^\d+:memory:(.*)$/m.exec(own) ?? [];
  const [, second] = /^0::(.*)$/m.exec(own) ?? [];
  const path = first === undefined ? `/sys/fs/cgroup${second}` : `/sys/fs/cgroup/memory${first}`;
  try {
    accessSync(path, constants.W_OK);
    MemoryGroup.make(path, 0, 1 << 30).remove();
    return path;
  } catch {
    return null;
  }
}

/** Existing groups of steps. */
function groupsIn(path: string | null, supervisors: readonly Supervisor[]): readonly string[] {
  if (path === null) return [];
  return readdirSync(path).filter((name) => supervisors.some(({ pid }) => name.startsWith(`taskrunner-${pid}-`)));
}
