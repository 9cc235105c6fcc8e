#!/usr/bin/env node
// Builds `dist/taskrunner-verify.mjs`: the commands verify, inspect and key in one file without dependencies, for plain Node.js from 20.19
// on. It is built from the sources of the CLI. The same sources and lock file give the same bytes on every machine.
//
//   node tools/build-verifier.mjs [--out FILE]   builds it and prints its SHA-256
//   node tools/build-verifier.mjs --note         … and writes the digest to README.md and CHANGELOG.md, as a step of a release
//   node tools/build-verifier.mjs --check        … and fails if they contain another digest, as the last check of a release
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NAME = 'taskrunner-verify.mjs';
/** Our packages are bundled from their sources. The build therefore needs no other build, and leaves out unused code. */
const OWN = /^@taskrunner\/(core|infrastructure)\/([a-z-]+)$/;
const NOTED = ['README.md', 'CHANGELOG.md'];
const NOTE = /(<!-- verifier-digest -->).*?(<!-- \/verifier-digest -->)/s;

const ownVersion = () => JSON.parse(readFileSync(join(ROOT, 'apps/cli/package.json'), 'utf8')).version;

/** Our modules have no side effects when they are loaded, so unused parts can be left out. */
const ownSources = {
  name: 'own-sources',
  setup(build) {
    build.onResolve({ filter: /^@taskrunner\// }, ({ path }) => {
      const [, library, entry] = OWN.exec(path) ?? [];
      if (entry === undefined) return { errors: [{ text: `${path} has no place in the verifier` }] };
      return { path: join(ROOT, 'libs', library, 'src/lib', entry, 'index.ts'), sideEffects: false };
    });
    build.onResolve({ filter: /^\.{1,2}\// }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === 'seen' || kind === 'require-call' || /[\\/]node_modules[\\/]/.test(importer)) return undefined;
      const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: 'seen' });
      return found.errors.length > 0 ? found : { path: found.path, sideEffects: false };
    });
  },
};

/** Builds the verifier and returns its bytes. */
export async function buildVerifier() {
  const version = ownVersion();
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['apps/cli/src/verifier.ts'],
    outfile: NAME,
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    // Libraries that ship two formats are bundled in the format of an import.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    charset: 'utf8',
    define: { VERIFIER_VERSION: JSON.stringify(version) },
    plugins: [ownSources],
    // Imported only by a module that is not used here. The check below ensures that nothing of it is included.
    external: ['@cedar-policy/*'],
    banner: {
      js: [
        '#!/usr/bin/env node',
        `// ${NAME} ${version}: verifies and shows the evidence of TaskRunner runs. AGPL-3.0-or-later; notices at the end.`,
        "import { createRequire as builtinsOnly } from 'node:module';",
        'const require = builtinsOnly(import.meta.url);',
        'const VERIFIER_URL = import.meta.url;',
      ].join('\n'),
    },
    logLevel: 'error',
  });
  const inputs = Object.keys(metafile.inputs);
  const strangers = inputs.filter((path) => /cedar|nestjs|node_modules\/(pg|undici|typeorm|@aws-sdk)\//.test(path));
  const used = Object.entries(metafile.outputs[NAME].inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const unwanted = strangers.filter((path) => used.some(([name]) => name === path));
  if (unwanted.length > 0) throw new Error(`the verifier holds what it must not: ${unwanted.join(', ')}`);
  const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
  const outside = metafile.outputs[NAME].imports.filter(({ path }) => !builtins.has(path));
  if (outside.length > 0) throw new Error(`the verifier imports ${outside.map(({ path }) => path).join(', ')}`);
  return Buffer.from(outputFiles[0].text + notices(used.map(([path]) => path)));
}

/** Licences of the libraries in the file. */
function notices(paths) {
  const folders = new Set(paths.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : readFileSync(join(ROOT, folder, file), 'utf8').trim();
    return [`${name} ${version} (${license})`, ...text.split(/\r?\n/)].map((line) => `// ${line}`.trimEnd()).join('\n');
  });
  return `\n// Libraries in this file and their licences.\n//\n${texts.join('\n//\n')}\n`;
}

/** The digest noted in README and CHANGELOG. */
function noteOf(digest) {
  return `\`${NAME}\` ${ownVersion()}: SHA-256 \`${digest}\``;
}

async function main(words) {
  const place = words.indexOf('--out');
  const out = place < 0 ? join(ROOT, 'dist', NAME) : resolve(words[place + 1] ?? '');
  const bytes = await buildVerifier();
  const digest = createHash('sha256').update(bytes).digest('hex');
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, bytes, { mode: 0o755 });
  console.log(`${digest}  ${relative(process.cwd(), out).split(sep).join('/')}`);
  for (const file of words.includes('--note') || words.includes('--check') ? NOTED : []) {
    const path = join(ROOT, file);
    const text = readFileSync(path, 'utf8');
    if (!NOTE.test(text)) throw new Error(`${file} has no place for the digest of the verifier`);
    if (words.includes('--note')) writeFileSync(path, text.replace(NOTE, `$1${noteOf(digest)}$2`));
    else if (!text.includes(noteOf(digest)))
      throw new Error(`${file} names another digest of the verifier: run \`npm run build:verifier -- --note\``);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await main(process.argv.slice(2)).catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
