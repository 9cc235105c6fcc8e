// The last step of the build: adds the ES module and its types to the CommonJS modules of the compiler (docs/adr/0079).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const DIST = join(import.meta.dirname, 'dist');

await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: ['src/index.ts'],
  bundle: true,
  packages: 'external',
  // Neutral: for Node.js and for browsers.
  platform: 'neutral',
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  logLevel: 'warning',
  outfile: join(DIST, 'index.mjs'),
});
writeFileSync(join(DIST, 'index.d.mts'), "export * from './index.js';\n");
