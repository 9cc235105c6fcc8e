// The campaigns by name: the setup of their workers, and their disturbances.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startAnswerThief, WRITES } from './answer-thief.mjs';
import { FILES } from './files/campaign.mjs';
import { POISON_STEP } from './packs.mjs';
import { peakMiB } from './processes.mjs';
import { pause, until } from './waiting.mjs';
import { startWebservice } from './webservice.mjs';

const { POINTS } = createRequire(import.meta.url)('./faults/points.cjs');
/** `step-starts` belongs to the campaign of poison: a run that kills a worker at each of its starts is rightly marked as poisoned. */
const TRIED_POINTS = Object.keys(POINTS).filter((point) => point !== 'step-starts');
const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  .map((folder) => join(folder, 'faketime', 'libfaketime.so.1'))
  .find(existsSync);

/** Records the maximum memory of any worker until it is stopped. */
function sampleMemory(workers, nemesis) {
  let most = 0;
  const timer = setInterval(() => {
    for (const { pid } of workers.running) most = Math.max(most, peakMiB(pid));
  }, 200);
  return () => {
    clearInterval(timer);
    nemesis.measured({ name: 'memory of a worker', value: most, most: 512, unit: 'MiB' });
  };
}

/**
 * Fields: `count`: default number of disturbances; `store`: location of the objects, so that they can be made unavailable (`--store`);
 * `durable`: not possible on a relaxed database; `prepare`: called before the workers start; `run`: called during the workload; `skip`:
 * reason why it is impossible on this machine; `startStack`: another stack than that of two services; `storage`: evidence about its storage.
 */
