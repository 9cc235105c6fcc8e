import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announced } from '@taskrunner/infrastructure/testing/announced';

/** True if a program is installed. Prints a message if it is missing; with `CI=true` it must exist. */
export function hasProgram(program: string): boolean {
  if (spawnSync('which', [program]).status === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(`${program} is not installed`);
  console.warn(`skipped: ${program} is not installed`);
  return false;
}

/** Starts Debian's registry of OCI artifacts on loopback. Returns its host, and its storage folder, which an adversary can alter. */
export async function startDockerRegistry(): Promise<{ host: string; storage: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'docker-registry-'));
  const storage = join(folder, 'storage');
  writeFileSync(
    join(folder, 'config.yml'),
    `version: 0.1\nlog: { level: info, accesslog: { disabled: true } }\nstorage: { filesystem: { rootdirectory: ${storage} } }\nhttp: { addr: "127.0.0.1:0", secret: test }\n`,
  );
  const server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    env: { PATH: process.env['PATH'] ?? '', OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const host = await announced(server, /listening on (127\.0\.0\.1:\d+)/);
  return {
    host,
    storage,
    async stop() {
      if (server.exitCode === null) {
        server.kill('SIGTERM');
        await once(server, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
