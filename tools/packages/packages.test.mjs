// The libraries outside of the repository: the contents of their tarballs, and that examples/embedding and examples/client compile with them
// alone. Both run here, and the second with a real server, too (apps/webservice-e2e/src/callers/client.e2e-spec.ts).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { install, LIBRARIES, manifestOf, packLibraries, ROOT } from './installation.mjs';

const run = promisify(execFile);
const EXAMPLE = join(ROOT, 'examples/embedding');
const CLIENT_EXAMPLE = join(ROOT, 'examples/client');
const CLIENT_FILES = ['first.ts', 'run-pack.ts', 'decide.ts'];
const PACK = join(ROOT, 'etc/packs/failure-and-cleanup');
const isWhole = process.env.TASKRUNNER_TESTS === 'all';
/** `it` in `npm run test:all`. */
const atNight = isWhole ? it : () => undefined;
/** Compilers of users. The older one takes four times as long and is tested only by `npm run test:all`. */
const COMPILERS = isWhole ? ['typescript-native', 'typescript'] : ['typescript-native'];
/** A single thread, which shares its results, and infrequent garbage collection reduce the compiler's processor time. */
const LEAN = { 'typescript-native': ['--singleThreaded'] };
const env = { ...process.env, GOGC: '400' };
/** Runs Node.js and returns its output, which is the error message if it fails. */
const node = (words, cwd) =>
  run(process.execPath, words, { cwd, env, maxBuffer: 1 << 26 }).then(
    ({ stdout }) => stdout,
    ({ message, stdout }) => assert.fail(`${message}\n${stdout}`),
  );
/** The folders of a library that can be imported: `./*` of its `exports`. One that is imported as a whole has one, without a name. */
const floorsOf = (library) => {
  if (manifestOf(library).exports['.'] !== undefined) return [''];
  const lib = join(ROOT, 'libs', library, 'src/lib');
  return readdirSync(lib).filter((name) => existsSync(join(lib, name, 'index.ts')));
};
const entryOf = (library, name) => ['@taskrunner', library, name].filter(Boolean).join('/');
/** The importable parts of a library, with types and code: for every importer, or for `import` and for `require`. */
const entriesOf = (library) =>
  Object.entries(manifestOf(library).exports)
    .filter(([entry]) => entry !== './package.json')
    .flatMap(([entry, conditions]) => {
      const kinds = conditions.default === undefined ? Object.values(conditions) : [conditions];
      return (entry === './*' ? floorsOf(library) : [entry.slice(2)]).map((name) => ({
        entry: entryOf(library, name),
        files: kinds.flatMap(({ types, default: file }) => [types, file]).map((path) => path.replace('*', name)),
      }));
    });
/** Output of library builds that is generated from more than one source. */
const BUNDLES = {
  core: ['core.js', 'core.js.map'],
  infrastructure: [],
  client: ['index.mjs', 'index.mjs.map', 'index.d.mts'],
};
/** The library of a file, and the file's name in it. */
const nodeModules = (path) =>
  /.*[\\/]node_modules[\\/](@[^\\/]+[\\/][^\\/]+|[^\\/]+)/.exec(path)?.[1].replace('\\', '/');

let packed;
let outside;
let load;
before(async () => {
  packed = await packLibraries();
  outside = install(packed.contents, join(packed.folder, 'outside'), [...COMPILERS, '@types/node']);
  load = createRequire(join(outside, 'package.json'));
});
after(() => packed && rmSync(packed.folder, { recursive: true, force: true }));

it('core is loaded from one file, made from its sources as they are', async () => {
  const again = join(packed.folder, 'core.js');
  await run(process.execPath, [join(ROOT, 'libs/core/bundle.mjs'), again]);
  assert.equal(readFileSync(join(ROOT, 'libs/core/dist/core.js'), 'utf8'), readFileSync(again, 'utf8'));
  const floors = floorsOf('core');
  const script =
    'for (const one of process.argv.slice(1)) require(one); console.log(JSON.stringify(Object.keys(require.cache)))';
  const loaded = JSON.parse(await node(['-e', script, ...floors.map((name) => `@taskrunner/core/${name}`)], outside));
  assert.deepEqual(
    loaded.map((path) => path.slice(path.indexOf('@taskrunner'))).sort(),
    ['core', ...floors.map((name) => `lib/${name}/index`)].map((name) => `@taskrunner/core/dist/${name}.js`).sort(),
  );
});

