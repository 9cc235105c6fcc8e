// Rewrites the golden plans (libs/core/src/lib/planner/golden). Only for new plans or a new hash version: see docs/adr/0005.
import { spawnSync } from 'node:child_process';

if (!process.argv.includes('--rewrite')) {
  console.error('A plan hash is a promise. To write the plans anew on purpose: node tools/golden-plans.mjs --rewrite');
  process.exit(2);
}
const spec = 'libs/core/src/lib/plan/golden-plans';
const env = { ...process.env, TASKRUNNER_GOLDEN_PLANS: 'rewrite' };
const jest = spawnSync('npx', ['jest', '-c', 'libs/core/jest.config.js', spec], { stdio: 'inherit', env });
process.exit(jest.status ?? 1);
