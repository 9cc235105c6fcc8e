// The variables of the bench, BENCH_… and TASKRUNNER_CEILING. All are checked before anything starts.
import { existsSync } from 'node:fs';

export const PEERS = ['dbos', 'graphile-worker', 'openworkflow', 'restate', 'pg-boss'];
/** Peers that are measured if BENCH_PEERS is not set. A chain of pg-boss jobs waits for a poll of half a second at each step, so that is what is measured. */
const USUAL_PEERS = PEERS.filter((name) => name !== 'pg-boss');

const wholes = (least, most = 1e9) => ({
  form: `a whole number from ${least}`,
  read: (text) => (/^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined),
});
const several = (form, one) => ({
  form,
  read(text) {
    if (text.trim() === '') return [];
    const read = text
      .split(',')
      .map((part) => part.trim())
      .map(one);
    return read.includes(undefined) ? undefined : read;
  },
});
const among = (names) => (name) => (names.includes(name) ? name : undefined);
const some = (list) => ({ ...list, read: (text) => (list.read(text)?.length > 0 ? list.read(text) : undefined) });
const positive = wholes(1);

/** What each variable may be. */
const VARIABLES = {
  BENCH_ROUNDS: positive,
  BENCH_RUNS: positive,
  BENCH_IN_FLIGHT: positive,
  BENCH_WARM_MS: wholes(0),
  BENCH_MODES: some(several('a list of: pure, idempotent', among(['pure', 'idempotent']))),
  BENCH_PEERS: several(`a list of: ${PEERS.join(', ')}; empty: none`, among(PEERS)),
  BENCH_STORAGE: { form: 'server or file', read: among(['server', 'file']) },
  BENCH_WORKERS: some(several('a list of whole numbers from 1', positive.read)),
  BENCH_MAP: wholes(1_000),
  BENCH_ITEMS: positive,
  BENCH_EVIDENCE: positive,
  BENCH_SCHEDULES: positive,
  BENCH_ENDED: positive,
  BENCH_WAITING: positive,
  BENCH_ARTIFACT_MIB: positive,
  BENCH_SUSTAINED_MIN: positive,
  BENCH_SUSTAINED_KEPT_MIN: positive,
  BENCH_PROFILE: { form: 'a folder', read: (text) => (text === '' ? undefined : text) },
  TASKRUNNER_CEILING: { form: 'a file that exists', read: (text) => (existsSync(text) ? text : undefined) },
};
/** Set by the bench for the processes that it starts. */
const OWN = ['BENCH_PROFILE_OF'];

/** The names of all variables, for a help text. */
export const variableNames = Object.keys(VARIABLES);

/** What is wrong with the variables that are set, one line for each. */
export function mistakesIn(environment) {
  const set = Object.keys(environment).filter((name) => name.startsWith('BENCH_') || name === 'TASKRUNNER_CEILING');
  return set.sort().flatMap((name) => {
    if (OWN.includes(name)) return [];
    const variable = VARIABLES[name];
    if (variable === undefined) return [`There is no ${name}. There are: ${variableNames.join(', ')}.`];
    const value = environment[name];
    return variable.read(value) === undefined ? [`${name} must be ${variable.form}, not "${value}".`] : [];
  });
}

/** Why these variables cannot be set together; null: they can. */
export function conflictIn({ BENCH_STORAGE, BENCH_WORKERS }) {
  const isFolder = BENCH_STORAGE === 'file';
  return isFolder && (BENCH_WORKERS ?? '1').trim() !== '1'
    ? 'BENCH_STORAGE=file: a folder has one worker (BENCH_WORKERS=1).'
    : null;
}

/** The value of a variable, or `fallback` if it is not set. */
export function setting(name, fallback) {
  const text = process.env[name];
  return text === undefined ? fallback : VARIABLES[name].read(text);
}

/** The peers to measure. */
export const peersAsked = () => setting('BENCH_PEERS', USUAL_PEERS);

/** Variables that change what the table of README compares. */
const OF_TABLE = ['BENCH_RUNS', 'BENCH_IN_FLIGHT', 'BENCH_WARM_MS', 'BENCH_MODES', 'BENCH_PEERS', 'BENCH_STORAGE'];

/** Why these measures with this environment do not make the table of README; null: they do. */
export function whyNoTable(names, environment) {
  const missing = ['durable-steps', 'one-run'].filter((name) => names.length > 0 && !names.includes(name));
  if (missing.length > 0) return `--note needs ${missing.join(' and ')}.`;
  const set = OF_TABLE.filter((name) => environment[name] !== undefined);
  if (set.length > 0) return `--note measures what README says, without ${set.join(', ')}.`;
  return (setting('BENCH_ROUNDS', 3) ?? 0) < 3 ? '--note needs three rounds (BENCH_ROUNDS).' : null;
}