export const CAMPAIGNS = {
  kills: {
    what: 'SIGKILL of workers at random moments',
    count: 200,
    run: ({ nemesis, count, every }) => nemesis.killWorkers(count, every),
  },

  objects: {
    what: 'a store of objects that is away, read-only, full or slow',
    count: 32,
    store: 'file',
    prepare({ stack }) {
      const { slowFlag } = stack.objectStore;
      if (slowFlag !== undefined) stack.workers.envOf = () => ({ TASKRUNNER_SLOW_STORE: slowFlag });
    },
    async run({ stack, workload, nemesis, count }) {
      let isOver = false;
      const uploads = (async () => {
        for (; !isOver; await pause(300)) nemesis.note('upload', { status: await workload.ada.upload() });
      })();
      // Records the readiness that the webservice reports. It is not slowed down with the workers.
      const meanwhile = async (trouble) => {
        if (trouble === 'slow') return;
        const response = await fetch(`${stack.dev.health.webservice}/health/ready`);
        const { error } = await response.json();
        nemesis.note('readiness', { trouble, status: response.status, reason: error?.objects?.reason ?? null });
      };
      await nemesis.troubleObjects(count, [1_500, 5_000], meanwhile);
      isOver = true;
      await uploads;
      const said = stack.workers.all.map(
        (worker) => stack.workers.logOf(worker).split('objects.unavailable').length - 1,
      );
      nemesis.measured({
        name: 'log lines of outages in one worker',
        value: Math.max(...said),
        most: count,
        unit: 'lines',
      });
    },
  },

  drains: {
    what: 'SIGTERM of workers at random moments, as a rollout sends it',
    count: 40,
    run: ({ nemesis, count }) => nemesis.drainWorkers(count, [1_000, 4_000]),
  },

  points: {
    what: 'SIGKILL at each named fault point',
    count: 20,
    prepare({ stack, random, count }) {
      const plan = random.shuffled(TRIED_POINTS.flatMap((point) => Array.from({ length: count }, () => point)));
      const left = [...plan];
      const { workers } = stack;
      // One worker has no fault, because one must live long enough to sweep.
      const isWhole = ({ env }) => env.TASKRUNNER_FAULT === undefined;
      workers.envOf = () => {
        if (![...workers.running].some(isWhole)) return {};
        const point = left.shift();
        return point === undefined ? {} : { TASKRUNNER_FAULT: `${point}:${random.between(1, 6)}` };
      };
      return { planned: plan.length };
    },
    async run({ stack, nemesis, prepared, say }) {
      const noted = new Set();
      const reached = () => {
        for (const worker of stack.workers.all) {
          if (noted.has(worker) || worker.asked === null || worker.asked !== worker.env.TASKRUNNER_FAULT) continue;
          noted.add(worker);
          nemesis.note('point', { point: worker.asked.split(':')[0], worker: worker.name });
        }
        return noted.size >= prepared.planned;
      };
      if (!(await until(reached, prepared.planned * 15_000, 50)))
        say({ what: 'unreached', points: prepared.planned - noted.size });
    },
  },

  postmaster: {
    what: 'kill -9 of the postmaster',
    // A relaxed database loses acknowledged commits, which the referee has detected.
    durable: true,
    count: 30,
    run: ({ nemesis, count }) => nemesis.killDatabase(count, [2_000, 6_000]),
  },

  zombie: {
    what: 'SIGSTOP past the lease, then SIGCONT',
    count: 20,
    run: ({ nemesis, count }) => nemesis.stopWorkers(count),
  },

  'lost-commit': {
    what: 'answers of PostgreSQL that are lost after the commit',
    count: 200,
    async prepare({ stack, workload, nemesis, random, count }) {
      const state = { left: count, isOn: false };
      const thief = await startAnswerThief({
        port: stack.database.port,
        steals: (statement) => state.isOn && state.left > 0 && random.chance(WRITES[statement] ?? 0),
        onStolen(statement) {
          state.left -= 1;
          nemesis.note('stolen', { statement });
        },
      });
      const through = (url) => Object.assign(new URL(url), { port: String(thief.port) }).href;
      const { workerUrl, webUrl } = stack.dev.database;
      stack.workers.envOf = () => ({ TASKRUNNER_DATABASE_WORKER_URL: through(workerUrl) });
      const env = { TASKRUNNER_DATABASE_WEB_URL: through(webUrl) };
      const webservice = await startWebservice({ configurationPath: stack.dev.configurationPath, env });
      for (const caller of [workload.ada, workload.grace]) caller.server = webservice.url;
      const stop = async () => {
        await webservice.stop();
        await thief.stop();
      };
      return { state, stop };
    },
    async run({ prepared: { state }, count }) {
      state.isOn = true;
      await until(() => state.left <= 0, count * 3_000, 50);
      state.isOn = false;
    },
  },

  files: FILES,

  poison: {
    what: 'packs that kill the worker that starts them',
    count: 5,
    prepare({ stack }) {
      stack.workers.envOf = () => ({ TASKRUNNER_FAULT: `step-starts@${POISON_STEP}:1` });
    },
    async run({ stack, workload, nemesis, random, count }) {
      for (let i = 0; i < count; i++) {
        nemesis.note('poison', { run: await workload.poison() });
        await pause(random.between(3_000, 8_000));
      }
      const isOver = async () => {
        const [{ left }] = await stack.database
          .ask(`select count(*)::int as left from pack_runs.runs r join pack_runs.run_sources s
          using (tenant_id, run_id) where s.pack_name = 'chaos-poison' and r.finished_ms is null`);
        return left === 0;
      };
      await until(isOver, 120_000, 500);
    },
  },

  map: {
    what: 'a map over 10 000 items, cancelled at 30 %, whose workers die before and after',
    count: 5,
    prepare({ workload }) {
      workload.concurrent = 0;
    },
    async run({ stack, workload, nemesis, count }) {
      const items = 10_000;
      const run = await workload.largeMap(items);
      const stopSampling = sampleMemory(stack.workers, nemesis);
      const effects = () => stack.effects.effects.filter((effect) => effect.run === run);
      const reached = (share) => until(() => effects().length >= share * items, 300_000, 50);
      const kill = () => nemesis.killWorkers(1, [0, 0]);
      for (let i = 1; i < count; i++) {
        await reached((0.3 * i) / count);
        await kill();
      }
      if (!(await reached(0.3)))
        throw new Error(`${effects().length} of ${items} items acted in five minutes: less than 30 %`);
      const cancelled = await workload.cancel(run);
      if (!workload.accepted.get(run).cancelled) throw new Error('the cancel was not accepted: was the map too quick?');
      await kill();
      const last = Math.max(cancelled, Date.now());
      await until(() => workload.isOver(run), 120_000, 100);
      const late = (effects().at(-1)?.at ?? last) - last;
      nemesis.measured({
        name: 'effects after cancel and last kill',
        value: Math.max(0, late),
        most: 12_000,
        unit: 'ms',
      });
      stopSampling();
    },
  },

  clock: {
    what: 'clocks of single workers a day before and behind',
    count: 60,
    skip: FAKETIME === undefined ? 'libfaketime is not installed (Debian: faketime)' : null,
    prepare({ stack }) {
      const offsets = ['+1d', '-1d', '+1h', '-5s'];
      stack.workers.envOf = (number) => ({
        LD_PRELOAD: FAKETIME,
        FAKETIME: offsets[number % offsets.length],
        FAKETIME_NO_CACHE: '1',
      });
    },
    /** `count`: number of runs that must end meanwhile. */
    run: ({ workload, count }) => until(() => workload.accepted.size >= count, 300_000, 500),
  },
};
