// Profiles of the services while they are measured, where BENCH_PROFILE names a folder. `flame.mjs` draws them.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Before the product starts: what loads the profiler into its services. `name`: what is measured. */
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

/** Work that is profiled, and measured by nobody; nothing is done where no folder is named. */
export async function profiled(product, work) {
  if (process.env['BENCH_PROFILE'] === undefined) return;
  toggle(product);
  await work();
  toggle(product);
}

/** What a service has started does not know the signal, and would end of it: its first process is the service. */
function toggle(product) {
  const { webservice, worker } = product.processes();
  for (const [main] of [webservice, worker]) process.kill(main, 'SIGUSR2');
}
