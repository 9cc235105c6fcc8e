import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

// It keeps modules of the repository that it lies in: here of a folder like one.
const root = mkdtempSync(join(tmpdir(), 'compile-cache-'));
const kept = join(root, 'kept');
const preload = join(root, 'tools/compile-cache/preload.cjs');
after(() => rmSync(root, { recursive: true, force: true }));

const put = (name, text) => writeFileSync(join(root, name), text);
mkdirSync(kept);
mkdirSync(join(root, 'tools/compile-cache'), { recursive: true });
mkdirSync(join(root, 'package'));
cpSync(join(import.meta.dirname, 'preload.cjs'), preload);
for (let i = 0; i < 20; i++) put(`part-${i}.js`, `exports.value = ${i};\n// ${'x'.repeat(10_000)}\n`);
/** Seconds since 1970: a time that a file can be given exactly. */
const EARLIER = 1_700_000_000;
utimesSync(join(root, 'part-0.js'), EARLIER, EARLIER);
put('package/package.json', '{"type": "module"}');
put('package/esm.js', 'export const value = "esm";\n');
put('facts.json', '{"value": "json"}');
put('lazy.js', 'exports.lazy = () => import("./package/esm.js");\n');
put('broken.js', 'exports.value = ;\n');
put(
  'main.js',
  `#!/usr/bin/env node
const parts = Array.from({ length: 20 }, (_, i) => require(\`./part-\${i}\`).value);
const faultOf = (name) => { try { require(name); } catch ({ name, code, message }) { return [name, code, message.split('\\n')[0]]; } };
require('./lazy').lazy().then(({ value }) => console.log(JSON.stringify({
  parts, value, json: require('./facts.json').value, esm: require('./package/esm.js').value, isMain: require.main === module,
  place: require.resolve('./part-1'), loaded: Object.keys(require.cache), broken: faultOf('./broken'), missing: faultOf('./nowhere'),
})));
`,
);

function start(env) {
  const args = ['--no-warnings', '--require', preload, join(root, 'main.js')];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  assert.equal(status, 0, stderr);
  return { ...JSON.parse(stdout), stderr };
}

const options = { skip: module.enableCompileCache !== undefined && 'this release of Node.js has a cache of its own' };

test('a program runs the same without a cache, when it fills it and when it uses it', options, () => {
  const plain = start({});
  assert.equal(plain.stderr, '');
  assert.deepEqual(plain.parts.slice(0, 3), [0, 1, 2]);
  assert.equal(plain.broken[0], 'SyntaxError');
  assert.ok(plain.loaded.includes(join(root, 'part-0.js')) && !plain.loaded.includes(preload));
  const env = { NODE_COMPILE_CACHE: kept };
  assert.deepEqual(start(env), plain);
  assert.equal(readdirSync(kept).length, 1);
  assert.deepEqual(start(env), plain);
});

test('a module is loaded from the cache until its file changes', options, () => {
  const path = join(root, 'part-0.js');
  const valueNow = () => start({ NODE_COMPILE_CACHE: kept }).parts[0];
  put('part-0.js', `exports.value = 7;\n// ${'x'.repeat(10_000)}\n`);
  utimesSync(path, EARLIER, EARLIER);
  assert.equal(valueNow(), 0);
  utimesSync(path, EARLIER, EARLIER + 1);
  assert.equal(valueNow(), 7);
});

test('a folder that does not exist is not made, and harms nothing', options, () => {
  assert.equal(start({ NODE_COMPILE_CACHE: join(root, 'nowhere') }).isMain, true);
});
