// A test environment that reports the phases of a spec: imports, set-up (hooks) and tests, with the processor time of each. Started
// manually:
//   TASKRUNNER_PHASES=/tmp/phases.ndjson TASKRUNNER_PHASES_CPU=/sys/fs/cgroup/NAME/cpu.stat npx jest -c libs/core/jest.config.js -w 1 --env "$PWD/tools/jest-phases.cjs"
// The processor time is that of a cgroup, which includes databases and services that a spec starts. The shell must be moved into it first.
// One worker only.
const { appendFileSync, readFileSync } = require('node:fs');
const { relative } = require('node:path');
const { TestEnvironment } = require('jest-environment-node');

const { TASKRUNNER_PHASES: report, TASKRUNNER_PHASES_CPU: group } = process.env;

/** Processor time so far, seconds; without a cgroup, that of this process. */
function processorSeconds() {
  if (group === undefined) return process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;
  const text = readFileSync(group, 'utf8');
  const micros = /^usage_usec (\d+)$/m.exec(text);
  return micros === null ? Number(text) / 1e9 : Number(micros[1]) / 1e6;
}

module.exports = class Phases extends TestEnvironment {
  phases = { imports: [0, 0], setUp: [0, 0], tests: [0, 0] };
  phase = 'imports';

  constructor(config, context) {
    super(config, context);
    this.file = relative(process.cwd(), context.testPath);
    this.since = [performance.now() / 1_000, processorSeconds()];
  }

  enter(phase) {
    const now = [performance.now() / 1_000, processorSeconds()];
    const spent = this.phases[this.phase];
    for (const i of [0, 1]) spent[i] += now[i] - this.since[i];
    this.since = now;
    this.phase = phase;
  }

  handleTestEvent({ name }) {
    if (name === 'run_start' || name === 'hook_start') this.enter('setUp');
    if (name === 'test_fn_start') this.enter('tests');
    if (name === 'test_fn_success' || name === 'test_fn_failure') this.enter('setUp');
  }

  async teardown() {
    this.enter('setUp');
    if (report !== undefined) appendFileSync(report, `${JSON.stringify({ file: this.file, ...this.phases })}\n`);
    await super.teardown();
  }
};
