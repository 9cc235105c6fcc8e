// Run with `node --test tools/lint-rules.test.mjs`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import tseslint from 'typescript-eslint';

const ROOT = join(import.meta.dirname, '..');
const CONFIG = join(ROOT, '.oxlintrc.json');
const OURS = JSON.parse(readFileSync(CONFIG, 'utf8')).rules;
/** Ours too, beside what is recommended. */
const MORE = ['switch-exhaustiveness-check'];
/** Ports are asynchronous whether an adapter waits or not. */
const NOT_OURS = ['require-await'];

const short = (name) => name.replace('@typescript-eslint/', '');

describe('rules that take types', () => {
  it('are those that typescript-eslint recommends: none is lost between ESLint and oxlint', () => {
    const { rules } = tseslint.plugin;
    const recommended = tseslint.configs.recommendedTypeChecked.flatMap((config) =>
      Object.entries(config.rules ?? {}).filter(([, severity]) => severity !== 'off'),
    );
    const typed = recommended
      .map(([name]) => short(name))
      .filter((name) => rules[name]?.meta.docs.requiresTypeChecking && !NOT_OURS.includes(name));
    assert.ok(typed.length > 20);
    assert.deepEqual(Object.keys(OURS).sort(), [...typed, ...MORE].map((name) => `typescript/${name}`).sort());
  });

  it('are asked of a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lint-'));
    try {
      const lines = [
        ['no-floating-promises', 'waits();'],
        ['no-misused-promises', 'if (waits()) sideEffect();'],
        ['await-thenable', 'await 1;'],
        ['no-unsafe-return', 'export const unsafe = (): number => JSON.parse("1");'],
        ['no-base-to-string', 'export const text = `${{}}`;'],
        ['only-throw-error', 'export function fails() { throw "text"; }'],
        [
          'switch-exhaustiveness-check',
          'export function of(x: "a" | "b") { switch (x) { case "a": return 1; } return 2; }',
        ],
        ['unbound-method', 'export const unbound = new (class { name() { return this; } })().name;'],
      ];
      const head = ['const waits = async (): Promise<number> => 1;', 'declare function sideEffect(): void;'];
      writeFileSync(join(folder, 'planted.ts'), [...head, ...lines.map(([, line]) => line), 'export {};'].join('\n'));
      const options = { target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['planted.ts'] }));
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
      const { status, stdout } = spawnSync(
        process.execPath,
        [oxlint, '--type-aware', '-c', CONFIG, '-f', 'json', folder],
        {
          cwd: ROOT,
          encoding: 'utf8',
        },
      );
      assert.equal(status, 1);
      const found = JSON.parse(stdout).diagnostics.map(({ code, labels }) => [
        code.replace(/^typescript\((.*)\)$/, '$1'),
        labels[0].span.line - head.length,
      ]);
      for (const [i, [rule]] of lines.entries())
        assert.ok(
          found.some(([name, line]) => name === rule && line === i + 1),
          `${rule} is not found in line ${i + 1}: ${JSON.stringify(found)}`,
        );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
