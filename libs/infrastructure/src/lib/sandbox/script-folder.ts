import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface Compiler {
  readonly transformSync: (source: string, options: object) => { readonly code: string };
}

/**
 * Folder of a script that runs in a separate process: the compiled one beside this file. If this file runs from source, as in tests, the
 * folder is compiled into the cache of node_modules under the digest of its sources.
 */
export function scriptFolder(
  name: 'supervisor-process' | 'collector-process' | 'probe-process' | 'forwarder-process',
): string {
  const folder = join(__dirname, name);
  return existsSync(join(folder, 'main.js')) ? folder : compiled(folder, name);
}

function compiled(folder: string, name: string): string {
  const require = createRequire(__filename);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => ({ file, source: readFileSync(join(folder, file), 'utf8') }));
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
  const cache = join(dirname(require.resolve('@swc/core/package.json')), '../../.cache/taskrunner-scripts');
  const target = join(cache, hash, name);
  if (existsSync(target)) return target;
  const { transformSync } = require('@swc/core') as Compiler;
  const draft = join(cache, randomUUID());
  mkdirSync(join(draft, name), { recursive: true });
  for (const { file, source } of files) {
    const { code } = transformSync(source, {
      configFile: false,
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    writeFileSync(join(draft, name, file.replace(/\.ts$/, '.js')), code);
  }
  try {
    renameSync(draft, dirname(target));
  } catch {
    // Another process compiled it first.
    rmSync(draft, { recursive: true });
  }
  return target;
}
