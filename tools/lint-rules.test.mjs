// Run with `node --test tools/lint-rules.test.mjs`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

const head = [
  'const waits = async (): Promise<number> => 1;',
  'declare function sideEffect(...all: unknown[]): void;',
  'declare const error: unknown;',
  'class RunFault extends Error {}',
];
/** Every line violates the rule beside it. */
const everywhere = [
  ['no-floating-promises', 'waits();'],
  ['no-misused-promises', 'if (waits()) sideEffect();'],
  ['await-thenable', 'await 1;'],
  ['no-unsafe-return', 'export const unsafe = (): number => JSON.parse("1");'],
  ['no-base-to-string', 'export const text = `${{}}`;'],
  ['only-throw-error', 'export function fails() { throw "text"; }'],
  ['switch-exhaustiveness-check', 'export function of(x: "a" | "b") { switch (x) { case "a": return 1; } return 2; }'],
  ['unbound-method', 'export const unbound = new (class { name() { return this; } })().name;'],
  ['no-explicit-any', 'export const anything = (x: any): void => sideEffect(x);'],
  ['no-unused-vars', 'const unused = 1;'],
  ['ban-ts-comment', '// @ts-ignore'],
  ['no-require-imports', 'import old = require("node:fs"); sideEffect(old);'],
  ['no-empty-object-type', 'export type Nothing = {};'],
  ['no-namespace', 'export namespace Old { export const x = 1; }'],
  ['no-unsafe-function-type', 'export type Any = Function;'],
  ['no-wrapper-object-types', 'export type Text = String;'],
  ['no-this-alias', 'export class Aliased { a() { const self = this; return self; } }'],
  ['prefer-const', 'let once = 1; sideEffect(once);'],
  ['no-var', 'var old2 = 1; sideEffect(old2);'],
  ['no-unused-expressions', 'error === 1;'],
  ['no-array-constructor', 'export const list = new Array(1, 2);'],
  ['prefer-spread', 'sideEffect.apply(undefined, Object.keys({}));'],
  ['prefer-rest-params', 'export function rest() { return arguments; }'],
  ['consistent-type-imports', 'import { Stats } from "node:fs"; export type Size = Stats;'],
  ['no-restricted-syntax', 'export const isOurs = error instanceof RunFault;'],
];
const clocks = [
  ['no-restricted-properties', 'export const now = Date.now();'],
  ['no-restricted-properties', 'export const nonce = Math.random();'],
  ['no-restricted-syntax', 'export const today = new Date();'],
];
const FILES = {
  'apps/cli/src/planted.ts': everywhere,
  'libs/core/src/lib/run/planted.ts': [
    ...clocks,
    ['no-restricted-syntax', 'export async function later() { await waits(); }'],
  ],
  'libs/core/src/lib/operations/planted.ts': clocks,
  'libs/core/src/lib/run/planted.spec.ts': [
    ['no-restricted-properties', 'export const begun = performance.now();'],
    ['no-restricted-properties', 'export const used = process.cpuUsage();'],
    ['no-restricted-syntax', 'declare const expect: (x: unknown) => void; expect(Date.now() - 5);'],
  ],
};
/** Lines that are allowed there, though not everywhere. */
const ALLOWED = {
  'libs/core/src/lib/operations/planted.ts': 'export async function asked() { await waits(); }',
  'libs/core/src/lib/run/planted.spec.ts': 'export const time = new Date(); export const later = async () => waits();',
};

let found;
let folder;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'));
  copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, lines] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const text = [...head, ...lines.map(([, line]) => line), ALLOWED[path] ?? '', 'export {};'].join('\n');
    writeFileSync(join(folder, path), text);
  }
  const compilerOptions = { target: 'es2022', module: 'preserve', strict: true, skipLibCheck: true, types: ['node'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.ts'] }));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  const { status, stdout, stderr } = spawnSync(process.execPath, [oxlint, '--type-aware', '-f', 'json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 1, stdout + stderr);
  found = JSON.parse(stdout).diagnostics.map(({ code, filename, labels }) => ({
    rule: code.replace(/^.*\((.*)\)$/, '$1'),
    path: filename,
    line: labels[0].span.line - head.length,
  }));
});
after(() => rmSync(folder, { recursive: true }));

for (const [path, lines] of Object.entries(FILES)) {
  for (const [i, [rule, line]] of lines.entries())
    it(`${rule} finds, in ${path}: ${line}`, () => {
      const isIt = (one) => one.rule === rule && one.path.endsWith(path) && one.line === i + 1;
      assert.ok(found.some(isIt), JSON.stringify(found.filter((one) => one.path.endsWith(path))));
    });
  if (ALLOWED[path] !== undefined)
    it(`${path} may: ${ALLOWED[path]}`, () => {
      const ours = found.filter((one) => one.path.endsWith(path) && one.line > lines.length);
      assert.deepEqual(
        ours.filter(({ rule }) => rule.startsWith('no-restricted')),
        [],
      );
    });
}
