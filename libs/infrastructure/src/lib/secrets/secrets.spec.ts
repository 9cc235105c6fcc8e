import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { EnvironmentSecrets } from './environment-secrets';
import { FileSecrets } from './file-secrets';

describe('secrets in files', () => {
  let root: string;
  let files: FileSecrets;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'taskrunner-secrets-'));
    mkdirSync(join(root, 'own'));
    files = FileSecrets.of(join(root, 'own'), 64);
    put('own/deploy', 'hunter2-hunter2\n');
    put('outside', 'not-for-you-at-all');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function put(path: string, content: string, mode = 0o600): void {
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), mode);
  }

  it('are read as they are, each time', async () => {
    expect(Buffer.from((await files.read('deploy')).value).toString()).toBe('hunter2-hunter2\n');
    put('own/deploy', 'another-value');
    expect(Buffer.from((await files.read('deploy')).value).toString()).toBe('another-value');
  });

  it('may lie deeper, and behind links that stay inside, as Kubernetes mounts them', async () => {
    mkdirSync(join(root, 'own/..data1'));
    put('own/..data1/token', 'hunter3-hunter3', 0o400);
    symlinkSync('..data1', join(root, 'own/current'));
    symlinkSync('current/token', join(root, 'own/token'));
    expect(Buffer.from((await files.read('token')).value).toString()).toBe('hunter3-hunter3');
    expect(Buffer.from((await files.read('current/token')).value).toString()).toBe('hunter3-hunter3');
  });

  it.each<readonly [string, (at: (name: string) => string) => void, string]>([
    ['missing', () => undefined, 'SECRET_UNAVAILABLE'],
    ['a-link-out', (at) => symlinkSync('../outside', at('a-link-out')), 'SECRET_FILE_REFUSED'],
    ['folder-out/outside', (at) => symlinkSync('..', at('folder-out')), 'SECRET_FILE_REFUSED'],
    ['../outside', () => undefined, 'SECRET_FILE_REFUSED'],
    ['/etc/passwd', () => undefined, 'SECRET_FILE_REFUSED'],
    ['.', () => undefined, 'SECRET_FILE_REFUSED'],
    ['', () => undefined, 'SECRET_FILE_REFUSED'],
    ['folder', (at) => mkdirSync(at('folder')), 'SECRET_FILE_REFUSED'],
    ['fifo', (at) => void execFileSync('mkfifo', ['-m', '600', at('fifo')]), 'SECRET_FILE_REFUSED'],
    [
      'for-all',
      (at) => put(`own/${at('for-all').split('/').at(-1) ?? ''}`, 'readable-by-all', 0o644),
      'SECRET_FILE_REFUSED',
    ],
    ['writable', () => put('own/writable', 'writable-by-group', 0o660), 'SECRET_FILE_REFUSED'],
    ['large', () => put('own/large', 'x'.repeat(65)), 'SECRET_TOO_LARGE'],
  ])('%s is refused', async (ref, prepare, code) => {
    prepare((name) => join(root, 'own', name));
    const error: unknown = await files.read(ref).catch((one: unknown) => one);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/not-for-you|readable-by|writable-by-g/);
  });
});

describe('secrets in variables', () => {
  it('are taken over and removed, so that no child inherits them', async () => {
    const env: Record<string, string | undefined> = {
      SECRET_TOKEN: 'hunter2-hunter2',
      OTHER: 'x',
      SECRET_LARGE: 'x'.repeat(65),
    };
    const secrets = new EnvironmentSecrets(env, 'SECRET_', 64);
    expect(env).toEqual({ OTHER: 'x' });
    expect(Buffer.from((await secrets.read('TOKEN')).value).toString()).toBe('hunter2-hunter2');
    await expect(secrets.read('OTHER')).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE' });
    await expect(secrets.read('LARGE')).rejects.toMatchObject({ code: 'SECRET_TOO_LARGE' });
  });
});
