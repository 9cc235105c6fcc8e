// The product in one process with its database in a folder (`taskrunner serve`), compared with the usual processes on a database server and
// with DBOS on that server. All three are measured in turns. They share the machine, and only one of them works at a time.
import { peerRunner } from '../peers.mjs';
import { line, rounded } from '../lines.mjs';
import { untilSealed } from '../load.mjs';
import { median } from '../median.mjs';
import { chainOf, cpuOf, startProduct } from '../product.mjs';
import { IN_FLIGHT, measuredModes, once, RUNS, STEPS } from './durable-steps.mjs';
import { costOfMap } from './map-cost.mjs';
import { REST_MS, RUNS as SINGLE_RUNS, timesOf } from './one-run.mjs';
import { setting } from '../settings.mjs';

/** BENCH_ITEMS: items of the map. */
const ITEMS = setting('BENCH_ITEMS', 10_000);
/** Steps of a DBOS workflow at once, when it is compared with a map. */
const AT_ONCE = 50;

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

/** Measurements of the three by name: folder, server, dbos. */
class Turns {
  constructor(products, peers) {
    Object.assign(this, { products, peers, measured: new Map() });
  }

  add(name, ...results) {
    this.measured.set(name, [...(this.measured.get(name) ?? []), ...results]);
  }

  /** One turn of each. `measure`: returns the results of a product; `dbos`: one of the rates that the peer has. */
  async turn(measure, size, dbos) {
    for (const [name, product] of Object.entries(this.products)) {
      this.add(name, ...[await measure(product)].flat());
      await untilSealed(product.database);
    }
    const { server } = this.products;
    const peer = { url: server.serverUrl, databaseCpu: () => cpuOf(server).database, ...size };
    for (const [, one] of await this.peers.rates(peer, null, ['dbos'])) this.add('dbos', dbos(one));
  }

  /** A line for each that the folder is compared with. `key`: the compared member; `cpu`: the processor time of a result. */
  *lines({ name, unit, key, cpu, ...more }) {
    const of = (who, read) => median(this.measured.get(who).map(read));
    const value = of('folder', (one) => one[key]);
    for (const peer of [...this.measured.keys()].filter((who) => who !== 'folder')) {
      const peerValue = of(peer, (one) => one[key]);
      const compared = { name, value, unit, peer, peerValue: rounded(peerValue), ratio: value / peerValue };
      if (cpu === undefined) yield line({ ...compared, ...more });
      else {
        const [own, theirs] = [of('folder', cpu), of(peer, cpu)];
        const costs = { cpuMs: rounded(own), peerCpuMs: rounded(theirs), cpuRatio: rounded(theirs / own) };
        yield line({ ...compared, ...more, ...costs });
      }
    }
  }
}

async function* throughput(mode, products, peers, rounds) {
  const body = { manifest: chainOf(STEPS, mode), inputs: {} };
  const turns = new Turns(products, peers);
  for (let round = 0; round < rounds; round++)
    await turns.turn(
      async (product) => {
        const { rate, sealed, cpu } = await once(product, body, RUNS);
        return { rate, sealed, cpuMs: sum(Object.values(cpu)) / RUNS };
      },
      { runs: RUNS, steps: STEPS, inFlight: IN_FLIGHT },
      ({ rate, cpuMsPerRun }) => ({ rate, sealed: rate, cpuMs: cpuMsPerRun }),
    );
  const name = `file-storage-${mode}`;
  yield* turns.lines({ name, unit: 'steps/s', key: 'rate', cpu: ({ cpuMs }) => cpuMs });
  yield* turns.lines({ name: `${name}-sealed`, unit: 'steps/s', key: 'sealed' });
}

async function* duration(mode, products, peers, rounds) {
  const turns = new Turns(products, peers);
  for (let round = 0; round < rounds; round++)
    await turns.turn(
      async (product) => (await timesOf(product, mode)).map(({ all }) => ({ ms: all })),
      { runs: SINGLE_RUNS, steps: STEPS, inFlight: 1, restMs: REST_MS },
      ({ p50 }) => ({ ms: p50 }),
    );
  yield* turns.lines({ name: `file-storage-one-run-${mode}`, unit: 'ms', key: 'ms', better: 'less' });
}

async function* map(products, peers, rounds) {
  const turns = new Turns(products, peers);
  for (const product of Object.values(products)) {
    await costOfMap(product, ITEMS);
    await untilSealed(product.database);
  }
  for (let round = 0; round < rounds; round++)
    await turns.turn(
      async (product) => {
        const { wall, processors } = await costOfMap(product, ITEMS);
        return { ms: wall * ITEMS, cpuMs: processors * ITEMS };
      },
      { runs: 1, steps: ITEMS, inFlight: 1, atOnce: AT_ONCE },
      ({ rate, cpuMsPerRun }) => ({ ms: (1_000 * ITEMS) / rate, cpuMs: cpuMsPerRun }),
    );
  const name = `file-storage-map-${ITEMS}`;
  yield* turns.lines({ name, unit: 'ms', key: 'ms', cpu: ({ cpuMs }) => cpuMs, better: 'less' });
}

async function* fileStorage({ rounds, notice }) {
  const peers = await peerRunner(notice);
  const products = {};
  try {
    products.folder = await startProduct({ storage: 'file' });
    products.server = await startProduct({ storage: 'server' });
    for (const mode of measuredModes()) {
      yield* throughput(mode, products, peers, rounds);
      yield* duration(mode, products, peers, rounds);
    }
    yield* map(products, peers, rounds);
  } finally {
    for (const product of Object.values(products)) await product.stop();
  }
}

export const measures = { 'file-storage': { whole: fileStorage } };
