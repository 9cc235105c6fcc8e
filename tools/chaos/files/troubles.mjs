// Disturbances of an installation that is one process on a folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { descendants } from '../processes.mjs';
import { withoutWriting } from '../small-disk.mjs';
import { pause, until } from '../waiting.mjs';
import { placesOf, tryTail, witness } from './tails.mjs';

/** Time after which a full or read-only folder is noticed, milliseconds: readiness is a probe that is valid for two seconds. */
const NOTICED_MS = 5_000;
const AGAIN_MS = 300_000;
/** How the process and its server are killed. */
export const KILLS = ['process', 'server', 'process, then server', 'server, then process', 'both at once'];
/** Copies of the folder for each kill whose log is damaged. */
const COPIES = 6;
/** Runs that are submitted at the beginning of each trouble. */
const SUBMITTED = 4;

/** The code in the output of a process that has ended: `CODE message`. Null: it says none. */
function codeIn(said) {
  const codes = said.flatMap((line) => /^([A-Z]+(?:_[A-Z]+)+) /.exec(line)?.[1] ?? []);
  return codes.at(-1) ?? null;
}

/** True if its health route says that it is ready. */
async function isReady({ facts }) {
  const signal = AbortSignal.timeout(15_000);
  return fetch(`${facts.health}/health/ready`, { signal }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

export class Troubles {
  constructor({ stack, nemesis, workload, random }) {
    Object.assign(this, { stack, nemesis, workload, random });
    /** Evidence for the referee. */
    this.evidence = { ends: [], readiness: [], seconds: [], tails: [] };
  }

  get #served() {
    return this.stack.workers;
  }

  /** Resolves to the process when it is ready. */
  async #again() {
    if ((await until(() => this.#served.ready.length === 1, AGAIN_MS, 20)) === null) {
      // The logs are deleted with the folder.
      const last = this.#served.all
        .slice(-3)
        .flatMap(({ name, end, said }) => [`${name}: ${JSON.stringify(end)}`, ...said]);
      throw new Error(['taskrunner serve does not come up again', ...last].join('\n  '));
    }
    return this.#served.ready[0];
  }

  async kill(how) {
    const worker = await this.#again();
    const { database } = this.stack;
    const children = descendants(worker.pid).filter(({ command }) => !/postgres/.test(command));
    const process_ = () => this.#served.signal(worker, 'SIGKILL');
    const server = () => database.kill({ all: this.random.chance(0.5) });
    const pauseMs = this.random.pick([0, 0, 20, 200]);
    // A restart between the two would meet another server.
    this.#served.isHeld = how.startsWith('process, ');
    if (how.startsWith('process')) process_();
    if (how === 'process, then server') await pause(pauseMs);
    // It starts the server again, or ends by itself.
    if (how.startsWith('server')) worker.asked = 'end of its database';
    if (how !== 'process') {
      const killed = server();
      if (how === 'both at once') process_();
      await killed;
    }
    if (how === 'server, then process') {
      await pause(pauseMs);
      if (worker.end === null) process_();
    }
    const at = Date.now();
    this.#served.isHeld = false;
    this.#served.fill();
    if (how === 'server') {
      const isBack = async () => (await database.ask('select 1')).length === 1 && (await isReady(worker));
      if ((await until(async () => worker.end !== null || (await isBack()), AGAIN_MS, 50)) === null)
        throw new Error('taskrunner serve stays without its database');
      if (worker.end === null) worker.asked = null;
      else this.#ended(how, worker);
    }
    if (worker.asked !== null) this.nemesis.killed(worker, children);
    await this.#again();
    this.nemesis.note('kill', { how, worker: worker.name, againMs: Date.now() - at });
  }

  /** Fills the disk, or takes the permission to write, for `ms`, while the process works. */
  async disturb(trouble, ms) {
    await this.#again();
    const from = Date.now();
    const { disk, storage } = this.stack;
    let giveBack = () => disk.free();
    if (trouble === 'full') disk.fill();
    else giveBack = withoutWriting(storage);
    const before = this.workload.accepted.size;
    this.workload.submitSome(SUBMITTED);
    try {
      if (ms > NOTICED_MS) {
        await pause(NOTICED_MS);
        const accepted = this.workload.accepted.size;
        const said = await this.#readiness();
        await pause(ms - NOTICED_MS);
        this.evidence.readiness.push({ trouble, ...said, accepted: this.workload.accepted.size - accepted });
      } else await pause(ms);
    } finally {
      giveBack();
    }
    const accepted = this.workload.accepted.size - before;
    const until_ = Date.now();
    await this.#settled(trouble, from);
    this.nemesis.note('trouble', { trouble, ms, accepted, againMs: Date.now() - until_ });
  }

  /** Ends the process, makes the disk read-only (and full), and starts it: it must say why it does not start. */
  async refuseStart(trouble) {
    const worker = await this.#again();
    const { disk, database, storage } = this.stack;
    this.#served.isHeld = true;
    const from = Date.now();
    this.#served.signal(worker, 'SIGTERM');
    if ((await until(() => worker.end !== null, AGAIN_MS, 20)) === null) throw new Error('it does not drain');
    await database.gone();
    let giveBack;
    if (trouble === 'full at start') {
      disk.fill();
      giveBack = () => disk.free();
    } else if (disk.isMounted && disk.remount(true)) giveBack = () => disk.remount(false);
    else giveBack = withoutWriting(storage);
    try {
      const refused = await this.#another();
      this.evidence.ends.push({ trouble, code: refused.code, isRefusal: true, said: refused.said });
    } finally {
      giveBack();
      this.#served.isHeld = false;
      this.#served.fill();
    }
    await this.#settled(trouble, from);
    this.nemesis.note('trouble', { trouble });
  }

  /** Starts a second process on the folder. */
  async second() {
    const first = await this.#again();
    const second = await this.#another();
    const isThere = this.#served.ready[0] === first;
    this.evidence.seconds.push({ ...second, holder: first.pid, isThere });
    this.nemesis.note('trouble', { trouble: 'second process', code: second.code });
  }

  /** Kills everything at once, and opens copies of the folder whose log is damaged. */
  async tear() {
    const worker = await this.#again();
    const { database, storage, copies } = this.stack;
    this.#served.isHeld = true;
    // A request that is answered meanwhile is not counted.
    const seen = await witness(database, this.workload.accepted.keys());
    await pause(this.random.between(0, 30));
    const killed = database.kill({ all: true });
    this.#served.signal(worker, 'SIGKILL');
    await killed;
    await database.gone();
    for (const place of placesOf(seen.flushed, this.random, COPIES)) {
      const tail = await tryTail({ storage, copies: copies.path, seen, ...place });
      this.evidence.tails.push(tail);
      this.nemesis.note('tail', { ...tail, lost: tail.lost.length });
    }
    this.#served.isHeld = false;
    this.#served.fill();
    await this.#again();
    this.nemesis.note('kill', { how: 'both, with copies', worker: worker.name });
  }

  async #readiness() {
    const address = [...this.#served.running].at(-1)?.facts?.health;
    // It is down: its end says why.
    if (!address) return { status: null, reason: null };
    try {
      const response = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(15_000) });
      const { error = {} } = await response.json();
      const reasons = Object.entries(error).map(([name, { reason }]) => `${name}: ${reason}`);
      return { status: response.status, reason: reasons.length === 0 ? null : reasons.join('; ') };
    } catch {
      return { status: null, reason: null };
    }
  }

  /** Waits until it is ready after a trouble, and records how each process ended that did meanwhile. */
  async #settled(trouble, from) {
    // One that has lost its database drains, and ends a few seconds after the trouble.
    const last = async () => ((await isReady(await this.#again())) ? this.#served.ready[0] : null);
    const worker = await until(last, AGAIN_MS, 50);
    if (!worker) throw new Error(`taskrunner serve is not ready after: ${trouble}`);
    for (const one of this.#served.all) {
      if (one === worker || one.end === null || one.end.at < from || one.asked !== null) continue;
      one.asked = trouble;
      this.#ended(trouble, one);
    }
  }

  #ended(trouble, { end, said }) {
    this.evidence.ends.push({ trouble, code: codeIn(said), isRefusal: end.code === 1, said: said.slice(-8) });
  }

  /** One more process with the same configuration on another port, to its end. */
  async #another() {
    const { command, configurationPath } = this.#served;
    const child = spawn(process.execPath, command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, TASKRUNNER_CONFIG: configurationPath, TASKRUNNER_HTTP_PORT: '0' },
    });
    const said = [];
    for (const output of [child.stdout, child.stderr])
      output.setEncoding('utf8').on('data', (text) => said.push(...text.split('\n')));
    const ended = once(child, 'close');
    const timer = setTimeout(() => child.kill('SIGKILL'), AGAIN_MS);
    const [exit] = await ended;
    clearTimeout(timer);
    return { exit, code: codeIn(said), said: said.filter((line) => line !== '').slice(-8) };
  }
}
