import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SecretFiles } from './secret-files';

const MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
const there = existsSync(MEMORY) && statfsSync(MEMORY).type === TMPFS;
if (!there && process.env['CI'] !== 'true')
  process.stderr.write('no tmpfs at /dev/shm: secrets as files are not tested\n');

(there || process.env['CI'] === 'true' ? describe : describe.skip)('secrets as files', () => {
  const base = there ? mkdtempSync(join(MEMORY, 'taskrunner-test-')) : MEMORY;
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  it('lie in private folders in memory, each run of a step in its own, and are removed', async () => {
    const files = new SecretFiles(base);
    const value = new TextEncoder().encode('hunter2-hunter2');
    const folder = await files.write('run-1', new Map([['id', value]]), null);
    expect(readFileSync(join(folder, 'id'), 'utf8')).toBe('hunter2-hunter2');
    expect(statSync(join(folder, 'id')).mode & 0o777).toBe(0o400);
    for (let at = folder; at !== base; at = dirname(at)) expect(lstatSync(at).mode & 0o777).toBe(0o700);
    expect(await files.write('run-1', new Map([['id', value]]), null)).toBe(folder);
    await files.remove(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('of processes that are gone are removed', async () => {
    const stale = join(base, `taskrunner-secrets-${process.getuid?.() ?? 0}`, '999999999');
    mkdirSync(stale, { recursive: true, mode: 0o700 });
    await new SecretFiles(base).write('run-1', new Map(), null);
    expect(existsSync(stale)).toBe(false);
  });

  it('are not written to a disk, and not into a folder of somebody else', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'taskrunner-disk-'));
    try {
      if (statfsSync(disk).type !== TMPFS)
        await expect(new SecretFiles(disk).write('x', new Map(), null)).rejects.toMatchObject({
          code: 'SECRETS_FOLDER',
        });
      await expect(new SecretFiles(join(base, 'none')).write('x', new Map(), null)).rejects.toMatchObject({
        code: 'SECRETS_FOLDER',
      });
      const open = join(base, 'open');
      mkdirSync(join(open, `taskrunner-secrets-${process.getuid?.() ?? 0}`), { recursive: true, mode: 0o755 });
      await expect(new SecretFiles(open).write('x', new Map(), null)).rejects.toMatchObject({ code: 'SECRETS_FOLDER' });
    } finally {
      rmSync(disk, { recursive: true, force: true });
    }
  });
});
