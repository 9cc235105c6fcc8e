import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CEILING, describeEngine, RUNTIME } from './testing/engine-contract';
import { podman } from './testing/tiny-image';
import { NOBODY } from './container-engine';
import { workerLabels } from './container-identity';
import { PodmanEngine, type PodmanOptions } from './podman-engine';

describeEngine(
  'podman',
  'all',
  async ({ work, supervisor, image, other }) => {
    const folder = await mkdtemp(join(tmpdir(), 'podman-'));
    const path = execFileSync('which', ['podman'], { encoding: 'utf8' }).trim();
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
      options,
      left,
      lying: async () => {
        const shim = join(folder, 'podman');
        const words = `for a; do case $a in ${image.name}@*) a=${other.name}@${other.digest};; esac; set -- "$@" "$a"; shift; done`;
        await writeFile(shim, `#!/bin/sh\n${words}\nexec ${path} "$@"\n`, { mode: 0o755 });
        return PodmanEngine.open({ ...options, path: shim });
      },
      dying: async () => {
        let release: () => void;
        const made = new Promise<void>((resolve) => (release = resolve));
        const never = { run: () => (release(), new Promise<never>(() => undefined)) };
        return { engine: await PodmanEngine.open({ ...options, supervisor: never }), made: () => made };
      },
      close: () => rm(folder, { recursive: true }),
    };
  },
  {
    'says that its /tmp was full; its /dev/shm cannot be written': async ({ engine }, { perform }) => {
      const { outcome } = await perform(engine, { args: ['touch /dev/shm/x 2>/dev/null || cat /dev/zero >/tmp/x'] });
      expect(outcome).toMatchObject({ kind: 'failed', code: 'SANDBOX_LIMIT_TMPFS' });
      expect(JSON.stringify(outcome)).toContain('/tmp was full; its size is 8 MiB');
    },
    'watches its memory where no control group holds it': async ({ options }, { perform }) => {
      const engine = await PodmanEngine.open({ ...options, cgroups: false });
      const { outcome } = await perform(engine, { args: ['x=0123456789abcdef; while :; do x=$x$x; done'] });
      expect(outcome).toMatchObject({ kind: 'failed', code: 'SANDBOX_LIMIT_MEMORY' });
    },
    'counts its own processes, not those of its neighbours': async ({ engine }, { perform }) => {
      // More processes of the containers' user than one container may have.
      const neighbours = `for i in $(seq ${CEILING.processes + 8}); do sleep 600 & done; echo there; wait`;
      const identity = process.getuid?.() === 0 ? NOBODY : {};
      const neighbour = spawn('/bin/sh', ['-c', neighbours], { ...identity, detached: true });
      try {
        await once(neighbour.stdout, 'data');
        const single = await perform(engine, { args: ['sleep 0.01 & wait; exit 3'] });
        expect(single.outcome).toMatchObject({ code: 'EXIT_3' });
        const most = CEILING.processes;
        const many = await perform(engine, { args: [`for i in $(seq ${most}); do sleep 5 & done; echo all started`] });
        expect(many.outcome).toMatchObject({ kind: 'failed' });
        expect(many.report.stdout).not.toContain('all started');
      } finally {
        process.kill(-(neighbour.pid as number), 'SIGKILL');
      }
    },
  },
);
