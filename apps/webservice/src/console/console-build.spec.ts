import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsoleBuild } from './console-build';

describe('the built files of the console', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'console-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are absent until they are built, and found without a restart', async () => {
    const build = new ConsoleBuild(join(folder, 'dist'));
    expect(await build.files()).toBeNull();
    await mkdir(join(folder, 'dist/assets'), { recursive: true });
    await writeFile(join(folder, 'dist/index.html'), '<title>console</title>');
    await writeFile(join(folder, 'dist/assets/index-1.js'), 'go()');
    await writeFile(join(folder, 'dist/assets/notes.txt'), 'no file of the console');
    const files = await build.files();
    expect(files?.page).toBe('<title>console</title>');
    expect([...(files?.assets.keys() ?? [])]).toEqual(['index-1.js']);
    expect(files?.assets.get('index-1.js')?.mediaType).toBe('text/javascript; charset=utf-8');
  });

  it('are absent where the package is not installed', async () => {
    expect(await new ConsoleBuild(null).files()).toBeNull();
  });
});
