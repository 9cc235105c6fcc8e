import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { planningContextOf, type PlanningSetting } from '@taskrunner/core/operations';
import { PlannerError, type PlanningLimits } from '@taskrunner/core/ports';
import { packText, plannerContract, testConfiguration, testEnvironment } from '@taskrunner/core/testing';
import { PlanningHere } from './planning-here';

const setting: PlanningSetting = { environment: testEnvironment, configuration: testConfiguration };
const limits: PlanningLimits = { memory: 256 * 1024 ** 2, time: 20_000, threads: 1, queue: 16 };
const asker = { tenant: 'acme', signers: [] };
const supplied = (manifest: string) => ({ source: { manifest, hasLines: true, files: [] }, inputs: {}, asker });
const STEP = '- { id: s, run: { uses: "builtin:noop" } }';
const SMALL = supplied(packText(STEP));
/** Much to parse. */
const LARGE = supplied(
  packText(STEP, `inputs: [{ name: xs, type: array, default: [${Array(400_000).fill('[0]').join(',')}] }]`),
);

it.each(
  plannerContract(async (context) => ({ planner: new PlanningHere(context, limits), close: async () => undefined })),
)('$name', ({ run }) => run());

it('ends a task that takes too long, and goes on', async () => {
  // It ends after ten times the limit, by when it must have had a tenth of a processor. A busy machine may stop a process for 0.1 s.
  const planner = new PlanningHere(planningContextOf(setting), { ...limits, time: 40 });
  const late: unknown = await planner.ask('acme', 'plan', LARGE).catch((error: unknown) => error);
  expect(PlannerError.is(late) && [late.code, late.message]).toEqual([
    'PLAN_LIMIT',
    'planning took longer than 0.04 s (limits.planTime)',
  ]);
  expect(await planner.ask('acme', 'plan', SMALL)).toMatchObject({ kind: 'planned' });
});

it('passes on what a task throws', async () => {
  const planner = new PlanningHere({ setting: null, policyEngines: {} }, limits);
  await expect(planner.ask('acme', 'plan', SMALL)).rejects.toThrow('nothing is admitted here');
});

it('ends a task when the person presses Ctrl-C, and whoever handles the signal is told', async () => {
  const program = `
    const { PlanningHere } = require(${JSON.stringify(join(__dirname, '../../../dist/lib/planning/planning-here.js'))});
    const { planningContextOf } = require('@taskrunner/core/operations');
    process.once('SIGINT', () => console.log('told'));
    process.once('message', async ({ setting, limits, task }) => {
      process.send('plans');
      const planner = new PlanningHere(planningContextOf(setting), limits);
      console.log(await planner.ask('acme', 'plan', task).catch(({ code, message }) => code + ' ' + message));
      await new Promise((resolve) => setTimeout(resolve, 100));
      process.disconnect();
    });
    process.send('ready');`;
  const child = spawn(process.execPath, ['-e', program], {
    cwd: __dirname,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await once(child, 'message');
  child.send({ setting, limits, task: LARGE });
  await once(child, 'message');
  await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGINT');
  await once(child, 'close');
  expect(printed.split('\n').sort()).toEqual(['', 'PLANNER_UNAVAILABLE planning was interrupted', 'told']);
});
