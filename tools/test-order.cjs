// In which order Jest takes the files of tests: as it does, by their size while it knows no times, but for two that are small and take long.
const Sequencer = require('@jest/test-sequencer').default;

module.exports = class LongOnesEarly extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const named = (name) => sorted.filter(({ path }) => path.endsWith(`/${name}`));
    // Seeds on virtual time want a processor and a process that nothing has run in before; real chaos wants both, so not beside them.
    const [seeds, chaos] = [named('harness.spec.ts'), named('chaos.e2e-spec.ts')];
    const [largest, ...others] = sorted.filter((test) => !seeds.includes(test) && !chaos.includes(test));
    return [...seeds, ...(largest ? [largest] : []), ...chaos, ...others];
  }
};
