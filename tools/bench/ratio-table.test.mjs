import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noteTable, ratioTable } from './ratio-table.mjs';

const line = (name, value, peer, peerValue, peerRounds) => ({
  name,
  value,
  ...(peer && { peer, peerValue, peerRounds }),
});
const RESULTS = ['pure', 'idempotent'].flatMap((mode) => [
  { ...line(`durable-steps-${mode}`, 3_000), rounds: [2_500, 3_000, 3_100.6] },
  line(`durable-steps-${mode}`, 3_000, 'restate', 2_000, [1_900, 2_000, 2_100]),
  line(`durable-steps-${mode}`, 3_000, 'dbos', 1_000.4),
  line(`durable-steps-${mode}-sealed`, 1_500, 'dbos', 1_000.4),
  line(`one-run-${mode}`, 8.16, 'dbos', 24, [23, 25.04]),
  line(`one-run-${mode}-repeated`, 8.16, 'dbos', 24),
]);

test('compares the product with each peer, with the least and greatest rounds of both', () => {
  const table = ratioTable(RESULTS, 'Somewhere.').split('\n');
  assert.equal(table[0], '|  | TaskRunner | dbos | restate |');
  const rate = '3 000 (2 500 to 3 101) | 1 000: 3.00 | 2 000 (1 900 to 2 100): 1.50 |';
  assert.equal(table[2], `| \`idempotent\` steps a second | ${rate}`);
  assert.equal(table[4], `| \`pure\` steps a second | ${rate}`);
  const single = '8.2 | 24.0 (23.0 to 25.0): 0.34 | not measured |';
  assert.equal(table[6], `| one \`idempotent\` run on an idle system, ms | ${single}`);
  assert.equal(table.at(-2), 'Somewhere.');
});

test('refuses what was not measured', () => {
  assert.throws(() => ratioTable([], ''), /there are no peers/);
  const without = RESULTS.filter(({ name }) => name !== 'one-run-pure');
  assert.throws(() => ratioTable(without, ''), /one-run-pure was not/);
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
