import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { declaredBy, namedOn, projects, unusedBy, unusedOf } from './dependencies.mjs';

const page = readFileSync(join(import.meta.dirname, '../../docs/dependencies.md'), 'utf8');

test('every dependency is used, in production by production code', () => {
  for (const project of projects) assert.deepEqual(unusedBy(project), [], `of ${project || 'the root'}`);
});

test('the page of dependencies names what is declared, and no more', () => {
  const named = namedOn(page);
  assert.deepEqual([...named.keys()].sort(), [...projects].sort());
  for (const project of projects) {
    const { runtime, dev } = declaredBy(project);
    assert.deepEqual([...(named.get(project) ?? [])].sort(), [...runtime, ...dev].sort(), project || 'root');
  }
});

test('a devDependency that nothing names is found, and one that is named in any way is not', () => {
  const commands = (name) => (name === 'oxfmt' ? ['oxfmt'] : []);
  const peers = (name) => (name === 'right' ? ['beside'] : []);
  const unused = (dev, ...texts) => unusedOf(dev, texts, dev, { commands, peers });
  assert.deepEqual(unused(['left', 'right'], "import right from 'right/deep';"), ['left']);
  assert.deepEqual(unused(['left'], '// left is not right', "import x from 'left-pad';"), ['left']);
  assert.deepEqual(unused(['left'], "require('left')"), []);
  assert.deepEqual(unused(['oxfmt'], '"command": "oxfmt --check ."'), []);
  assert.deepEqual(unused(['beside', 'right'], "import right from 'right';"), []);
  assert.deepEqual(unused(['@types/left'], "import right from 'right';"), ['@types/left']);
  assert.deepEqual(unused(['@types/left'], "import type { L } from 'left';"), []);
});
