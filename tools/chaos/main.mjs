// npm run chaos -- [--campaign NAME] [--kills N | --count N] [--seed S] [--every MIN-MAX] [--concurrent N] [--workers N] [--json]
// Runs the whole product as processes with real packs and an effect log outside of it, and causes `count` disturbances. Then a referee
// reads database, objects, effects, streams and bundles. Exit 0 without findings. A seed repeats workload and disturbances.
// `--store s3`: for the campaign `objects`, a bucket instead of a folder.
// `--relaxed`: a faster database without fsync; not for campaigns that kill the database. Needs `npm run build`.
import { writeFileSync } from 'node:fs';
import { Caller } from './callers.mjs';
import { CAMPAIGNS } from './campaigns.mjs';
import { collectEvidence } from './evidence.mjs';
import { counted, mostClaimsInVain, progressAfterDeaths, quantile } from './figures.mjs';
import { Nemesis } from './nemesis.mjs';
import { processesOf } from './processes.mjs';
import { Random } from './random.mjs';
import { judge } from './referee.mjs';
import { startStack } from './stack.mjs';
import { until } from './waiting.mjs';
import { Workload } from './workload.mjs';
import { readOptions } from '../command-line/options.mjs';

const SETTLE_MS = 60_000;
/**
 * A worker that dies while it seals leaves its outbox items leased for half a minute, and its successor may die too. Evidence may be late,
 * but is never lost.
 */
