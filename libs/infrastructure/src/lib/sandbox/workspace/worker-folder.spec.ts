import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { birthOf } from '../supervisor-process/process-table';
import { ownFolder, sweepFolders } from './worker-folder';

describe('the folders of workers that share a work directory', () => {
  let work: string;
  const remaining = async () => (await readdir(join(work, 'workers'))).sort();
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'work-'));
    await mkdir(join(ownFolder(work), 'runs/run_1/1'), { recursive: true });
  });
  afterEach(() => rm(work, { recursive: true }));

  it('stay while their worker lives, and are removed after its end', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const theirs = `${other.pid}-${birthOf(other.pid ?? 0)}-${hostname()}`;
    await mkdir(join(work, 'workers', theirs, 'runs/run_2/1'), { recursive: true });
    expect(await sweepFolders(work)).toBe(0);
    expect(await remaining()).toEqual([basename(ownFolder(work)), theirs].sort());
    other.stdin.end();
    await once(other, 'exit');
    expect(await sweepFolders(work)).toBe(1);
    expect(await remaining()).toEqual([basename(ownFolder(work))]);
  });

  it('are removed if only the process id is that of a living process', async () => {
    await mkdir(join(work, 'workers', `${process.pid}-1-${hostname()}`));
    expect(await sweepFolders(work)).toBe(1);
    expect(await remaining()).toEqual([basename(ownFolder(work))]);
  });

  it('stay if they are of another host, or of no worker', async () => {
    for (const name of [`1-1-not-${hostname()}`, 'lost+found']) await mkdir(join(work, 'workers', name));
    expect(await sweepFolders(work)).toBe(0);
    expect(await remaining()).toHaveLength(3);
  });

  it('replace the folders that earlier releases shared', async () => {
    await mkdir(join(work, 'runs/run_3'), { recursive: true });
    await sweepFolders(work);
    expect(await readdir(work)).toEqual(['workers']);
  });

  it('need not exist', async () => {
    expect(await sweepFolders(join(work, 'none'))).toBe(0);
  });
});
