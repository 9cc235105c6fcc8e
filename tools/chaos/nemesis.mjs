// Disturbances: what fails, when, and how often. Every choice derives from the seed.
import { commandOf, descendants, lives } from './processes.mjs';
import { LEASE_MS } from './stack.mjs';
import { pause, until } from './waiting.mjs';

/** Steps of a dead worker end before its lease can be taken over; its helper processes may take longer on a busy machine, milliseconds. */
const HELPERS_GONE_MS = 30_000;
/** Grace period of a worker in Kubernetes, milliseconds: `terminationGracePeriodSeconds` of the manifests. */
const POD_GRACE_MS = 90_000;
/** Durations of outages of the store: very short, until it is noticed, longer than a lease and than all attempts of a step. */
const OUTAGES_MS = [500, 3_000, 8_000, 15_000];
/** Time after which every service has detected that its store is unavailable, milliseconds: a probe is valid for two seconds. */
export const NOTICED_MS = 5_000;
/** The supervisor, the proxy and other helpers, which do nothing for a run by themselves. */
const isHelper = ({ pid }) => /-process(\/main)?\.js/.test(commandOf(pid));
/** The command of a process is read when the process should have ended, because a newly forked child shows the command of its parent. */
const isStep = (one) => !isHelper(one);

export class Nemesis {
  constructor({ stack, random, say }) {
    Object.assign(this, { stack, random, say });
    /** Disturbances, in order. */
    this.deeds = [];
    /** Processes that should have ended. */
    this.leftovers = [];
    this.watching = [];
  }

  get workers() {
    return this.stack.workers;
  }

  /** Sends SIGKILL to random workers `count` times, each after a pause of `every` milliseconds and when enough of them live. */
  async killWorkers(count, every) {
    for (let i = 0; i < count; i++) {
      await pause(this.random.between(...every));
      await this.#enough();
      const worker = this.random.pick(this.workers.ready);
      if (!worker) continue;
      const children = descendants(worker.pid);
      this.workers.signal(worker, 'SIGKILL');
      this.#did('kill', { worker: worker.name });
      this.killed(worker, children);
    }
  }

  /** Sends SIGTERM to random workers, like a rollout. Each must end by itself within a pod's grace period. */
  async drainWorkers(count, every) {
    const drains = [];
    for (let i = 0; i < count; i++) {
      await pause(this.random.between(...every));
      await this.#enough();
      const worker = this.random.pick(this.workers.ready);
      if (!worker) continue;
      const began = Date.now();
      this.workers.signal(worker, 'SIGTERM');
      this.#did('drain', { worker: worker.name });
      drains.push(until(() => worker.end !== null, 2 * POD_GRACE_MS).then(() => (worker.end?.at ?? Infinity) - began));
    }
    this.measured({
      name: 'longest drain',
      value: drains.length === 0 ? Infinity : Math.max(...(await Promise.all(drains))),
      most: POD_GRACE_MS,
      unit: 'ms',
    });
  }

  /** Stops a worker beyond its lease and continues it. It resumes as a zombie that assumes it still owns its runs. */
  async stopWorkers(count, atOnce = 2) {
    let left = count;
    const one = async () => {
      while (left-- > 0) {
        await this.#enough(2);
        const worker = this.random.pick(this.workers.ready);
        if (!worker) continue;
        // The supervisor and the proxy are not steps. They continue, and end the steps.
        const children = descendants(worker.pid);
        this.workers.signal(worker, 'SIGSTOP');
        this.#did('stop', { worker: worker.name });
        this.#mustBeGone(children, `of ${worker.name}, stopped past its lease`, LEASE_MS, isStep);
        await pause(2 * LEASE_MS);
        this.workers.signal(worker, 'SIGCONT');
        this.#did('continue', { worker: worker.name });
        await pause(this.random.between(1_000, 3_000));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  }

  /** Sends SIGKILL to the postmaster `count` times. Resolves to the durations of the restarts in milliseconds. */
  async killDatabase(count, every) {
    for (let i = 0; i < count; i++) {
      await pause(this.random.between(...every));
      await this.stack.database.kill();
      const ms = await this.stack.database.restart();
      this.#did('postmaster', { ms });
    }
  }

  /**
   * Makes the object store unavailable, read-only, full or slow, `count` times, with equal numbers of each kind, for longer than a lease or
   * only briefly. `meanwhile` is called after a while to check the errors that the services report.
   */
  async troubleObjects(count, every, meanwhile) {
    const { objectStore } = this.stack;
    const { troubles } = objectStore;
    const some = Array.from({ length: count }, (_, i) => ({
      trouble: troubles[i % troubles.length],
      ms: OUTAGES_MS[Math.floor(i / troubles.length) % OUTAGES_MS.length],
    }));
    for (const { trouble, ms } of this.random.shuffled(some)) {
      await pause(this.random.between(...every));
      objectStore.begin(trouble);
      const from = Date.now();
      try {
        await Promise.all([pause(ms), ms > NOTICED_MS ? pause(NOTICED_MS).then(() => meanwhile(trouble)) : null]);
      } finally {
        objectStore.end(trouble);
      }
      this.#did('objects', { trouble, ms, from, until: Date.now() });
    }
  }

  /** Runs the postponed checks now. */
  async settle() {
    await Promise.all(this.watching);
  }

  did(what) {
    return this.deeds.filter((deed) => deed.what === what);
  }

  /** Records disturbances by others: a fault point that was reached, a response that was lost. */
  note(what, more) {
    this.#did(what, more);
  }

  /** Records a figure of this campaign with its limit `most`. */
  measured({ name, value, most, unit }) {
    this.#did('measure', { name, value, most, unit });
  }

  async #enough(least = Math.max(1, this.workers.size - 1)) {
    if ((await until(() => this.workers.ready.length >= least, 120_000, 50)) === null)
      throw new Error('workers do not come up again: see their logs');
  }

  /** Steps and helpers of a process that has been killed end by themselves. */
  killed(worker, children) {
    this.#mustBeGone(children, `of ${worker.name}, killed`, LEASE_MS, isStep);
    this.#mustBeGone(children, `of ${worker.name}, killed`, HELPERS_GONE_MS);
  }

  #mustBeGone(processes, what, ms, counts = () => true) {
    const left = () => processes.filter((one) => lives(one) && counts(one));
    this.watching.push(
      until(() => left().length === 0, ms).then((gone) => {
        if (!gone) this.leftovers.push(...left().map((one) => ({ ...one, command: commandOf(one.pid), what })));
      }),
    );
  }

  #did(what, more) {
    this.deeds.push({ what, at: Date.now(), ...more });
    this.say(this.deeds.at(-1));
  }
}
