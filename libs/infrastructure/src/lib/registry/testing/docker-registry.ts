import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announced } from '../../../testing/announced';

const LISTENING = /listening on (127\.0\.0\.1:\d+)/;

/** A registry of Debian's `docker-registry`, on loopback. */
export interface TestRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** Folder of its storage, in which tests alter published data. */
  readonly storage: string;
  stop(): Promise<void>;
}

/** True if a program is installed; reports it otherwise. With `CI=true` it must be installed. */
export function hasProgram(program: string): boolean {
  if (spawnSync('which', [program]).status === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(`${program} is not installed`);
  console.warn(`skipped: ${program} is not installed`);
  return false;
}

/** Starts a registry with an empty storage. `more`: further lines of its configuration. */
export async function startDockerRegistry(more = ''): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-registry-'));
  const storage = join(folder, 'storage');
  const configuration = `version: 0.1
log: { level: info, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${storage} }, delete: { enabled: true } }
http: { addr: "127.0.0.1:0", secret: test }
${more}`;
  await writeFile(join(folder, 'config.yml'), configuration);
  const env = { PATH: process.env['PATH'] ?? '', OTEL_TRACES_EXPORTER: 'none' };
  const server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const host = await announced(server, LISTENING);
  return {
    host,
    storage,
    async stop() {
      if (server.exitCode === null) {
        server.kill('SIGTERM');
        await once(server, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
