import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from './stack';

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
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const host = `127.0.0.1:${(probe.address() as { port: number }).port}`;
  probe.close();
  await once(probe, 'close');
  writeFileSync(
    join(folder, 'config.yml'),
    `version: 0.1\nlog: { level: error, accesslog: { disabled: true } }\nstorage: { filesystem: { rootdirectory: ${storage} } }\nhttp: { addr: "${host}", secret: test }\n`,
  );
  const server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    env: { PATH: process.env['PATH'] ?? '', OTEL_TRACES_EXPORTER: 'none' },
    stdio: 'ignore',
  });
  while (!(await fetch(`http://${host}/v2/`).then(Boolean, () => false))) {
    if (server.exitCode !== null) throw new Error(`docker-registry ended with ${server.exitCode}`);
    await pause(20);
  }
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
