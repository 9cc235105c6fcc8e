// In which order Jest takes the files of tests: what takes long begins early, so that no worker is left with it at the end. Within a
// place as Jest does it: by times that it knows, else by size.
const Sequencer = require('@jest/test-sequencer').default;

// Seeds on virtual time want a process that nothing has run in before. Chaos is long, and small as a file.
const PLACES = [/\/harness(-even)?\.spec\.ts$/, /\/chaos\.e2e-spec\.ts$/, /\.e2e-spec\.ts$/, /\.int-spec\.ts$/];

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
