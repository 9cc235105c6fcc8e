// Standard input: {state: {release, healthy}, expected}. Fails for good where the service is not what it should be.
import { readFileSync, writeFileSync } from 'node:fs';

const { state, expected } = JSON.parse(readFileSync(0, 'utf8'));
if (state.healthy !== true || (expected !== null && state.release !== expected)) {
  console.error(`release ${state.release}, healthy: ${state.healthy}`);
  process.exit(78);
}
writeFileSync(process.env.TASKRUNNER_OUTPUTS, JSON.stringify({ release: state.release }));