const SEAL_MS = 180_000;
const { values: options } = readOptions(import.meta.url, {
  campaign: { type: 'string', default: 'kills' },
  kills: { type: 'string' },
  count: { type: 'string' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  every: { type: 'string', default: '300-1500' },
  concurrent: { type: 'string' },
  workers: { type: 'string', default: '4' },
  settle: { type: 'string', default: String(SETTLE_MS / 1_000) },
  store: { type: 'string' },
  evidence: { type: 'string' },
  relaxed: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
});
/** Evidence about storage of a campaign that does not disturb it. */
const NO_STORAGE = { ends: [], readiness: [], seconds: [], tails: [], refusals: {} };
const campaign = CAMPAIGNS[options.campaign];
if (!campaign) {
  console.error(`there is no campaign ${options.campaign}: ${Object.keys(CAMPAIGNS).join(', ')}`);
  process.exit(2);
}
const seed = Number(options.seed);
const count = Number(options.kills ?? options.count ?? campaign.count);
const began = Date.now();
const say = (text) =>
  options.json || console.log(`${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${text}`);

async function conduct() {
  const random = new Random(seed);
  const stack = await (campaign.startStack ?? startStack)({
    random,
    durable: campaign.durable || !options.relaxed,
    workers: Number(options.workers),
    store: campaign.store === undefined ? null : (options.store ?? campaign.store),
  });
  let prepared;
  try {
    const sayDeed = ({ what, at: _at, ...more }) => options.verbose && say(`${what} ${JSON.stringify(more)}`);
    const nemesis = new Nemesis({ stack, random: random.for('nemesis'), say: sayDeed });
    const people = await Promise.all(['ada', 'grace'].map((login) => stack.dev.tokenFor(login)));
    const [ada, grace] = people.map((token) => new Caller(stack.dev.server, token));
    const workload = new Workload({
      stack,
      random: random.for('workload'),
      concurrent: Number(options.concurrent ?? campaign.concurrent ?? 40),
      ada,
      grace,
    });
    const rig = {
      stack,
      nemesis,
      workload,
      random: random.for('campaign'),
      count,
      every: options.every.split('-').map(Number),
      say: sayDeed,
    };
    prepared = await campaign.prepare?.(rig);
    stack.workers.fill();
    if (!(await until(() => stack.workers.ready.length === stack.workers.size, 120_000)))
      throw new Error('the workers do not start');
    say(`${stack.workers.size} workers are ready; seed ${seed}`);
    workload.start();
    await until(() => workload.failure ?? workload.accepted.size >= Math.min(20, workload.concurrent), 60_000);
    await campaign.run({ ...rig, prepared });
    say(`${nemesis.deeds.length} deeds done, ${workload.accepted.size} runs accepted; no more faults`);
    const settled = await workload.settle(Number(options.settle) * 1_000, SEAL_MS);
    await nemesis.settle();
    const progress = await progressAfterDeaths(stack.database, stack.workers.all);
    await stack.workers.stop();
    const orphans = processesOf(workload.accepted).map((one) => ({ ...one, what: 'left behind' }));
    const leftovers = [...nemesis.leftovers, ...orphans];
    say(`all ended after ${seconds(settled.ended)}, all sealed after ${seconds(settled.sealed)}; the referee reads`);
    await stack.objectStore?.copyTo?.(stack.objects);
    const evidence = await collectEvidence({
      stack,
      workload,
      leftovers,
      storage: {
        ...NO_STORAGE,
        ...campaign.storage?.(prepared),
        ...(campaign.storage ? { refusals: refusalsOf([ada, grace]) } : {}),
      },
      measures: nemesis.did('measure'),
      objects: {
        outages: nemesis.did('objects'),
        readiness: nemesis.did('readiness'),
        refusals: refusalsOf([ada, grace]),
      },
    });
    if (options.evidence) writeFileSync(options.evidence, JSON.stringify(evidence));
    const findings = judge(evidence);
    return { findings, figures: figuresOf({ evidence, nemesis, settled, progress, stack }) };
  } finally {
    await prepared?.stop?.();
    await stack.stop();
  }
}

/** Codes of refusals of both clients, with their numbers. */
function refusalsOf(callers) {
  const all = {};
  for (const { refusals } of callers)
    for (const [name, count] of Object.entries(refusals)) all[name] = (all[name] ?? 0) + count;
  return all;
}

const seconds = (ms) => (ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`);

function figuresOf({ evidence, nemesis, settled, progress, stack }) {
  const outcomes = {};
  for (const { status } of Object.values(evidence.runs)) outcomes[status] = (outcomes[status] ?? 0) + 1;
  const claims = Object.values(evidence.journal).flatMap((entries) =>
    entries.filter(({ event }) => event.type === 'run.claimed'),
  );
  const fromSnapshots = Object.values(evidence.journal).map((entries) => {
    const first = entries.findIndex(({ event }) => event.type === 'state');
    return first < 0 ? 0 : entries.slice(first).filter(({ event }) => event.type === 'run.claimed').length;
  });
  const restarts = nemesis.did('postmaster').map(({ ms }) => ms);
  return {
    campaign: options.campaign,
    seed,
    seconds: Math.round((Date.now() - began) / 1_000),
    deeds: counted(nemesis.deeds, 'what'),
    points: counted(nemesis.did('point'), 'point'),
    troubles: counted(nemesis.did('objects'), 'trouble'),
    readiness: counted(nemesis.did('readiness'), 'reason'),
    uploads: counted(nemesis.did('upload'), 'status'),
    refusals: evidence.objects.refusals,
    kills: counted(nemesis.did('kill'), 'how'),
    storage: storageFigures(nemesis, evidence.storage),
    stolen: counted(nemesis.did('stolen'), 'statement'),
    runs: evidence.accepted.length,
    outcomes,
    entries: Object.values(evidence.journal).reduce((sum, entries) => sum + entries.length, 0),
    claims: claims.length,
    claimsFromSnapshots: fromSnapshots.reduce((sum, count) => sum + count, 0),
    claimsAfterCrash: claims.filter(({ event }) => event.crashes > 0).length,
    claimsInQuarantine: claims.filter(({ event }) => event.quarantine).length,
    mostClaimsInVain: mostClaimsInVain(evidence.journal),
    attentions: Object.values(evidence.journal)
      .flat()
      .filter(({ event }) => event.type === 'step.attention').length,
    unbegun: Object.values(evidence.journal)
      .flat()
      .filter(({ event }) => event.type === 'attempt.unbegun').length,
    effects: evidence.effects.length,
    lines: Object.values(evidence.archived).reduce((sum, lines) => sum + lines.length, 0),
    bundlesVerified: Object.values(evidence.bundles).filter(({ ok }) => ok).length,
    workersStarted: stack.workers.all.length,
    endedAfterMs: settled.ended,
    sealedAfterMs: settled.sealed,
    progressAfterDeathMs: {
      n: progress.length,
      p50: quantile(progress, 0.5),
      p99: quantile(progress, 0.99),
      max: quantile(progress, 1),
    },
    measures: nemesis.did('measure').map(({ name, value, unit }) => `${name}: ${value} ${unit}`),
    databaseRestartMs: restarts.length === 0 ? null : { p50: quantile(restarts, 0.5), max: quantile(restarts, 1) },
  };
}

function storageFigures(nemesis, { ends, readiness, seconds, tails }) {
  const again = nemesis.did('kill').flatMap(({ againMs }) => againMs ?? []);
  const outcome = ({ distance, code, lost }) =>
    `${distance < 0 ? 'flushed' : 'unflushed'}, ${code ?? (lost.length > 0 ? 'lost' : 'nothing lost')}`;
  return {
    troubles: counted(nemesis.did('trouble'), 'trouble'),
    ends: counted(
      ends.map(({ trouble, code }) => ({ end: `${trouble}: ${code}` })),
      'end',
    ),
    readiness: counted(
      readiness.map(({ trouble, status, reason }) => ({ said: `${trouble}: ${status} ${reason}` })),
      'said',
    ),
    seconds: counted(seconds, 'code'),
    tails: counted(
      tails.map((tail) => ({ outcome: outcome(tail) })),
      'outcome',
    ),
    replayEnds: counted(
      tails.map(({ distance, said = null }) => ({ said: `${distance < 0 ? 'flushed' : 'unflushed'}: ${said}` })),
      'said',
    ),
    againMs: { n: again.length, p50: quantile(again, 0.5), max: quantile(again, 1) },
  };
}

if (campaign.skip) {
  console.log(
    options.json ? JSON.stringify({ campaign: options.campaign, skipped: campaign.skip }) : `skipped: ${campaign.skip}`,
  );
  process.exit(0);
}
say(
  `${options.campaign}: ${campaign.what}, ${count} times; replay with --campaign ${options.campaign} --count ${count} --seed ${seed}`,
);
try {
  const { findings, figures } = await conduct();
  if (options.json) console.log(JSON.stringify({ ...figures, findings }));
  else {
    console.log(JSON.stringify(figures, null, 2));
    for (const { check, run, detail } of findings) console.log(`FOUND ${check} ${run ?? ''} ${detail}`);
    console.log(`${findings.length} findings; seed ${seed}`);
  }
  process.exit(findings.length === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  process.exit(2);
}
