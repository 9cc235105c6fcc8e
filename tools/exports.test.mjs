// Finds exports that no other file uses, in files and in libraries.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const EXPORT = /^export (?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) ([\w$]+)/gm;
/**
 * Exports for users of the libraries that this repository itself need not use: error classes and codes, types of ports, and types that a
 * declaration infers.
 */
const isForOthers = (file, name) =>
  /Error(Code)?$/.test(name) || file.includes('/lib/ports/') || ['Assumption', 'SigstoreBundle'].includes(name);

test('each export is named by another file', () => {
  const files = execFileSync('git', ['ls-files', 'libs', 'apps', 'tools', 'examples', 'docker', 'docs'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((name) => /\.(tsx?|mts|mjs|cjs|js|md|template)$/.test(name) && existsSync(join(ROOT, name)));
  const named = new Map();
  const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
  for (const text of texts.values())
    for (const word of new Set(text.match(/[A-Za-z_$][\w$]*/g))) named.set(word, (named.get(word) ?? 0) + 1);
  const unused = files
    .filter((file) => /^(libs|apps)\/.*\.tsx?$/.test(file) && !/(spec|main)\.ts$|\/testing\/|\/migrations\//.test(file))
    .flatMap((file) => [...texts.get(file).matchAll(EXPORT)].map(([, name]) => ({ file, name })))
    .filter(({ file, name }) => named.get(name) < 2 && !isForOthers(file, name));
  assert.deepEqual(unused, []);
});
