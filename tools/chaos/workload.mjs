// Runs during the disturbances, and the people who use them: one submits and cancels, another decides and resolves.
import { createRequire } from 'node:module';
import { chaosPacks, largeMapPack, poisonPack } from './packs.mjs';
import { pause, until } from './waiting.mjs';

const { toRunId } = createRequire(import.meta.url)('@taskrunner/core/foundation');
const ENDED = ['succeeded', 'failed', 'cancelled'];

/** Queries of one poll: the runs that are active, and the gates and steps that wait for people. */
const OPEN = `select r.run_id, r.status, r.evidence_status,
    (select json_agg(g.gate) from pack_runs.gates g where g.tenant_id = r.tenant_id and g.run_id = r.run_id and g.state = 'open') as gates,
    (select json_agg(s.step) from pack_runs.steps s where s.tenant_id = r.tenant_id and s.run_id = r.run_id and s.status = 'needs_attention') as attention
  from pack_runs.runs r where r.evidence_status <> 'sealed'`;

export class Workload {
  constructor({ stack, random, concurrent, ada, grace, liveShare = 0.2 }) {
    Object.assign(this, { stack, random, concurrent, ada, grace, liveShare });
    this.packs = chaosPacks(stack.effects.port);
    this.choices = random.for('packs');
    this.decisions = random.for('decisions');
    this.cuts = random.for('cuts');
    /** Every run that the API accepted, with the later requests about it. */
    this.accepted = new Map();
    this.streams = new Map();
    this.open = 0;
    this.submitting = false;
    this.over = false;
    /** The error that stopped the workload: a fault of the campaign, not of the product. */
    this.failure = null;
    this.busy = new Set();
  }

  /** Starts the submissions and the simulated people. */
  start() {
    this.submitting = true;
    const kept = (error) => void (this.failure ??= error);
    this.loops = [this.#submitForever().catch(kept), this.#answerForever().catch(kept)];
  }

  /** A run of the pack that kills its worker. */
  async poison() {
    return this.#accept('poison', poisonPack());
  }

  async largeMap(items) {
    return this.#accept('large-map', largeMapPack(this.stack.effects.port, items));
  }

  /** Submits a few runs now, whether or not others wait: their callers are told what the product can do at this moment. */
  submitSome(count) {
    for (let i = 0; i < count; i++) this.#track(this.#submit(this.choices.pick(this.packs)));
  }

  async #accept(pack, manifest) {
    const run = await this.ada.submit(manifest);
    if (run !== null) this.accepted.set(run, { pack, cancelled: false });
    return run;
  }

  /** Resolves to the time at which it was answered. */
  async cancel(run) {
    await this.#cancel(run, this.accepted.get(run), 0);
    return Date.now();
  }

  /** True once a run has ended; null if the database does not answer. */
  async isOver(run) {
    const open = await this.#openRuns();
    return open && !open.some(({ run_id, status }) => toRunId(run_id) === run && !ENDED.includes(status));
  }

  /**
   * Stops submissions; people continue. Resolves to the milliseconds until all runs had ended, and until all were sealed; null: not within
   * the time limit.
   */
  async settle(endMs, sealMs) {
    this.submitting = false;
    const began = Date.now();
    const wait = async (ms, isOver) => {
      const over = async () => this.failure ?? (await this.#openRuns())?.every(isOver);
      return (await until(over, ms, 300)) === null ? null : Date.now() - began;
    };
    const ended = await wait(endMs, ({ status }) => ENDED.includes(status));
    // A run that does not exist by now is lost, even if it appears later.
    this.late = ended === null ? (await this.#openRuns()).filter(({ status }) => !ENDED.includes(status)) : [];
    const sealed = await wait(sealMs, () => false);
    this.over = true;
    await Promise.all([...this.loops, ...this.busy, ...this.streams.values()]);
    if (this.failure !== null) throw this.failure;
    return { ended, sealed };
  }

  async #openRuns() {
    return this.stack.database.ask(OPEN).catch(() => null);
  }

  async #submitForever() {
    const weighted = this.packs.flatMap((pack) => Array.from({ length: pack.weight }, () => pack));
    while (this.submitting) {
      const open = await this.#openRuns();
      if (open === null) {
        await pause(200);
        continue;
      }
      this.open = open.filter(({ status }) => !ENDED.includes(status)).length;
      const missing = Math.min(8, this.concurrent - this.open);
      const batch = Array.from({ length: Math.max(0, missing) }, () => this.choices.pick(weighted));
      await Promise.all(batch.map((pack) => this.#submit(pack)));
      await pause(250);
    }
  }

  async #submit({ name, manifest }) {
    const cancelAfter =
      name === 'cancel'
        ? this.choices.between(200, 6_000)
        : this.choices.chance(0.03)
          ? this.choices.between(0, 3_000)
          : null;
    const isWatched = this.choices.chance(this.liveShare);
    const run = await this.ada.submit(manifest);
    if (run === null) return;
    const facts = { pack: name, cancelled: false };
    this.accepted.set(run, facts);
    if (isWatched) {
      const cutAfter = () => this.cuts.between(1, 40);
      this.streams.set(run, this.ada.lines(run, { cutAfter, isOver: () => this.over }));
    }
    if (cancelAfter !== null) this.#track(this.#cancel(run, facts, cancelAfter));
  }

  async #cancel(run, facts, ms) {
    await pause(ms);
    const answer = await this.ada.ask('POST', `/api/runs/${run}/cancel`, { reason: 'chaos' });
    facts.cancelled = answer?.status === 202;
  }

  async #answerForever() {
    const asked = new Set();
    while (!this.over) {
      for (const { run_id, gates, attention } of (await this.#openRuns()) ?? []) {
        const run = toRunId(run_id);
        for (const gate of gates ?? []) this.#once(asked, `${run} ${gate}`, () => this.#decide(run, gate));
        for (const step of attention ?? []) this.#once(asked, `${run} ${step}`, () => this.#resolve(run, step));
      }
      await pause(300);
    }
  }

  /** Runs one task per subject at a time. A task may be necessary again after its end. */
  #once(asked, key, work) {
    if (asked.has(key)) return;
    asked.add(key);
    this.#track(
      work().finally(() => {
        asked.delete(key);
      }),
    );
  }

  #track(work) {
    const tracked = work
      .catch((error) => console.error(`workload: ${error.message}`))
      .finally(() => this.busy.delete(tracked));
    this.busy.add(tracked);
  }

  async #decide(run, gate) {
    await pause(this.decisions.between(0, 800));
    const decision = this.decisions.chance(0.85) ? 'approved' : 'rejected';
    const shown = await this.grace.ask('GET', `/api/runs/${run}/gates/${encodeURIComponent(gate)}`);
    if (shown?.status !== 200) return;
    const { gateDigest, request } = shown.body;
    const body = { gateId: gate, decision, planHash: request.planHash, gateDigest, reason: 'chaos' };
    await this.grace.ask('POST', `/api/runs/${run}/approve`, body);
  }

  async #resolve(run, step) {
    const shown = await this.grace.ask('GET', `/api/runs/${run}/steps/${encodeURIComponent(step)}`);
    const execution = shown?.body.error?.execution;
    if (shown?.body.status !== 'needs_attention' || execution === undefined) return;
    const outcome = this.decisions.pick(['succeeded', 'failed', 'retry']);
    const path = `/api/runs/${run}/steps/${encodeURIComponent(step)}/resolve`;
    await this.grace.ask('POST', path, { execution, outcome, reason: 'chaos' });
    await pause(500);
  }
}
