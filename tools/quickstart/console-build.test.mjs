import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { consoleSteps, isConsoleBuilt } from './console-build.mjs';

test('the quickstart builds the console once, and again when a source has changed', () => {
  const root = mkdtempSync(join(tmpdir(), 'quickstart-'));
  const write = (name, seconds) => {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    utimesSync(path, seconds, seconds);
  };
  try {
    write('apps/console/src/main.tsx', 100);
    write('libs/core/src/lib/deep/one.ts', 100);
    assert.equal(isConsoleBuilt(root), false);
    write('apps/console/dist/index.html', 200);
    assert.equal(isConsoleBuilt(root), true);
    for (const name of ['apps/console/src/main.tsx', 'libs/core/src/lib/deep/one.ts', 'package-lock.json']) {
      write(name, 300);
      assert.equal(isConsoleBuilt(root), false, name);
      write(name, 100);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('the programs of the build exist', () => {
  const root = join(import.meta.dirname, '..', '..');
  for (const { script, folder } of consoleSteps(root)) assert.ok(existsSync(script) && existsSync(folder), script);
});
