// Judges a campaign by its evidence alone. The referee is pure, so each check is itself tested with evidence that it must reject.
import { createRequire } from 'node:module';

const { idempotencyKey } = createRequire(import.meta.url)('@taskrunner/core/step');
/** A probe is valid for two seconds, and requests that have begun act slightly later. Milliseconds. */
const UNNOTICED_MS = 4_000;
/** Permitted codes for callers while the store is unavailable. A bucket that refuses has another code. */
const SAID = new Set(['503 OBJECT_STORE_UNAVAILABLE', '503 OBJECT_STORE_REFUSED', '503 PLANNER_BUSY']);
/** Codes of a process that ends because of its storage. */
const STORAGE_ENDS = /^(STORAGE|DATABASE|CLI_DATABASE)_/;
const ENDED = new Set(['succeeded', 'failed', 'cancelled']);

/** `each[3]::idem-item` → `idem-item`. */
const nameOf = (step) => step.split('::').at(-1);
const entriesOf = ({ journal }, run) => journal[run] ?? [];
const ofType = (entries, type) => entries.filter(({ event }) => event.type === type);

/** The checks by name. Each returns a finding `{run, detail}` per violation. */
export const CHECKS = {
  /** No accepted run is lost: each exists, and ended within the time limit. */
  'accepted.ended': ({ accepted, runs }) =>
    accepted.flatMap(({ run, isLate }) => {
      const status = runs[run]?.status ?? 'not there';
      return ENDED.has(status) && !isLate ? [] : [{ run, detail: `accepted, and ${status} after the time to settle` }];
    }),

  'ended.once': (evidence) => {
    const ends = new Map();
    const changed = evidence.statuses.flatMap(({ run, from, to }) => {
      if (ENDED.has(to)) ends.set(run, (ends.get(run) ?? 0) + 1);
      return ENDED.has(from) ? [{ run, detail: `ended ${from}, then became ${to}` }] : [];
    });
    const counted = endedRuns(evidence).flatMap(({ run, status }) => {
      const written = ofType(entriesOf(evidence, run), 'run.ended');
      if ((ends.get(run) ?? 0) !== 1) return [{ run, detail: `its row ended ${ends.get(run) ?? 0} times` }];
      if (written.length !== 1) return [{ run, detail: `its journal ends ${written.length} times` }];
      return written[0].event.status === status
        ? []
        : [{ run, detail: `row ${status}, journal ${written[0].event.status}` }];
    });
    return [...changed, ...counted];
  },

  /** At most one committed result for each step and item, which equals what readers see. */
  'result.once': (evidence) =>
    Object.keys(evidence.journal).flatMap((run) => {
      const results = new Map();
      const twice = [];
      for (const { event } of ofType(entriesOf(evidence, run), 'step.ended')) {
        if (results.has(event.step)) twice.push({ run, detail: `${event.step} has two results` });
        results.set(event.step, event.status);
      }
      const differing = (evidence.steps[run] ?? []).filter(
        ({ step, status }) => results.has(step) && results.get(step) !== status,
      );
      return [
        ...twice,
        ...differing.map(({ step, status }) => ({
          run,
          detail: `${step}: shown ${status}, journal ${results.get(step)}`,
        })),
      ];
    }),

  /** No page was written under a fence other than the run's current one, nor after a later claim. */
  'claim.held': ({ pages, journal }) => [
    ...pages.flatMap(({ run, firstSeq, fence, runFence }) =>
      fence === runFence ? [] : [{ run, detail: `page ${firstSeq} under fence ${fence}, the run had ${runFence}` }],
    ),
    ...Object.entries(journal).flatMap(([run, entries]) => {
      let claimed = 0;
      let last = 0;
      const stale = [];
      entries.forEach(({ page, fence, event }, i) => {
        if (event.type === 'run.claimed') claimed = event.fence;
        // A page may contain input from before its claim: an inbox message, a truncated log. The page is judged as a whole.
        if (entries[i + 1]?.page === page) return;
        if (fence !== claimed) stale.push({ run, detail: `page ${page} under fence ${fence}, claimed is ${claimed}` });
        if (fence < last) stale.push({ run, detail: `page ${page} under fence ${fence} after ${last}` });
        last = fence;
      });
      return stale;
    }),
  ],

  /** Every effect belongs to an attempt whose start was committed. */
  'effects.started': (evidence) => {
    const keys = startedKeys(evidence);
    return evidence.effects.flatMap(({ run, step, key }) =>
      nameOf(keys.get(key)?.step ?? '') === step && keys.get(key).run === run
        ? []
        : [{ run, detail: `an effect of ${step} without a committed start (key ${key})` }],
    );
  },

  'effects.idempotent': (evidence) =>
    succeeded(evidence, ['idem', 'gated']).flatMap(({ run, step, attempts }) => {
      const key = idempotencyKey(run, step, attempts);
      return evidence.effects.some((effect) => effect.key === key)
        ? []
        : [{ run, detail: `${step} succeeded without its effect` }];
    }),

  'effects.once': (evidence) => {
    const counts = new Map();
    for (const { kind, key, run, step } of evidence.effects)
      if (kind === 'once') counts.set(key, { run, step, count: (counts.get(key)?.count ?? 0) + 1 });
    const twice = [...counts.values()].filter(({ count }) => count > 1);
    const resolved = (run, step) =>
      ofType(entriesOf(evidence, run), 'attention.resolved').some(({ event }) => event.step === step);
    const missing = succeeded(evidence, ['once']).filter(
      ({ run, step, attempts }) => !counts.has(idempotencyKey(run, step, attempts)) && !resolved(run, step),
    );
    return [
      ...twice.map(({ run, step, count }) => ({ run, detail: `${step} acted ${count} times in one attempt` })),
      ...missing.map(({ run, step }) => ({ run, detail: `${step} succeeded without its effect` })),
    ];
  },

  /** No step behind a gate acts before the gate is approved. */
  'effects.gated': ({ effects, decisions }) =>
    effects.flatMap(({ kind, run, step, at }) => {
      if (kind !== 'gated') return [];
      const approved = decisions.find((decision) => decision.run === run && decision.decision === 'approved');
      if (!approved) return [{ run, detail: `${step} acted, and nobody approved` }];
      return approved.at <= at ? [] : [{ run, detail: `${step} acted ${approved.at - at} ms before the decision` }];
    }),

  /** A run whose cancellation was answered with 202 does not succeed. */
  'cancel.counts': ({ accepted, runs }) =>
    accepted.flatMap(({ run, cancelled }) =>
      cancelled && runs[run]?.status === 'succeeded' ? [{ run, detail: 'cancelled, and succeeded' }] : [],
    ),

  /** Lines are numbered 1 to n for every reader, and a reader whose connection was cut repeatedly saw the same. */
  'logs.gapless': ({ runs, archived, live }) => [
    ...Object.entries(archived).flatMap(([run, lines]) => {
      const gap = lines.findIndex(({ id }, i) => id !== i + 1);
      if (gap >= 0) return [{ run, detail: `line ${gap + 1} has number ${lines[gap].id}` }];
      return lines.length === runs[run]?.lastLine
        ? []
        : [{ run, detail: `${lines.length} lines, the run has ${runs[run]?.lastLine}` }];
    }),
    ...Object.entries(live).flatMap(([run, { lines, isWhole }]) => {
      const all = archived[run] ?? [];
      const differs = lines.findIndex(({ id, text }, i) => all[i]?.id !== id || all[i].text !== text);
      if (differs >= 0) return [{ run, detail: `read live, line ${differs + 1} differs` }];
      return isWhole && lines.length !== all.length
        ? [{ run, detail: `read live, ${lines.length} of ${all.length} lines` }]
        : [];
    }),
  ],

  'logs.attested': ({ archived, bundles }) =>
    Object.entries(bundles).flatMap(([run, { lines }]) => {
      const read = archived[run] ?? [];
      const same = lines.length === read.length && lines.every((text, i) => text === read[i].text);
      return same ? [] : [{ run, detail: 'the lines of the evidence are not those that readers see' }];
    }),

  /** Bytes, rows and attested values agree. */
  'artifacts.agree': ({ artifacts, bundles }) =>
    artifacts.flatMap(({ run, name, digest, size, stored }) => {
      if (stored === null) return [{ run, detail: `${name}: a row without bytes` }];
      if (stored.digest !== digest || stored.size !== size)
        return [{ run, detail: `${name}: the bytes are others than the row says` }];
      const attested = bundles[run]?.artifacts;
      return attested === undefined || attested.includes(digest)
        ? []
        : [{ run, detail: `${name}: not in the evidence` }];
    }),

  /** There is exactly one statement for each ended run, and it verifies offline. */
  'evidence.verifies': (evidence) =>
    endedRuns(evidence).flatMap(({ run }) => {
      const seals = evidence.seals.filter((seal) => seal.run === run);
      if (seals.length !== 1) return [{ run, detail: `${seals.length} sealed statements` }];
      const bundle = evidence.bundles[run];
      if (!bundle) return [{ run, detail: 'its bundle cannot be read' }];
      return bundle.ok ? [] : [{ run, detail: `does not verify: ${bundle.failed.join(', ')}` }];
    }),

  /** No process of a dead or fenced worker keeps running. */
  'processes.gone': ({ leftovers }) =>
    leftovers.map(({ pid, what, command }) => ({ run: null, detail: `${what}: ${pid} ${command.slice(0, 200)}` })),

  /** No worker ends by itself, whatever happens to its database. After a request to stop it exits with success. */
  'workers.stay': ({ exits }) =>
    exits.flatMap(({ worker, code, signal, asked, said }) =>
      asked === null || (asked === 'SIGTERM' && code !== 0)
        ? [{ run: null, detail: [`${worker} ended, asked by ${asked}: ${signal ?? code}`, ...said].join('\n  ') }]
        : [],
    ),

  /** If only the object store fails, no outcome is lost, and no attempt fails because of it. */
  'objects.wait': ({ objects, journal }) =>
    objects.outages.length === 0
      ? []
      : Object.entries(journal).flatMap(([run, entries]) => [
          ...ofType(entries, 'step.attention').map(({ event }) => ({ run, detail: `${event.step} needs attention` })),
          ...ofType(entries, 'attempt.failed')
            .filter(({ event }) => event.code.startsWith('OBJECT_'))
            .map(({ event }) => ({ run, detail: `${event.step} failed: ${event.code}` })),
        ]),

  /** A `once` step does not begin while its result could not be stored. */
  'objects.unstored': ({ objects, effects }) =>
    effects.flatMap(({ kind, run, step, at }) => {
      const outage = objects.outages.find(
        ({ trouble, from, until }) => trouble !== 'slow' && at > from + UNNOTICED_MS && at < until,
      );
      return kind === 'once' && outage
        ? [{ run, detail: `${step} acted ${at - outage.from} ms after the store was ${outage.trouble}` }]
        : [];
    }),

  /** Services report the fault: to callers by a code, to readiness checks by the reason. */
  'objects.said': ({ objects }) => [
    ...Object.keys(objects.outages.length === 0 ? {} : objects.refusals)
      .filter((name) => !SAID.has(name))
      .map((name) => ({ run: null, detail: `a caller was told ${name}` })),
    ...objects.readiness
      .filter(({ status, reason }) => status !== 503 || reason === null)
      .map(({ trouble, status }) => ({ run: null, detail: `the store is ${trouble}, and readiness says ${status}` })),
  ],

  /** A process that ends because of its storage says why by a code, and callers are refused with one. */
  'storage.said': ({ storage }) => [
    ...storage.ends
      .filter(({ code, isRefusal }) => !isRefusal || !STORAGE_ENDS.test(code ?? ''))
      .map(({ trouble, code, said }) => ({
        run: null,
        detail: [`${trouble}: ended with ${code}`, ...said].join('\n  '),
      })),
    ...Object.keys(storage.refusals)
      .filter((name) => !/^(429|50[34]) [A-Z]+(_[A-Z]+)*$/.test(name))
      .map((name) => ({ run: null, detail: `a caller was told ${name}` })),
  ],

  /** While the storage takes nothing, readiness says why, or the process is down. */
  'storage.ready': ({ storage }) =>
    storage.readiness
      .filter(
        ({ status, reason, accepted }) =>
          status !== null && !(status === 503 && reason !== null) && !(status === 200 && accepted > 0),
      )
      .map(({ trouble, status, accepted }) => ({
        run: null,
        detail: `${trouble}: readiness says ${status}, and ${accepted} runs were accepted`,
      })),

  /** A second process is refused, is told who holds the folder, and does not disturb it. */
  'storage.held': ({ storage }) =>
    storage.seconds
      .filter(
        ({ code, said, holder, isThere }) =>
          code !== 'STORAGE_HELD' || !isThere || !said.some((line) => line.includes(`process ${holder} `)),
      )
      .map(({ holder, said }) => ({ run: null, detail: [`beside ${holder}`, ...said].join('\n  ') })),

  /** A copy whose log is damaged after the last flush opens and has every acknowledged commit, or is refused with a code. */
  'storage.tails': ({ storage }) =>
    storage.tails
      .filter(
        ({ distance, code, message, lost }) =>
          distance >= 0 && (lost.length > 0 || (message !== null && !STORAGE_ENDS.test(code ?? ''))),
      )
      .map(({ distance, damage, message, lost }) => ({
        run: null,
        detail: `${damage} ${distance} bytes after the flush: ${message ?? `lost ${lost.join(', ')}`}`,
      })),

  'limits.kept': ({ measures }) =>
    measures.flatMap(({ name, value, most, unit }) =>
      value <= most ? [] : [{ run: null, detail: `${name}: ${value} ${unit}, at most ${most}` }],
    ),

  'poison.just': ({ accepted, runs }) =>
    accepted.flatMap(({ run, pack }) => {
      const isPoison = runs[run]?.code === 'POISON';
      if (pack === 'poison' && !isPoison)
        return [{ run, detail: `the poison pack ended ${runs[run]?.code ?? runs[run]?.status}` }];
      return pack !== 'poison' && isPoison ? [{ run, detail: 'innocent, and ended POISON' }] : [];
    }),
};

/** All findings, each with the name of its check. */
export function judge(evidence) {
  return Object.entries(CHECKS).flatMap(([check, find]) => find(evidence).map((finding) => ({ check, ...finding })));
}

function endedRuns({ runs }) {
  return Object.entries(runs)
    .filter(([, { status }]) => ENDED.has(status))
    .map(([run, { status }]) => ({ run, status }));
}

function succeeded({ steps }, kinds) {
  return Object.entries(steps).flatMap(([run, rows]) =>
    rows
      .filter(({ step, status }) => status === 'succeeded' && kinds.some((kind) => nameOf(step).startsWith(`${kind}-`)))
      .map(({ step, attempts }) => ({ run, step, attempts })),
  );
}

/** The attempt of each idempotency key whose start is in a journal. */
function startedKeys({ journal }) {
  const keys = new Map();
  for (const [run, entries] of Object.entries(journal))
    for (const { event } of ofType(entries, 'step.started'))
      keys.set(idempotencyKey(run, event.step, event.attempt), { run, step: event.step });
  return keys;
}
