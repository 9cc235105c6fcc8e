// Run with `node --test tools/dependencies/installed-places.test.mjs`.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { withAddresses, writeAddresses } from './installed-places.mjs';

const LOCK = {
  lockfileVersion: 3,
  packages: {
    '': { name: 'workspace', version: '1.0.0' },
    'libs/core': { name: '@taskrunner/core', version: '0.1.0' },
    'node_modules/@taskrunner/core': { resolved: 'libs/core', link: true },
    'node_modules/pg': { version: '8.23.1', integrity: 'sha512-a' },
    'node_modules/@swc/core': { version: '1.16.22', integrity: 'sha512-b' },
    'node_modules/pg/node_modules/yaml': { version: '2.9.1', integrity: 'sha512-c' },
    'node_modules/typescript-native': { name: 'typescript', version: '7.0.2', integrity: 'sha512-d' },
    'node_modules/mirrored': { version: '1.0.0', resolved: 'https://elsewhere.invalid/x.tgz' },
    'node_modules/pg/node_modules/inner': { version: '1.0.0', inBundle: true },
  },
};

it('each package of a registry has an address, and nothing else changes', () => {
  const added = Object.entries(withAddresses(LOCK).packages).flatMap(([path, { resolved, ...entry }]) => {
    const before = LOCK.packages[path];
    assert.deepEqual({ ...entry, ...(before.resolved && { resolved }) }, before);
    return before.resolved === resolved ? [] : [[path, resolved]];
  });
  const host = 'https://registry.invalid';
  assert.deepEqual(added, [
    ['node_modules/pg', `${host}/pg/-/pg-8.23.1.tgz`],
    ['node_modules/@swc/core', `${host}/@swc/core/-/core-1.16.22.tgz`],
    ['node_modules/pg/node_modules/yaml', `${host}/yaml/-/yaml-2.9.1.tgz`],
    ['node_modules/typescript-native', `${host}/typescript/-/typescript-7.0.2.tgz`],
  ]);
});

it('the lock of this repository has a digest of each package that is given an address', () => {
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'));
  const addressed = Object.values(withAddresses(lock).packages).filter(({ resolved }) =>
    resolved?.startsWith('https:'),
  );
  assert.ok(addressed.length > 500);
  for (const { resolved, integrity } of addressed) assert.match(integrity, /^sha512-/, resolved);
});

it('nothing stays beside the lock', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(LOCK));
  const remove = writeAddresses(folder);
  const written = join(folder, 'npm-shrinkwrap.json');
  assert.deepEqual(JSON.parse(readFileSync(written, 'utf8')), withAddresses(LOCK));
  remove();
  assert.equal(existsSync(written), false);
  rmSync(folder, { recursive: true });
});