// Building it takes as long as all other tests of this file.
atNight('the command line is loaded from a bundle, made from its modules as they are', async () => {
  const again = join(packed.folder, 'bundle');
  const made = join(ROOT, 'apps/cli/dist/bundle');
  await run(process.execPath, [join(ROOT, 'apps/cli/bundle.mjs'), again]);
  assert.deepEqual(readdirSync(made).sort(), readdirSync(again).sort());
  for (const name of readdirSync(made))
    assert.ok(readFileSync(join(made, name)).equals(readFileSync(join(again, name))), name);
});

for (const library of LIBRARIES) {
  describe(`the tarball of ${library}`, () => {
    const paths = () => [...packed.contents.get(library).keys()];
    const text = (path) => Buffer.from(packed.contents.get(library).get(path)).toString();

    it('holds compiled code, what that reads, README and licence, and nothing else', () => {
      const bundles = BUNDLES[library].map((name) => `dist/${name}`);
      const others = paths().filter((path) => !/^dist\/.*\.(js|js\.map|d\.ts)$/.test(path) && !bundles.includes(path));
      const sql = readdirSync(join(ROOT, 'libs', library, 'src'), { recursive: true }).filter((name) =>
        name.endsWith('.sql'),
      );
      assert.equal(sql.length > 0, library === 'infrastructure');
      assert.deepEqual(
        others.sort(),
        ['LICENSE', 'README.md', 'package.json', ...sql.map((name) => `src/${name}`)].sort(),
      );
      assert.deepEqual(
        paths().filter((path) => /\.(int-|e2e-)?spec\.(js|d\.ts)|\/golden|\/lib\/.*\/testing\//.test(path)),
        [],
      );
      assert.equal(text('LICENSE'), readFileSync(join(ROOT, 'LICENSE'), 'utf8'));
    });

    it('has a source for each of its modules: none is left from a build of before', () => {
      const source = (path) =>
        join(ROOT, 'libs', library, path.replace(/^dist/, 'src').replace(/(\.d\.ts|\.js(\.map)?)$/, '.ts'));
      const bundles = BUNDLES[library].map((name) => `dist/${name}`);
      for (const path of paths().filter((one) => one.startsWith('dist/') && !bundles.includes(one)))
        assert.ok(statSync(source(path)).isFile());
    });

    it('has maps that hold their sources, and names no map that is not there', () => {
      for (const path of paths().filter((one) => /\.(m?js|d\.m?ts)$/.test(one))) {
        const named = /^\/\/# sourceMappingURL=(.+)$/m.exec(text(path))?.[1];
        if (named === undefined) continue;
        const { sources, sourcesContent } = JSON.parse(text(`${path}.map`));
        assert.equal(sourcesContent?.length, sources.length, path);
      }
    });

    it('exports built files that are there, with their types', () => {
      const manifest = JSON.parse(text('package.json'));
      assert.equal(manifest.engines.node, manifestOf(library).engines.node);
      assert.ok(Array.isArray(manifest.files));
      for (const { entry, files } of entriesOf(library)) {
        for (const one of files) {
          assert.match(one, /^\.\/dist\//);
          assert.ok(paths().includes(one.slice(2)), `${entry}: ${one}`);
        }
        load(entry);
      }
    });

    it('holds of its equipment for tests what its entries for tests reach', () => {
      const reached = new Set();
      const follow = (path) => {
        if (reached.has(path) || !paths().includes(path)) return;
        reached.add(path);
        for (const [, name] of text(path).matchAll(/(?:require\(|from )["'](\.[^"']+)["']/g)) {
          const target = join(path, '..', name).replaceAll('\\', '/');
          for (const end of ['.js', '.d.ts', '/index.js', '/index.d.ts']) follow(target + end);
        }
      };
      for (const [entry, files] of Object.entries(manifestOf(library).exports))
        if (entry.startsWith('./testing')) for (const file of Object.values(files)) follow(file.slice(2));
      const modules = paths().filter((path) => /^dist\/testing\/.*\.(js|d\.ts)$/.test(path));
      const names = (all) => [...new Set([...all].map((path) => path.replace(/(\.d\.ts|\.js)$/, '')))];
      assert.deepEqual(
        names(modules).filter((name) => !names(reached).includes(name)),
        [],
      );
    });

    it('shows the tested examples in its README', () => {
      const examples =
        library === 'client' ? CLIENT_FILES.map((name) => join(CLIENT_EXAMPLE, name)) : [join(EXAMPLE, 'embed.ts')];
      for (const path of examples) assert.ok(text('README.md').includes(readFileSync(path, 'utf8').trim()), path);
    });
  });
}

// npm takes as long for two services as for the libraries, which have the same rules.
atNight('the packages of the services hold their compiled code, and neither sources nor specifications', async () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { stdout } = await run(npm, [...args, '-w', 'apps/webservice', '-w', 'apps/worker'], {
    cwd: ROOT,
    maxBuffer: 1 << 26,
  });
  // npm 12 prints an object by name, earlier releases print a list.
  const packed = Object.values(JSON.parse(stdout));
  assert.equal(packed.length, 2);
  for (const { name, files } of packed) {
    const paths = files.map(({ path }) => path);
    for (const needed of ['dist/index.js', 'dist/index.d.ts', 'dist/main.js'])
      assert.ok(paths.includes(needed), `${name}: ${needed}`);
    const others = paths.filter((path) => !/^dist\/.*\.(js|js\.map|d\.ts)$/.test(path));
    assert.deepEqual(
      others.filter((path) => path !== 'package.json' && path !== 'LICENSE' && path !== 'README.md'),
      [],
      name,
    );
    assert.deepEqual(
      paths.filter((path) => /\.(int-|e2e-)?spec\./.test(path)),
      [],
      name,
    );
  }
});

describe('outside of the repository', () => {
  it('the client is an ES module too, is built for browsers, and compiles with the types of browsers alone, and of Node.js alone', async () => {
    const script =
      'import * as client from "@taskrunner/client"; console.log(JSON.stringify(Object.keys(client).sort()))';
    const exported = JSON.parse(await node(['--input-type=module', '--eval', script], outside));
    assert.deepEqual(exported, Object.keys(load('@taskrunner/client')).sort());
    cpSync(join(CLIENT_EXAMPLE, 'decide.ts'), join(outside, 'browser.ts'));
    // An import of a module of Node.js would be an error.
    const { outputFiles } = await build({
      absWorkingDir: outside,
      entryPoints: ['browser.ts'],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      minify: true,
      write: false,
      logLevel: 'silent',
    });
    assert.match(outputFiles[0].text, /^(?!.*\brequire\()/s);
    const compiler = join(outside, 'node_modules/typescript-native/bin/tsc');
    const platforms = { browser: { lib: ['es2023', 'dom'], types: [] }, node: { lib: ['es2023'], types: ['node'] } };
    for (const [name, platform] of Object.entries(platforms)) {
      const compilerOptions = {
        ...{ target: 'es2022', module: 'esnext', moduleResolution: 'bundler', ...platform },
        ...{ strict: true, skipLibCheck: false, noEmit: true },
      };
      const project = `tsconfig.${name}.json`;
      writeFileSync(join(outside, project), JSON.stringify({ compilerOptions, files: ['browser.ts'] }));
      await node([compiler, '-p', project, '--singleThreaded'], outside);
    }
  });

  it('the tar reader and the defaults load nothing but the two libraries', async () => {
    const script = 'require(process.argv[1]); console.log(JSON.stringify(Object.keys(require.cache)))';
    for (const entry of ['archive', 'configuration']) {
      const loaded = JSON.parse(await node(['--eval', script, `@taskrunner/infrastructure/${entry}`], outside));
      assert.deepEqual([...new Set(loaded.map(nodeModules))].sort(), [
        '@taskrunner/core',
        '@taskrunner/infrastructure',
      ]);
      const own = loaded.filter((path) => path.includes('infrastructure'));
      assert.ok(own.every((path) => /dist[\\/]lib[\\/](archive|configuration)[\\/]/.test(path)));
    }
  });

  it('errors are recognised across two copies of a library', () => {
    const second = createRequire(join(install(packed.contents, join(packed.folder, 'second')), 'package.json'));
    for (const library of LIBRARIES) {
      const all = (from) => Object.assign({}, ...floorsOf(library).map((name) => from(entryOf(library, name))));
      const [one, other] = [all(load), all(second)];
      const classes = Object.keys(one).filter((key) => one[key]?.prototype instanceof Error && key !== 'BrandedError');
      assert.ok(classes.length >= 2);
      for (const key of classes) {
        const error = Object.create(other[key].prototype);
        assert.ok(!(error instanceof one[key]), `${key}: the copies are one`);
        assert.ok(one[key].is(error), key);
        for (const another of classes)
          if (!(other[key].prototype instanceof other[another]) && another !== key)
            assert.ok(!one[another].is(error), `${key} is no ${another}`);
      }
    }
    const { CodedError } = second('@taskrunner/core/foundation');
    assert.ok(load('@taskrunner/core/foundation').isCodedError(new CodedError('X', 'x', 'y')));
  });

  it('the example compiles strictly, types of libraries included, and plans what the command line plans', async () => {
    const { sampleRun, sealBundle } = load('@taskrunner/core/testing');
    const { writeTar } = load('@taskrunner/infrastructure/archive');
    const write = async (name, files) => {
      const pieces = [];
      for await (const piece of writeTar(files)) pieces.push(piece);
      writeFileSync(join(outside, name), Buffer.concat(pieces));
    };
    const files = readdirSync(PACK, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const inPack = files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const executable = (statSync(path).mode & 0o111) !== 0;
      return { path: path.slice(PACK.length + 1).replaceAll('\\', '/'), bytes: readFileSync(path), executable };
    });
    await write(
      'pack.tar',
      inPack.sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
    const sample = await sampleRun();
    const bundle = [...sealBundle(sample)].sort(([a], [b]) => (a < b ? -1 : 1));
    await write(
      'evidence.tar',
      bundle.map(([path, bytes]) => ({ path, bytes })),
    );
    const trust = { ...sample.trust, expires: '2999-01-01T00:00:00.000Z' };
    writeFileSync(join(outside, 'trust.json'), JSON.stringify(trust));
    for (const name of ['embed.ts', 'tsconfig.json']) cpSync(join(EXAMPLE, name), join(outside, name));
    for (const name of CLIENT_FILES) cpSync(join(CLIENT_EXAMPLE, name), join(outside, name));

    // All other entries are compiled too: a type that a library does not contain is an error.
    const entries = LIBRARIES.flatMap((library) => entriesOf(library).map(({ entry }) => entry));
    const named = entries.map((entry, index) => `export * as entry${index} from '${entry}';\n`);
    writeFileSync(join(outside, 'entries.ts'), named.join(''));
    // As an ES module: other types than those of CommonJS.
    writeFileSync(join(outside, 'entries.mts'), "export { createClient } from '@taskrunner/client';\n");
    const config = { extends: './tsconfig.json', files: ['embed.ts', 'entries.ts', 'entries.mts', ...CLIENT_FILES] };
    writeFileSync(join(outside, 'tsconfig.all.json'), JSON.stringify(config));

    const cli = [join(ROOT, 'apps/cli/bin/taskrunner.js'), 'plan', PACK, '--output', 'json'];
    const [planned] = await Promise.all([
      node(cli, outside),
      ...COMPILERS.map((name) =>
        node(
          [join(outside, 'node_modules', name, 'bin/tsc'), '-p', 'tsconfig.all.json', ...(LEAN[name] ?? [])],
          outside,
        ),
      ),
    ]);
    const said = JSON.parse(await node(['dist/embed.js', 'pack.tar', 'evidence.tar', 'trust.json'], outside));
    assert.equal(said.planHash, JSON.parse(planned).planHash);
    assert.equal(said.pack, 'failure-and-cleanup');
    assert.equal(said.ends, 'succeeded');
    assert.match(said.graph, /^flowchart/m);
    assert.equal(said.evidence.ok, true);
    assert.match(said.evidence.run, /^run_/);
  });

  it('the compiled example of the client sends its requests, as an ES module sends one', async () => {
    const asked = [];
    const answers = {
      'POST /api/runs': { runId: 'run_1', status: 'queued', waits: [] },
      'GET /api/runs/run_1': { runId: 'run_1', status: 'succeeded', waits: [] },
      'GET /api/runs/run_1/steps': { items: [{ id: 'scan' }], nextCursor: null },
      'GET /api/me': { tenant: 'acme' },
    };
    const server = createServer((request, response) => {
      const route = `${request.method} ${request.url.split('?')[0]}`;
      asked.push(`${route} ${request.headers.authorization}`);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[route]));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${server.address().port}`;
    try {
      const example =
        "require('./dist/first.js').stepsOf(process.argv[1], async () => 't', 'x').then((found) => console.log(JSON.stringify(found)))";
      assert.deepEqual(JSON.parse(await node(['--eval', example, url], outside)), [{ id: 'scan' }]);
      const module =
        "import { bodyOf, createClient } from '@taskrunner/client'; const client = createClient({ server: process.argv[1], token: () => 't' }); console.log((await bodyOf(client.api.GET('/api/me'))).tenant)";
      assert.equal((await node(['--input-type=module', '--eval', module, url], outside)).trim(), 'acme');
      assert.deepEqual(
        asked,
        Object.keys(answers).map((route) => `${route} Bearer t`),
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
