// The process that drives one run at a time beside which workers have died. `main.ts` has it forked.
import { driveIsolated } from '@taskrunner/worker';
import { platform } from './platform';

driveIsolated(platform);
