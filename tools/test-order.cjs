// The order in which Jest runs test files. Long ones begin early, so that no worker is left with one at the end. Otherwise Jest's order
// applies: by known durations, then by size.
const { readFileSync } = require('node:fs');
const Sequencer = require('@jest/test-sequencer').default;

/** Matches files that share the plain stack (apps/webservice-e2e/stack-profiles.mjs). They run in sequence: an idle stack computes. */
const PLAIN = {
  test: (path) => path.endsWith('.e2e-spec.ts') && readFileSync(path, 'utf8').includes("DevStack.shared('plain')"),
};

// Seeds on virtual time need a fresh process. The other files mostly wait, and are small.
const PLACES = [
  /\/harness\.spec\.ts$/,
  /\.long-spec\.ts$/,
  // Counting steps traverses the heap, which grows with each file.
  /\/(limits|compile-policy|read-document|plan-faults|simulate|pack-ignore|steps|glob|pure-executors)\.spec\.ts$/,
  /\/several\.e2e-spec\.ts$/,
  /\/(outage|gates|schedule-replicas|object-store|packs)\.e2e-spec\.ts$/,
  /\/(s3-object-store|killed-writers|model|kubernetes)\.int-spec\.ts$/,
  { test: (path) => path.endsWith('.e2e-spec.ts') && !PLAIN.test(path) },
  /\.e2e-spec\.ts$/,
  /\.int-spec\.ts$/,
];

module.exports = class LongOnesEarly extends Sequencer {
  sort(tests) {
    const placed = [...PLACES, /./].map(() => []);
    for (const test of super.sort(tests)) {
      const place = PLACES.findIndex((pattern) => pattern.test(test.path));
      placed.at(place).push(test);
    }
    return placed.flat();
  }
};
