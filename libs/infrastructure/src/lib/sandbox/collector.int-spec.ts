import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, link, mkdir, mkdtemp, open, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  ArtifactStage,
  CollectedArtifact,
  CollectLimits,
  DeclaredArtifact,
  StagedArtifact,
} from '@taskrunner/core/ports';
import { searched } from '@taskrunner/core/testing';
import { collect, DEFAULT_COLLECT_LIMITS } from './collector';
import { probeSandbox } from './probe';
import type { IsolationProfile, Sandbox } from './sandbox';
import { Supervisor } from './supervisor';
import { Workspace } from './workspace/workspace';

interface Taken {
  readonly name: string;
  readonly path: string;
  readonly mediaType: string;
  readonly index: number | null;
  readonly bytes: Buffer;
}

describe.each<IsolationProfile>(['bwrap-open/v2', 'none/v1'])('collect under %s', (profile) => {
  let supervisor: Supervisor;
  let folder: string;
  let sandbox: Sandbox | null;
  let workspace: Workspace;
  let count = 0;

  beforeAll(async () => {
    supervisor = Supervisor.start();
    folder = await mkdtemp(join(tmpdir(), 'collect-'));
    const probe = await probeSandbox({ profile, supervisor, stubFolder: join(folder, 'etc') });
    ({ sandbox } = probe);
    if (sandbox === null && process.env.CI === 'true') throw new Error(probe.reason ?? '');
    if (sandbox === null) console.warn(`skipped: ${probe.reason}`);
  });
  beforeEach(async () => {
    workspace = await Workspace.create({
      root: folder,
      run: 'run',
      execution: String(count++),
      owner: sandbox?.owner ?? null,
    });
  });
  afterEach(() => workspace.remove());
  afterAll(async () => {
    await supervisor.close();
    await rm(folder, { recursive: true });
  });

  const put = async (path: string, content: string) => {
    await mkdir(join(workspace.path, path, '..'), { recursive: true });
    await writeFile(join(workspace.path, path), content);
  };
  const own = () => {
    if (sandbox?.owner) execFileSync('chown', ['-Rh', `${sandbox.owner.uid}:${sandbox.owner.gid}`, workspace.path]);
  };
  async function take(
    artifacts: readonly DeclaredArtifact[],
    limits?: CollectLimits,
    sink?: (artifact: CollectedArtifact) => Promise<void>,
    stage?: ArtifactStage,
  ) {
    if (sandbox === null) return null;
    own();
    const taken: Taken[] = [];
    const keep = async ({ name, path, mediaType, index, content, size }: CollectedArtifact) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of content) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      if (size !== null) expect(bytes.length).toBe(size);
      taken.push({ name, path, mediaType, index, bytes });
    };
    const supplied = { ...(limits === undefined ? {} : { limits }), ...(stage === undefined ? {} : { stage }) };
    const request = { supervisor, sandbox, workspace, artifacts, ...supplied };
    const faults = await collect(request, sink ?? keep);
    return { taken, codes: faults.map((fault) => `${fault.path} ${fault.code}`), faults };
  }
  /** A case that hardly depends on the profile: under `none/v1` in `npm run test:all` only. */
  const isWhole = profile !== 'none/v1' || searched(false, true);
  const shared: (name: string, check: () => Promise<void>) => unknown = isWhole ? it : () => undefined;
  const one = (path: string, optional = false): DeclaredArtifact[] => [{ name: 'a', path, optional }];

  shared('fails where the deadline has passed, and leaves no error that nobody awaits', async () => {
    if (sandbox === null) return;
    const late = Supervisor.start();
    const unawaited: unknown[] = [];
    const note = (error: unknown): void => void unawaited.push(error);
    process.on('unhandledRejection', note);
    try {
      late.renew(1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await expect(
        collect({ supervisor: late, sandbox, workspace, artifacts: one('out/a') }, () => Promise.resolve()),
      ).rejects.toThrow();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(unawaited).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
      await late.close();
    }
  });
  const text = (result: Awaited<ReturnType<typeof take>>) =>
    result?.taken.map(({ path, bytes }) => `${path}=${bytes.toString()}`);

  it('takes files, from the workspace first and then from out', async () => {
    await put('report.json', '{}');
    await put('out/report.json', 'not this');
    await put('out/deep/er.txt', 'deep');
    const result = await take([
      { name: 'report', path: 'report.json', mediaType: 'application/json' },
      { name: 'deep', path: 'deep/er.txt' },
      { name: 'empty', path: './out/nothing', optional: true },
    ]);
    if (result === null) return;
    expect(result.codes).toEqual([]);
    expect(result.taken).toEqual([
      { name: 'report', path: 'report.json', mediaType: 'application/json', index: null, bytes: Buffer.from('{}') },
      {
        name: 'deep',
        path: 'out/deep/er.txt',
        mediaType: 'application/octet-stream',
        index: null,
        bytes: Buffer.from('deep'),
      },
    ]);
  });

  shared('says what is missing, and takes the rest', async () => {
    await put('out/there', 'x');
    const result = await take([...one('gone.txt'), ...one('gone/'), ...one('*.gone'), { name: 'b', path: 'there' }]);
    if (result === null) return;
    expect(result.codes).toEqual(
      ['/artifacts/0', '/artifacts/1', '/artifacts/2'].map((at) => `${at} ARTIFACT_MISSING`),
    );
    expect(text(result)).toEqual(['out/there=x']);
  });

  it('takes a pattern as a list sorted by its bytes', async () => {
    for (const name of [
      'out/b.json',
      'out/a.json',
      'out/é.json',
      'out/a.txt',
      'out/.hidden.json',
      'out/sub/c.json',
      'out/z/y/d.json',
    ])
      await put(name, name);
    const flat = await take(one('*.json'));
    if (flat === null) return;
    expect(flat.taken.map(({ path, index }) => `${index} ${path}`)).toEqual([
      '0 out/a.json',
      '1 out/b.json',
      '2 out/é.json',
    ]);
    expect((await take(one('out/**/*.json')))?.taken.map(({ path }) => path)).toEqual([
      'out/a.json',
      'out/b.json',
      'out/sub/c.json',
      'out/z/y/d.json',
      'out/é.json',
    ]);
  });

  shared('takes a folder as the same tar, whatever times and order it was made in', async () => {
    const digests = new Set<string>();
    for (const names of [
      ['b/x', 'a', 'b/run.sh', 'c/d/e'],
      ['c/d/e', 'b/run.sh', 'b/x', 'a'],
    ]) {
      for (const name of names) await put(`out/tree/${name}`, name.repeat(50_000));
      await mkdir(join(workspace.path, 'out/tree/empty'));
      await chmod(join(workspace.path, 'out/tree/b/run.sh'), 0o700);
      const result = await take(one('tree/'));
      if (result === null) return;
      expect(result.taken).toMatchObject([
        { name: 'a', path: 'out/tree/', mediaType: 'application/x-tar', index: null },
      ]);
      const tar = result.taken[0]?.bytes ?? Buffer.alloc(0);
      digests.add(createHash('sha256').update(tar.toString('latin1')).digest('hex'));
      const listing = execFileSync('tar', ['--full-time', '--numeric-owner', '-tvf', '-'], {
        input: tar.toString('binary'),
        encoding: 'binary',
      });
      const rows = listing
        .trim()
        .split('\n')
        .map((line) => line.split(/ +/));
      expect(rows.map((row) => `${row[0]} ${row[1]} ${row.at(-1)}`)).toEqual([
        '-rw-r--r-- 0/0 a',
        'drwxr-xr-x 0/0 b/',
        '-rwxr-xr-x 0/0 b/run.sh',
        '-rw-r--r-- 0/0 b/x',
        'drwxr-xr-x 0/0 c/',
        'drwxr-xr-x 0/0 c/d/',
        '-rw-r--r-- 0/0 c/d/e',
        'drwxr-xr-x 0/0 empty/',
      ]);
      await workspace.remove();
      workspace = await Workspace.create({
        root: folder,
        run: 'run',
        execution: String(count++),
        owner: sandbox?.owner ?? null,
      });
    }
    expect(digests.size).toBe(1);
  });

  it.each<[string, (at: (path: string) => string) => Promise<unknown>, string]>([
    ['a link to a file outside', (at) => symlink('/etc/passwd', at('out/report')), 'report'],
    ['a link to a file inside', (at) => writeFile(at('x'), '').then(() => symlink('../x', at('out/report'))), 'report'],
    ['a dangling link', (at) => symlink('/nonexistent', at('out/report')), 'report'],
    ['a folder that is a link', (at) => symlink('/etc', at('out/etc')), 'etc/passwd'],
    ['the tar of a folder that is a link', (at) => symlink('/etc', at('out/etc')), 'etc/'],
    ['a tar with a link in it', (at) => mkdir(at('out/t')).then(() => symlink('/etc/passwd', at('out/t/p'))), 't/'],
    ['a pattern that matches a link', (at) => symlink('/etc/passwd', at('out/report.txt')), '*.txt'],
    ['a hard link', (at) => writeFile(at('x'), '').then(() => link(at('x'), at('out/report'))), 'report'],
    ['a FIFO', async (at) => execFileSync('mkfifo', [at('out/report')]), 'report'],
    ['a tar with a FIFO in it', (at) => mkdir(at('out/t')).then(() => execFileSync('mkfifo', [at('out/t/f')])), 't/'],
    [
      'out replaced by a link',
      (at) => rm(at('out'), { recursive: true }).then(() => symlink('/etc', at('out'))),
      'passwd',
    ],
    ['a path with ..', async () => undefined, '../../secret'],
    ['a path with .. in the middle', async () => undefined, 'out/../../x'],
    ['an absolute path', async () => undefined, '/etc/passwd'],
    ['a folder without a slash', (at) => mkdir(at('out/report')), 'report'],
  ])('refuses %s', async (_what, make, path) => {
    await make((name) => join(workspace.path, name));
    // Opening a FIFO would block until the test times out.
    const result = await take(one(path));
    if (result === null) return;
    expect(result).toMatchObject({ taken: [], codes: ['/artifacts/0 ARTIFACT_REFUSED'] });
  });

  it('finds nothing below a link by a pattern', async () => {
    await symlink('/etc', join(workspace.path, 'out/etc'));
    for (const path of ['etc/*', '**/passwd', '*/passwd'])
      expect((await take(one(path)))?.codes ?? ['/artifacts/0 ARTIFACT_MISSING']).toEqual([
        '/artifacts/0 ARTIFACT_MISSING',
      ]);
  });

  it('refuses a socket and, where they can be made, a device', async () => {
    // A killed process leaves its socket behind.
    const script = `require('net').createServer().listen('t', () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script], { cwd: join(workspace.path, 'out') });
    const result = await take(one('t'));
    if (result === null) return;
    expect(result.codes).toEqual(['/artifacts/0 ARTIFACT_REFUSED']);
    try {
      execFileSync('mknod', [join(workspace.path, 'out/null'), 'c', '1', '3'], { stdio: 'ignore' });
    } catch {
      return;
    }
    expect((await take(one('null')))?.codes).toEqual(['/artifacts/0 ARTIFACT_REFUSED']);
  });

  shared('keeps its caps on bytes, entries and depth, before it takes anything', async () => {
    const limits = { ...DEFAULT_COLLECT_LIMITS, maxBytes: 1_000, maxEntries: 20, maxDepth: 5 };
    await put('out/sparse', '');
    await truncate(join(workspace.path, 'out/sparse'), 1024 ** 4);
    for (let i = 0; i < 30; i++) await put(`out/many/${i}`, '');
    await put('out/deep/a/b/c/d/e/f', '');
    await put('out/small', 'x');
    for (const path of ['sparse', 'many/', 'many/*', 'deep/', 'deep/**/f'])
      expect((await take(one(path), limits))?.codes ?? ['/artifacts/0 ARTIFACT_TOO_LARGE']).toEqual([
        '/artifacts/0 ARTIFACT_TOO_LARGE',
      ]);
    expect(
      text(await take([...one('sparse'), ...one('small')], { ...limits, maxBytes: 1024 ** 3 })) ?? ['out/small=x'],
    ).toEqual(['out/small=x']);
  });

  shared('goes on when the sink leaves early, and ends when it fails', async () => {
    await put('out/t/large', 'x'.repeat(3_000_000));
    await put('out/large', 'x'.repeat(3_000_000));
    await put('out/small', 'small');
    const seen: string[] = [];
    const lazy = async ({ name, content }: CollectedArtifact) => {
      if (name === 'small') for await (const piece of content) seen.push(Buffer.from(piece).toString());
      else if (name === 'peek') for await (const piece of content) if (piece.length > 0) break;
    };
    const artifacts = ['skip', 'peek'].flatMap((name) => [
      { name, path: 'large' },
      { name, path: 't/' },
    ]);
    const result = await take([...artifacts, { name: 'small', path: 'small' }], undefined, lazy);
    if (result === null) return;
    expect(result.codes).toEqual([]);
    expect(seen).toEqual(['small']);
    for (const path of ['large', 't/'])
      await expect(take(one(path), undefined, () => Promise.reject(new Error('store is full')))).rejects.toThrow(
        'store is full',
      );
  });

  describe('with a folder for large files', () => {
    const MIB = 1024 * 1024;
    let stage: string;
    let staged: StagedArtifact[];

    beforeEach(async () => {
      stage = await mkdtemp(join(folder, 'stage-'));
      staged = [];
      if (sandbox?.owner) await chown(stage, sandbox.owner.uid, sandbox.owner.gid);
    });

    const staging = (at = stage): ArtifactStage => ({
      folder: at,
      maxBytes: 64 * MIB,
      take: async (artifact) => void staged.push(artifact),
    });
    const digestOf = async (path: string) =>
      `sha256:${createHash('sha256')
        .update(Uint8Array.from(await readFile(path)))
        .digest('hex')}`;
    const random = (path: string, size: number) =>
      writeFile(join(workspace.path, path), Uint8Array.from(randomBytes(size)));

    const sizes = [MIB, MIB + 1, 4 * MIB, 4 * MIB + 4_095, ...searched([], [33 * MIB + 12_345])];
    it.each(isWhole ? sizes : [MIB + 1])('lays %d bytes there as they are', async (size) => {
      await random('out/large', size);
      const result = await take(one('large'), undefined, undefined, staging());
      if (result === null) return;
      expect(result).toMatchObject({ taken: [], codes: [] });
      const digest = await digestOf(join(workspace.path, 'out/large'));
      const file = { name: '0', digest, size };
      expect(staged).toEqual([
        { name: 'a', path: 'out/large', mediaType: 'application/octet-stream', index: null, file },
      ]);
      expect(await digestOf(join(stage, '0'))).toBe(digest);
    });

    shared('sends what is small, too large, or in a folder, and counts a list through', async () => {
      await random('out/1', 100);
      await random('out/2', MIB);
      await random('out/3', MIB - 1);
      await random('out/4', MIB + 1);
      const result = await take(
        [
          { name: 'list', path: 'out/*' },
          { name: 'tree', path: 'out/' },
        ],
        undefined,
        undefined,
        { ...staging(), maxBytes: MIB },
      );
      if (result === null) return;
      expect(staged.map(({ name, index, path }) => [name, index, path])).toEqual([['list', 1, 'out/2']]);
      expect(result.taken.map(({ name, index, path }) => [name, index, path])).toEqual([
        ['list', 0, 'out/1'],
        ['list', 2, 'out/3'],
        ['list', 3, 'out/4'],
        ['tree', null, 'out/'],
      ]);
    });

    shared('sends what cannot be laid there', async () => {
      await random('out/large', 2 * MIB);
      await mkdir(join(stage, '0'));
      const result = await take(one('large'), undefined, undefined, staging());
      if (result === null) return;
      expect(staged).toEqual([]);
      expect(result.taken.map(({ bytes }) => bytes.length)).toEqual([2 * MIB]);
    });

    shared('lays files where there is no way past the page cache', async () => {
      if (!existsSync('/dev/shm')) return;
      const memory = await mkdtemp('/dev/shm/collect-');
      try {
        if (sandbox?.owner) await chown(memory, sandbox.owner.uid, sandbox.owner.gid);
        await random('out/large', 5 * MIB + 1);
        if ((await take(one('large'), undefined, undefined, staging(memory))) === null) return;
        expect(staged.map(({ file }) => file.digest)).toEqual([await digestOf(join(memory, '0'))]);
      } finally {
        await rm(memory, { recursive: true });
      }
    });

    shared('tells the digest of what it laid, whoever writes to the file meanwhile', async () => {
      await random('out/large', 48 * MIB);
      const file = await open(join(workspace.path, 'out/large'), 'r+');
      let over = false;
      let wrote = 0;
      const write = async () => {
        for (; !over; wrote++) await file.write(Uint8Array.from(randomBytes(MIB)), 0, MIB, (wrote % 48) * MIB);
      };
      const writing = write();
      try {
        const result = await take(one('large'), undefined, undefined, staging());
        if (result === null) return;
        expect(result.codes).toEqual([]);
      } finally {
        over = true;
        await writing;
        await file.close();
      }
      expect(wrote).toBeGreaterThan(0);
      expect(staged.map(({ file: { digest } }) => digest)).toEqual([await digestOf(join(stage, '0'))]);
    });
  });

  shared('holds the collector back while the sink waits', async () => {
    const file = await open(join(workspace.path, 'out/zero'), 'w');
    await file.truncate(50_000_000);
    await file.close();
    let read = 0;
    const slow = async ({ content }: CollectedArtifact) => {
      const before = process.memoryUsage().arrayBuffers;
      for await (const piece of content) {
        read += piece.length;
        if (read < 1_000_000) await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
    };
    if ((await take(one('zero'), undefined, slow)) === null) return;
    expect(read).toBe(50_000_000);
  });
});
