// Preloaded by every process of `npm test` on Node.js 20 (docs/adr/0082). Like NODE_COMPILE_CACHE since Node.js 22.1 it keeps the compiled code
// of CommonJS modules; it also keeps their text and where they lie. The first process of a program writes it, the others read one file where
// Node.js would look for, read and compile a thousand. The folder is new for each run. Only modules of this repository are kept.
const Module = require('node:module');
const { existsSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const { dirname, join, sep } = require('node:path');
const { Script } = require('node:vm');
const { threadId } = require('node:worker_threads');

const ROOT = join(__dirname, '../..') + sep;
/** Parameters of a module, as Node.js names them. */
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
/** A program with less text gains nothing. */
const LEAST_BYTES = 200_000;
/** A program that has loaded nothing for so long has what it needs to start. One that ends earlier writes at its end. */
const SETTLED_MS = 2_000;

/** The file of a program: V8 accepts compiled code of the same release, with the same flags. */
function fileOf(folder) {
  const name = [process.version, ...process.execArgv, process.argv[1] ?? ''].join(' ');
  return join(folder, name.replace(/[^\w.]+/g, '-').slice(-200));
}

function compiled(source, filename, cachedData) {
  return new Script(`${HEAD}${source}\n})`, { filename, columnOffset: -HEAD.length, cachedData });
}

function run(script, module, filename) {
  const { exports } = module;
  const parameters = [exports, requireOf(module), module, filename, dirname(filename)];
  return Reflect.apply(script.runInThisContext(), exports, parameters);
}

function requireOf(module) {
  const require = (id) => module.require(id);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

/** Differs after a build, whose modules are then loaded as usual. */
function stampOf(filename) {
  const { mtimeMs, size } = statSync(filename);
  return `${mtimeMs} ${size}`;
}

const placeOf = (request, parent) => `${parent.path}\0${request}`;

function use({ places, modules }) {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, isMain, options) {
    const place = parent && options === undefined ? places.get(placeOf(request, parent)) : undefined;
    return place ?? Reflect.apply(resolve, this, [request, parent, isMain, options]);
  };
  const load = Module._extensions['.js'];
  Module._extensions['.js'] = (module, filename) => {
    const known = modules.get(filename);
    // Kept no longer than it is needed: a module is loaded once.
    modules.delete(filename);
    if (known === undefined || stampOf(filename) !== known.stamp) return load(module, filename);
    return run(compiled(known.source.toString(), filename, known.code), module, filename);
  };
}

function keep(path) {
  const places = new Map();
  const modules = new Map();
  let bytes = 0;
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, isMain, options) {
    const place = Reflect.apply(resolve, this, [request, parent, isMain, options]);
    if (options === undefined && parent?.path?.startsWith(ROOT)) places.set(placeOf(request, parent), place);
    return place;
  };
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (source, filename, format) {
    const usual = () => Reflect.apply(compile, this, [source, filename, format]);
    // import() works in no script of `node:vm`.
    if (!filename.startsWith(ROOT) || source.startsWith('#!') || /\bimport\b\s*\(/.test(source)) return usual();
    let script;
    try {
      script = compiled(source, filename);
    } catch {
      // An ES module, or an error that Node.js explains.
      return usual();
    }
    modules.set(filename, { script, source });
    bytes += source.length;
    return run(script, this, filename);
  };
  const end = () => {
    if (bytes >= LEAST_BYTES && !existsSync(path)) write(path, places, modules);
    modules.clear();
    places.clear();
    bytes = 0;
  };
  const endWhenSettled = (before) => {
    if (bytes === before) return end();
    setTimeout(endWhenSettled, SETTLED_MS, bytes).unref();
  };
  process.once('exit', end);
  setTimeout(endWhenSettled, SETTLED_MS, -1).unref();
}

/** A length, a head of JSON, and what the head lists: of each module the compiled code and the text. */
function write(path, places, modules) {
  const listed = [];
  const parts = [];
  for (const [filename, { script, source }] of modules) {
    const [code, text] = [script.createCachedData(), Buffer.from(source)];
    listed.push([filename, stampOf(filename), code.length, text.length]);
    parts.push(code, text);
  }
  const head = Buffer.from(JSON.stringify({ places: [...places], modules: listed }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const unfinished = `${path}.${process.pid}.${threadId}`;
  try {
    writeFileSync(unfinished, Buffer.concat([length, head, ...parts]));
    renameSync(unfinished, path);
  } catch {
    // A process of another account may not write here, and the folder is gone when the run has ended.
  }
}

function read(path) {
  if (!existsSync(path)) return null;
  const file = readFileSync(path);
  let at = 4 + file.readUInt32LE(0);
  const { places, modules } = JSON.parse(file.toString('utf8', 4, at));
  const next = (length) => file.subarray(at, (at += length));
  return {
    places: new Map(places),
    modules: new Map(
      modules.map(([name, stamp, code, source]) => [name, { stamp, code: next(code), source: next(source) }]),
    ),
  };
}

const { NODE_COMPILE_CACHE: folder } = process.env;
if (folder !== undefined && Module.enableCompileCache === undefined) {
  const path = fileOf(folder);
  const kept = read(path);
  if (kept === null) keep(path);
  else use(kept);
}
// A program that lists what it has loaded does not find this.
delete require.cache[__filename];
