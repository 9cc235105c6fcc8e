// The last step of the build: the ES module beside the CommonJS modules of the compiler, and its types (docs/adr/0079).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const DIST = join(import.meta.dirname, 'dist');

await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: ['src/index.ts'],
  bundle: true,
  packages: 'external',
  // Neither a program of Node.js nor of a browser.
  platform: 'neutral',
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  logLevel: 'warning',
  outfile: join(DIST, 'index.mjs'),
});
writeFileSync(join(DIST, 'index.d.mts'), "export * from './index.js';\n");
