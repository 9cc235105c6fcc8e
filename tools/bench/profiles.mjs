// Profiles of the services during a measure, if BENCH_PROFILE names a folder. `flame.mjs` draws them.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Called before the product starts: loads the profiler into its services. `name`: the measure. */
export function prepareProfiles(name) {
  const folder = process.env['BENCH_PROFILE'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  process.env['BENCH_PROFILE'] = resolve(folder);
  process.env['BENCH_PROFILE_OF'] = name;
  const hook = `--require=${join(import.meta.dirname, 'profiled.cjs')}`;
  const options = process.env['NODE_OPTIONS'] ?? '';
  if (!options.includes(hook)) process.env['NODE_OPTIONS'] = `${options} ${hook}`.trim();
}

/** Profiled work, which is not measured. Does nothing if no folder is named. */
export async function profiled(product, work) {
  if (process.env['BENCH_PROFILE'] === undefined) return;
  toggle(product);
  await work();
  toggle(product);
}

/** Child processes of a service would be killed by the signal, so it is sent only to the service's first process. */
function toggle(product) {
  const { bench: _bench, database: _database, ...services } = product.processes();
  for (const [main] of Object.values(services)) process.kill(main, 'SIGUSR2');
}
