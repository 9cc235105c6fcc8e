// The reference of pack fields is complete: it is what the schema gives, and has every description of the schema.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packFields, packFieldsPage } from './pack-fields.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs/guides/pack-fields.md'), 'utf8');
const rows = PAGE.split('\n').flatMap((line) => /^\| `([^`]+)` \|/.exec(line)?.[1] ?? []);

/** Names of all members of `properties`, wherever they are in a schema: found without the walk that makes the page. */
function namesIn(part, found = new Set()) {
  if (part === null || typeof part !== 'object') return found;
  const { properties } = part;
  if (properties !== undefined && !Array.isArray(properties))
    for (const name of Object.keys(properties)) found.add(name);
  for (const one of Object.values(part)) namesIn(one, found);
  return found;
}

describe('docs/guides/pack-fields.md', () => {
  it('is what the schema of packs gives: node tools/documents/pack-fields.mjs > docs/guides/pack-fields.md', () => {
    assert.equal(PAGE, packFieldsPage());
  });

  it('has a row for each field, once', () => {
    assert.ok(rows.length > 120);
    assert.deepEqual([...rows].sort(), [...packFields().keys()].sort());
  });

  it('has every name that the schema knows', () => {
    const schema = JSON.parse(readFileSync(join(ROOT, 'etc/schemas/taskrunner.pack.v1.schema.json'), 'utf8'));
    const named = new Set(rows.flatMap((path) => [path.split('.').at(-1), /"(.*)"$/.exec(path)?.[1] ?? '']));
    const missing = [...namesIn(schema)].filter((name) => !named.has(name));
    // The object forms of `gate: {approval: {id: …}}` are another spelling of a whole.
    assert.deepEqual(missing, []);
  });

  it('has a meaning, and a type or form, for each', () => {
    const empty = PAGE.split('\n').filter((line) => /^\| `/.test(line) && /\|\s*\|$/.test(line));
    assert.deepEqual(empty, []);
  });
});
