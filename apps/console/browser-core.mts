import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

// The console verifies evidence with the sources of core: those that the command line runs. Five files of them use Node.js; the console has one
// of its own in place of each, with the same exports. Everything else is the same.

const LIBRARIES = resolve(import.meta.dirname, '../../libs');
const PLATFORM = join(import.meta.dirname, 'src/evidence/platform');

/** Files below `libs`, and the file in `src/evidence/platform` that the browser has in place of each. */
export const REPLACED: Readonly<Record<string, string>> = {
  'core/src/lib/canonical/sha256.ts': 'sha256.ts',
  'core/src/lib/evidence/encoding/base64-bytes.ts': 'base64-bytes.ts',
  'core/src/lib/evidence/encoding/signature.ts': 'signature.ts',
  'infrastructure/src/lib/archive/bytes.ts': 'bytes.ts',
  'infrastructure/src/lib/archive/unpacked.ts': 'unpacked.ts',
};
/** What of the libraries has a place in a browser. */
const ALLOWED = /^@taskrunner\/(?:core\/([a-z]+)|infrastructure\/(archive))$/;

/** Resolves core and the reader of archives to their sources, and the files of `REPLACED` to those of the browser. */
export function browserCore() {
  return {
    name: 'browser-core',
    enforce: 'pre' as const,
    resolveId(source: string, importer: string | undefined) {
      if (source.startsWith('@taskrunner/') && source !== '@taskrunner/client') {
        const [, floor, adapter] = ALLOWED.exec(source) ?? [];
        if (floor !== undefined) return found(join(LIBRARIES, 'core/src/lib', floor, 'index.ts'));
        if (adapter !== undefined) return found(join(LIBRARIES, 'infrastructure/src/lib', adapter, 'index.ts'));
        throw new Error(`${source} has no place in a browser`);
      }
      if (importer === undefined || !source.startsWith('.')) return null;
      const from = importer.startsWith('file:') ? fileURLToPath(importer) : importer;
      if (!from.startsWith(LIBRARIES)) return null;
      const path = resolve(dirname(from), source);
      const file = [`${path}.ts`, join(path, 'index.ts')].find((name) => existsSync(name));
      return file === undefined ? null : found(file);
    },
  };
}

/** Modules of the libraries have no effects of their own, so those that nobody uses are left out. */
function found(path: string) {
  const replaced = REPLACED[relative(LIBRARIES, path).split(sep).join('/')];
  return { id: replaced === undefined ? path : join(PLATFORM, replaced), moduleSideEffects: false };
}
