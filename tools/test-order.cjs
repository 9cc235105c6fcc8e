// In which order Jest takes the files of tests: as it does, by their size while it knows no times, but the two first that are small and long.
const Sequencer = require('@jest/test-sequencer').default;

const FIRST = ['chaos.e2e-spec.ts', 'harness.spec.ts'];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const isFirst = ({ path }) => FIRST.some((name) => path.endsWith(`/${name}`));
    const sorted = super.sort(tests);
    return [...sorted.filter(isFirst), ...sorted.filter((test) => !isFirst(test))];
  }
};
