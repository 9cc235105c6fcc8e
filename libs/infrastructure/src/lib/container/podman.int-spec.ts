import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CEILING, describeEngine, RUNTIME } from './testing/engine-contract';
import { podman } from './testing/tiny-image';
import { workerLabels } from './container-identity';
import { PodmanEngine, type PodmanOptions } from './podman-engine';

describeEngine('podman', async ({ work, supervisor, image, other }) => {
  const folder = await mkdtemp(join(tmpdir(), 'podman-'));
  const path = (await import('node:child_process')).execFileSync('which', ['podman'], { encoding: 'utf8' }).trim();
  const options: PodmanOptions = {
    ...{ path, runtime: RUNTIME, timeoutMs: 60_000, place: work, cgroups: true, openFiles: 1_024 },
    ...{ pull: 'never', ceiling: CEILING, supervisor },
  };
  const engine = await PodmanEngine.open(options);
  const [[label, value] = ['', '']] = Object.entries(workerLabels(work));
  const left = async () =>
    (await podman('ps', '--all', '--filter', `label=${label}=${value}`, '--format', '{{.Names}}'))
      .split('\n')
      .filter((name) => name !== '');
  return {
    engine,
    left,
    lying: async () => {
      const shim = join(folder, 'podman');
      const words = `for a; do case $a in ${image.name}@*) a=${other.name}@${other.digest};; esac; set -- "$@" "$a"; shift; done`;
      await writeFile(shim, `#!/bin/sh\n${words}\nexec ${path} "$@"\n`, { mode: 0o755 });
      return PodmanEngine.open({ ...options, path: shim });
    },
    dying: async () => {
      let tell: () => void;
      const made = new Promise<void>((resolve) => (tell = resolve));
      const never = { run: () => (tell(), new Promise<never>(() => undefined)) };
      return { engine: await PodmanEngine.open({ ...options, supervisor: never }), made: () => made };
    },
    close: () => rm(folder, { recursive: true }),
  };
});
