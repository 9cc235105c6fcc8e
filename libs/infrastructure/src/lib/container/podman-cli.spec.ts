import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PodmanCli } from './podman-cli';

describe('commands of podman', () => {
  let folder: string;
  /** A program that is called as podman is. */
  const program = async (script: string): Promise<PodmanCli> => {
    const path = join(folder, 'podman');
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return new PodmanCli({ path, runtime: null, timeoutMs: 30_000 });
  };

  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'podman-cli-'))));
  afterEach(() => rm(folder, { recursive: true }));

  // Node learns of the end of a process while it looks for the end of another, possibly before it has read what the first has written.
  it('are read to the end when many end together', async () => {
    const cli = await program('echo "said $1"; echo "warned $1" >&2');
    const lost: unknown[] = [];
    for (let round = 0; round < 40; round += 1) {
      const words = Array.from({ length: 8 }, (_, n) => `${round}-${n}`);
      const answers = await Promise.all(words.map((word) => cli.call([word])));
      const expected = words.map((word) => ({ code: 0, stdout: `said ${word}\n`, stderr: `warned ${word}\n` }));
      lost.push(...answers.filter((answer, n) => JSON.stringify(answer) !== JSON.stringify(expected[n])));
    }
    expect(lost).toEqual([]);
  });

  it('end with their process, even if another holds their output open', async () => {
    const cli = await program('sleep 60 & echo $!');
    const { code, stdout } = await cli.call(['init']);
    process.kill(Number(stdout));
    expect(code).toBe(0);
  });
});
