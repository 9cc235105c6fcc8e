// The libraries, packed with `npm pack` and unpacked where only their declared dependencies can be resolved. No registry is needed: a
// declared dependency is a link to the repository's own copy, and an undeclared one cannot be found.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
export const LIBRARIES = ['core', 'infrastructure', 'client'];
const LIMITS = { maxBytes: 256 * 1024 ** 2, maxFiles: 20_000, maxFileBytes: 64 * 1024 ** 2 };
const require = createRequire(import.meta.url);

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
export const manifestOf = (library) => readJson(join(ROOT, 'libs', library, 'package.json'));

/** The tarballs of all libraries. */
function tarballs(folder) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const places = LIBRARIES.flatMap((library) => ['-w', `libs/${library}`]);
  const more = ['--json', '--ignore-scripts', '--offline', '--pack-destination', folder];
  const said = JSON.parse(execFileSync(npm, ['pack', ...places, ...more], { cwd: ROOT, encoding: 'utf8' }));
  // npm 12 prints an object by name, earlier releases print a list.
  const packed = Array.isArray(said) ? said : Object.values(said);
  return new Map(
    LIBRARIES.map((library) => {
      const { filename } = packed.find(({ name }) => name === `@taskrunner/${library}`);
      return [library, readFileSync(join(folder, filename))];
    }),
  );
}

/** Path of a library's dependency in the repository; null if it is not installed. */
function placeOf(library, dependency) {
  return (
    [join(ROOT, 'libs', library, 'node_modules', dependency), join(ROOT, 'node_modules', dependency)].find((one) =>
      existsSync(join(one, 'package.json')),
    ) ?? null
  );
}

function link(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(realpathSync(target), path, 'junction');
}

/** Packs all libraries. */
export async function packLibraries() {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'taskrunner-packages-'));
  const { readTarFiles } = require('@taskrunner/infrastructure/archive');
  const contents = new Map();
  for (const [library, bytes] of tarballs(folder)) {
    const pieces = (async function* () {
      yield bytes;
    })();
    const files = await readTarFiles(pieces, LIMITS);
    contents.set(library, new Map(files.map((file) => [file.path.replace(/^package\//, ''), file.bytes])));
  }
  return { folder, contents };
}

/** Installs the packed libraries in a folder, like a project that depends on all. `tools`: its own development dependencies. */
export function install(contents, folder, tools = []) {
  for (const [library, files] of contents) {
    const place = join(folder, 'node_modules/@taskrunner', library);
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(place, path)), { recursive: true });
      writeFileSync(join(place, path), bytes);
    }
    for (const name of Object.keys(manifestOf(library).dependencies)) {
      const found = name.startsWith('@taskrunner/') ? null : placeOf(library, name);
      if (found !== null) link(found, join(place, 'node_modules', name));
    }
  }
  for (const name of tools) link(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'outside', private: true }));
  return folder;
}
