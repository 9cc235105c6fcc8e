'use strict';
// Runs the bundle of the command line (docs/adr/0097). What V8 compiles of it is kept for the next call of the same command. Since Node.js
// 22.1 `module.enableCompileCache` keeps each file; this works on Node.js 20, too, and reads one file a call.
const { isAscii } = require('node:buffer');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');
const { crc32 } = require('node:zlib');

/** Parameters of a module, as Node.js names them. */
const WRAPPER = '(function (exports, require, module, __filename, __dirname) { ';
/** Compiled code that nothing has replaced for so long is of another release. */
const KEPT_MS = 30 * 86_400_000;

/** The files of a bundle, which load each other. */
class Bundle {
  /** Scripts by the names of their files. */
  scripts = new Map();
  /** True if V8 did not accept compiled code. */
  isRefused = false;
  #modules = new Map();

  constructor(folder, compiled) {
    this.folder = folder;
    this.compiled = compiled;
    const outside = createRequire(join(folder, 'main.js'));
    this.require = (name) => (name.startsWith('./') ? this.#own(name) : outside(name));
    this.require.resolve = outside.resolve;
  }

  #own(name) {
    const loaded = this.#modules.get(name);
    if (loaded !== undefined) return loaded.exports;
    const module = { exports: {} };
    this.#modules.set(name, module);
    const filename = join(this.folder, name);
    const source = `${WRAPPER}${text(fs.readFileSync(filename))}\n})`;
    const script = new Script(source, { filename, columnOffset: -WRAPPER.length, cachedData: this.compiled.get(name) });
    this.isRefused ||= script.cachedDataRejected === true;
    this.scripts.set(name, script);
    const { exports } = module;
    Reflect.apply(script.runInThisContext(), exports, [exports, this.require, module, filename, this.folder]);
    return module.exports;
  }
}

/** Most files are of ASCII, which is one byte a character in memory too, and need no decoding. */
function text(bytes) {
  return isAscii(bytes) ? bytes.latin1Slice() : bytes.utf8Slice();
}

/** The folder for compiled code (XDG Base Directory Specification). */
function cacheFolder({ XDG_CACHE_HOME: base, HOME: home = homedir() }) {
  return join(base?.startsWith('/') ? base : join(home, '.cache'), 'taskrunner', 'compiled');
}

/** Whoever can write to the folder decides what this process executes. */
function isOurs(path) {
  const { uid, mode } = fs.lstatSync(path);
  return uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0;
}

/** The head: a checksum of what follows it, and the size of a list. */
const HEAD_BYTES = 8;

/** After the head: a list of names and sizes in JSON, and the code of each. V8 does not check the code, and runs what it says. */
function read(path) {
  const file = fs.readFileSync(path);
  if (crc32(file.subarray(4)) !== file.readUInt32LE(0)) return undefined;
  let at = HEAD_BYTES + file.readUInt32LE(4);
  const next = (size) => file.subarray(at, (at += size));
  const listed = JSON.parse(file.toString('utf8', HEAD_BYTES, at));
  return new Map(listed.map(([name, size]) => [name, next(size)]));
}

function write(folder, path, scripts) {
  const parts = [...scripts].map(([name, script]) => [name, script.createCachedData()]);
  const list = Buffer.from(JSON.stringify(parts.map(([name, { length }]) => [name, length])));
  const file = Buffer.concat([Buffer.alloc(HEAD_BYTES), list, ...parts.map(([, code]) => code)]);
  file.writeUInt32LE(list.length, 4);
  file.writeUInt32LE(crc32(file.subarray(4)), 0);
  for (const name of fs.readdirSync(folder)) {
    const other = join(folder, name);
    if (Date.now() - fs.statSync(other).mtimeMs > KEPT_MS) fs.rmSync(other, { force: true });
  }
  const draft = `${path}.${process.pid}`;
  fs.writeFileSync(draft, file, { mode: 0o600, flag: 'wx' });
  fs.renameSync(draft, path);
}

/** One after another: where none can be made, as in /proc, `recursive` would never end. */
function makeFolder(path) {
  if (fs.existsSync(path)) return;
  makeFolder(dirname(path));
  fs.mkdirSync(path, { mode: 0o700 });
}

/** Undefined if it fails: without the cache everything is compiled again. */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Runs the bundle in `folder`, with compiled code of this command if there is any, else it is kept when the process ends. */
exports.runBundle = function runBundle(folder, words, env) {
  const main = join(folder, 'main.js');
  const maps = [...process.execArgv, env.NODE_OPTIONS].join(' ').includes('--enable-source-maps');
  // Node.js maps the stack traces of what it loads itself.
  if (maps || env.NODE_DISABLE_COMPILE_CACHE) return void require(main);
  const [, head] = /^\/\* (.+?) \*\//.exec(fs.readFileSync(main, 'utf8'));
  const [digest, ...commands] = head.split(' ');
  const word = words.find((one) => !one.startsWith('-'));
  // V8 accepts compiled code of the same release, with the same flags.
  const circumstances = [digest, process.version, process.arch, ...process.execArgv, env.NODE_OPTIONS];
  const program = createHash('sha256').update(JSON.stringify(circumstances));
  const name = `${commands.includes(word) ? word : 'help'}-${program.digest('hex').slice(0, 24)}`;
  const cache = cacheFolder(env);
  const path = join(cache, name);
  const compiled = attempt(() => (isOurs(cache) && isOurs(path) ? read(path) : undefined));
  const bundle = new Bundle(folder, compiled ?? new Map());
  process.once('exit', () =>
    attempt(() => {
      if (compiled !== undefined && !bundle.isRefused) return;
      makeFolder(cache);
      if (isOurs(cache)) write(cache, path, bundle.scripts);
    }),
  );
  bundle.require('./main.js');
};
