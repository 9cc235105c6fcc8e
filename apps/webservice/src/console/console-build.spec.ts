import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
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

  it('are those of the last build, with the files of the one before, which open pages ask for', async () => {
    const build = new ConsoleBuild(folder);
    const made = async (number: number): Promise<void> => {
      await rm(join(folder, 'assets'), { recursive: true, force: true });
      await mkdir(join(folder, 'assets'));
      await writeFile(join(folder, `assets/index-${number}.js`), `go(${number})`);
      await writeFile(join(folder, 'index.html'), `<title>${number}</title>`);
      // Builds are seconds apart.
      await utimes(join(folder, 'index.html'), number, number);
    };
    await made(1);
    const first = await build.files();
    expect(await build.files()).toBe(first);
    await made(2);
    await made(3);
    const found = await build.files();
    expect([found?.page, [...(found?.assets.keys() ?? [])]]).toEqual([
      '<title>3</title>',
      ['index-1.js', 'index-3.js'],
    ]);
    // While the next one is made.
    await rm(join(folder, 'index.html'));
    expect(await build.files()).toBe(found);
    await made(4);
    expect([...((await build.files())?.assets.keys() ?? [])]).toEqual(['index-3.js', 'index-4.js']);
  });

  it('are absent where the package is not installed', async () => {
    expect(await new ConsoleBuild(null).files()).toBeNull();
  });
});
