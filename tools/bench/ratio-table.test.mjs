import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noteTable, ratioTable } from './ratio-table.mjs';

const line = (name, value, peer, peerValue) => ({ name, value, ...(peer && { peer, peerValue }) });
const RESULTS = ['pure', 'idempotent'].flatMap((mode) => [
  line(`durable-steps-${mode}`, 3_000),
  line(`durable-steps-${mode}`, 3_000, 'restate', 2_000),
  line(`durable-steps-${mode}`, 3_000, 'dbos', 1_000.4),
  line(`durable-steps-${mode}-sealed`, 1_500),
  line(`one-run-${mode}`, 8.16, 'dbos', 24),
]);

test('compares the product with each peer, also its rate with evidence', () => {
  const table = ratioTable(RESULTS, 'Somewhere.').split('\n');
  assert.equal(table[0], '|  | TaskRunner | dbos | restate |');
  assert.equal(table[2], '| `pure` steps a second | **3 000** | 1 000 (3.00) | 2 000 (1.50) |');
  assert.equal(table[3], '| the same, with the evidence of all runs | **1 500** | 1 000 (1.50) | 2 000 (0.75) |');
  assert.equal(table[6], '| one run of ten `pure` steps, ms | **8.2** | 24.0 (0.34) |  |');
  assert.equal(table.at(-2), 'Somewhere.');
});

test('refuses what was not measured', () => {
  assert.throws(() => ratioTable([], ''), /there are no peers/);
  assert.throws(
    () =>
      ratioTable(
        RESULTS.filter(({ name }) => name !== 'one-run-pure'),
        '',
      ),
    /one-run-pure was not/,
  );
});

test('replaces the table of a document', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-table-'));
  try {
    const path = join(folder, 'README.md');
    writeFileSync(path, 'before\n\n<!-- bench -->\nold\n<!-- /bench -->\n\nafter\n');
    noteTable(path, '| $1 |\n');
    assert.equal(readFileSync(path, 'utf8'), 'before\n\n<!-- bench -->\n\n| $1 |\n\n<!-- /bench -->\n\nafter\n');
    writeFileSync(path, 'no place');
    assert.throws(() => noteTable(path, ''), /has no <!-- bench -->/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
