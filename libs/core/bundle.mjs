// The last step of the build: all of core in one file, `dist/core.js`, and each floor's entry a list of names of it (docs/adr/0065).
//   node bundle.mjs [FILE]   writes the file to another place, and no entries
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

const CORE = import.meta.dirname;
const FLOORS = join(CORE, 'src/lib');
const DIST = join(CORE, 'dist');
const [outfile = join(DIST, 'core.js')] = process.argv.slice(2);

const floors = readdirSync(FLOORS, { recursive: true })
  .filter((name) => /^[a-z]+[\\/]index\.ts$/.test(name))
  .map((name) => name.slice(0, -'/index.ts'.length))
  .sort();
await build({
  // Paths in the file are relative to it, wherever this is started.
  absWorkingDir: import.meta.dirname,
  stdin: { contents: floors.map((floor) => `export * from './${floor}/index';`).join('\n'), resolveDir: FLOORS },
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  logLevel: 'warning',
  outfile,
});
if (process.argv.length === 2) {
  const core = createRequire(import.meta.url)(outfile);
  for (const floor of floors) {
    const entry = join(DIST, 'lib', floor, 'index.js');
    const names = Object.keys(createRequire(import.meta.url)(entry));
    const missing = names.find((name) => core[name] === undefined);
    // Two floors that export one name would leave it out of the bundle.
    if (missing !== undefined) throw new Error(`${floor}: ${missing} is not in the bundle`);
    const lines = names.map((name) => `exports.${name} = core.${name};`);
    rmSync(`${entry}.map`, { force: true });
    writeFileSync(entry, ['"use strict";', 'const core = require("../../core.js");', ...lines, ''].join('\n'));
  }
}
