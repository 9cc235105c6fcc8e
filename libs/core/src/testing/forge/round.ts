import { isCodedError } from '../../lib/foundation/coded-error';
import { verifySignature } from '../../lib/evidence/signature';
import { verifyRun, type Verification } from '../../lib/evidence/verify-run';
import { Random } from '../random';
import { archiveAttempts, resignedAttempts } from './archive-attempts';
import { cellOf, HOLDERS, type Attempt, type Holder } from './attempt';
import { attestorAttempts } from './attestor-attempts';
import { makeCorpus, type Files, type Subject } from './corpus';
import { SCENARIOS } from './packs';
import { NotPlayed } from './play';
import { answerAttempts, authorityAttempts, testimonyAttempts } from './played-attempts';
import { workerAttempts } from './worker-attempts';

/** What a round tries. */
export interface RoundOptions {
  /** Everything that a round chooses follows from it. */
  readonly seed: number;
  /** Names of scenarios; absent: all. */
  readonly packs?: readonly string[];
  readonly holders?: readonly Holder[];
  /** Attempts of each kind (holder, document, field, mutation) in each pack. */
  readonly each: number;
  /** Attempts in all; more are left out at random. */
  readonly limit?: number;
  /** Called after each. */
  readonly tell?: (tried: Tried) => void;
}

/** What came of one attempt. `same`: it gave the honest bundle. */
export interface Tried extends Attempt {
  readonly pack: string;
  readonly outcome: 'found' | 'missed' | 'same';
  /** The checks that failed, in order; `engine` or `signer` where there was no bundle at all. */
  readonly by: readonly string[];
  readonly detail: string;
}

/** A round's figures. */
export interface Round {
  readonly tried: readonly Tried[];
  /** Cells that were missed, with an example of each, sorted. */
  readonly missed: ReadonlyMap<string, readonly Tried[]>;
  /** Honest bundles that do not verify: then nothing else counts. */
  readonly unsound: readonly string[];
}

/** The time at which bundles are verified. */
const NOW = Date.parse('2026-06-01T00:00:00Z');

/** Verifies as `taskrunner verify` does: with the bundle of the original where it is at hand. */
export function verified(subject: Pick<Subject, 'trust' | 'original'>, files: Files): Verification {
  const { trust, original } = subject;
  return verifyRun({ files, trust, verifySignature, now: NOW, ...(original && { original }) });
}

/** All attempts at one subject. */
export function* attemptsAt(subject: Subject, others: readonly Subject[], holders: readonly Holder[] = HOLDERS): Iterable<Attempt> {
  if (holders.includes('none')) yield* archiveAttempts(subject, others, 'none');
  if (holders.includes('bundle')) yield* archiveAttempts(subject, others, 'bundle');
  if (holders.includes('authority')) {
    yield* resignedAttempts(subject);
    yield* authorityAttempts(subject);
  }
  if (holders.includes('worker')) {
    yield* workerAttempts(subject, others);
    yield* answerAttempts(subject);
    yield* testimonyAttempts(subject);
  }
  if (holders.includes('attestor')) yield* attestorAttempts(subject);
}

/** The subjects of a round: the corpus, and the rerun once more without the bundle of its original. */
export async function subjectsOf({ seed, packs }: Pick<RoundOptions, 'seed' | 'packs'>): Promise<readonly Subject[]> {
  const corpus = await makeCorpus(SCENARIOS, `forge ${seed}`);
  const all = corpus.flatMap((subject) => (subject.original ? [subject, { ...subject, name: `${subject.name} alone`, original: null }] : [subject]));
  return packs ? all.filter(({ name }) => packs.includes(name)) : all;
}

/** Forges, verifies, counts. */
export async function forge(options: RoundOptions): Promise<Round> {
  const random = new Random(options.seed);
  const subjects = await subjectsOf(options);
  const unsound = subjects.flatMap((subject) => {
    const failed = verified(subject, subject.bundle).checks.filter(({ ok }) => !ok);
    return failed.map(({ name, detail }) => `${subject.name}: ${name}: ${detail}`);
  });
  const chosen = subjects.flatMap((subject) => {
    const others = subjects.filter((other) => other.scenario !== subject.scenario).slice(0, 3);
    return sample([...attemptsAt(subject, others, options.holders)], options.each, random).map((attempt) => ({ subject, attempt }));
  });
  const { limit = chosen.length } = options;
  const taken = limit >= chosen.length ? chosen : shuffled(chosen, random).slice(0, limit);
  const tried: Tried[] = [];
  for (const { subject, attempt } of taken) {
    const one = await tryOnce(subject, attempt);
    options.tell?.(one);
    tried.push(one);
  }
  const missed = new Map<string, Tried[]>();
  for (const one of tried.filter(({ outcome }) => outcome === 'missed')) {
    const cell = cellOf(one);
    missed.set(cell, [...(missed.get(cell) ?? []), one]);
  }
  return { tried, missed: new Map([...missed].sort(([a], [b]) => (a < b ? -1 : 1))), unsound };
}

/** Makes one forgery and verifies it. */
export async function tryOnce(subject: Subject, attempt: Attempt): Promise<Tried> {
  const at = { ...attempt, pack: subject.name };
  let files: Files;
  try {
    files = await attempt.forge();
  } catch (error) {
    // The signer derives its statement by the same code as the verifier: what it cannot read, the verifier cannot either.
    const by = error instanceof NotPlayed ? 'engine' : isCodedError(error) ? 'signer' : null;
    if (by === null && !(error instanceof Error)) throw error;
    return { ...at, outcome: 'found', by: [by ?? 'signer'], detail: error instanceof Error ? error.message : '' };
  }
  if (isSame(files, subject.bundle)) return { ...at, outcome: 'same', by: [], detail: '' };
  const failed = verified(subject, files).checks.filter(({ ok }) => !ok);
  const by = failed.map(({ name }) => name);
  return { ...at, outcome: by.length > 0 ? 'found' : 'missed', by, detail: failed[0]?.detail ?? '' };
}

function isSame(files: Files, honest: Files): boolean {
  if (files.size !== honest.size) return false;
  for (const [path, bytes] of files) {
    const other = honest.get(path);
    if (!other || Buffer.compare(bytes, other) !== 0) return false;
  }
  return true;
}

/** Of each kind some. */
function sample(attempts: readonly Attempt[], each: number, random: Random): readonly Attempt[] {
  const kinds = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const kind = `${cellOf(attempt)} ${attempt.mutation}`;
    const list = kinds.get(kind);
    if (list) list.push(attempt);
    else kinds.set(kind, [attempt]);
  }
  return [...kinds.values()].flatMap((all) => (all.length <= each ? all : shuffled(all, random).slice(0, each)));
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  const list = [...all];
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
}
