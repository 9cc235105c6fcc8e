import { sha256 } from '../../lib/canonical/digest';
import { isCodedError } from '../../lib/foundation/coded-error';
import { openSession } from '../../lib/evidence/verify/check/verification-session';
import { answer, type Check } from '../../lib/evidence/verify/check/check';
import { manifestComplete, manifestSignature } from '../../lib/evidence/verify/check/check-archive';
import { packRunAttestation } from '../../lib/evidence/bundle/bundle-files';
import { draftFiles, verifyDraft } from '../../lib/evidence/verify/draft';
import { readEvidence } from '../../lib/evidence/records/evidence-documents';
import { readBundle } from '../../lib/evidence/bundle/read-bundle';
import { verifySignature } from '../../lib/evidence/encoding/signature';
import { verifyRun, type Verification } from '../../lib/evidence/verify/verify-run';
import { Random } from '../random/random';
import { archiveAttempts, IN_ARCHIVE, resignedAttempts } from './archive-attempts';
import { cellOf, HOLDERS, type Attempt, type Holder } from './attempt';
import { attestorAttempts } from './attestor-attempts';
import { makeCorpus, type Files, type Subject } from './corpus';
import { SCENARIOS } from './packs';
import { NotPlayed } from './play';
import { answerAttempts, authorityAttempts, testimonyAttempts } from './played-attempts';
import { viewsOf } from './views';
import { workerAttempts } from './worker-attempts';

/** Parameters of a round. */
export interface RoundOptions {
  /** Seed of every choice of a round. */
  readonly seed: number;
  /** Names of scenarios; absent: all. */
  readonly packs?: readonly string[];
  readonly holders?: readonly Holder[];
  /** Attempts of each kind (holder, document, field, mutation), each in a different pack if there are enough. */
  readonly each: number;
  /** Maximum number of attempts; more are left out at random. */
  readonly limit?: number;
  /** Cells that are expected to be missed. If they were not, the attempts that were left out are made too. */
  readonly sought?: Iterable<string>;
  /** Called after each attempt. */
  readonly onTried?: (tried: Tried) => void;
}

/** Result of one attempt. `same`: it gave the honest bundle. */
export interface Tried extends Attempt {
  readonly pack: string;
  readonly outcome: 'found' | 'missed' | 'same';
  /** The checks that failed, in order; `engine` or `signer` if there was no bundle at all. */
  readonly by: readonly string[];
  readonly detail: string;
  /** For an undetected forgery of a worker: checks by which a remote Attestor refuses to sign it. Empty: it signs. */
  readonly refused?: readonly string[];
}

/** A round's figures. */
export interface Round {
  readonly tried: readonly Tried[];
  /** Cells that were missed, with an example of each, sorted. */
  readonly missed: ReadonlyMap<string, readonly Tried[]>;
  /** Honest bundles that do not verify, which invalidate the whole round. */
  readonly unsound: readonly string[];
}

/** Ends the name of a rerun that is verified without the bundle of its original. */
const SINGLE = ' alone';

/** The time at which bundles are verified. */
const NOW = Date.parse('2026-06-01T00:00:00Z');

/** Verifies like `taskrunner verify`: with the bundle of the original if it is available. */
export function verified(subject: Pick<Subject, 'trust' | 'original'>, files: Files): Verification {
  const { trust, original } = subject;
  return verifyRun({ files, trust, verifySignature, now: NOW, ...(original && { original }) });
}

/** All attempts at one subject. */
export function* attemptsAt(
  subject: Subject,
  others: readonly Subject[],
  holders: readonly Holder[] = HOLDERS,
): Iterable<Attempt> {
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
  const wanted = ({ name }: { readonly name: string }): boolean =>
    packs === undefined || packs.some((pack) => pack === name || pack === `${name}${SINGLE}`);
  const scenarios = SCENARIOS.map((scenario, place) => ({ scenario, place })).filter(({ scenario }) =>
    wanted(scenario),
  );
  const corpus = await makeCorpus(scenarios, `forge ${seed}`);
  const all = corpus.flatMap((subject) =>
    subject.original ? [subject, { ...subject, name: `${subject.name}${SINGLE}`, original: null }] : [subject],
  );
  return packs ? all.filter(({ name }) => packs.includes(name)) : all;
}

/** Forges, verifies and counts. */
export async function forge(options: RoundOptions): Promise<Round> {
  const random = new Random(options.seed);
  const subjects = await subjectsOf(options);
  const unsound = subjects.flatMap((subject) => {
    const failed = verified(subject, subject.bundle).checks.filter(({ ok }) => !ok);
    const refused = subject.original === null && subject.scenario.again ? [] : refusals(subject, subject.bundle);
    return [
      ...failed.map(({ name, detail }) => `${subject.name}: ${name}: ${detail}`),
      ...refused.map((name) => `${subject.name}: a remote Attestor refuses it: ${name}`),
    ];
  });
  const all = subjects.flatMap((subject) => {
    const others = subjects.filter((other) => other.scenario !== subject.scenario).slice(0, 3);
    return [...attemptsAt(subject, others, options.holders)].map((attempt) => ({ subject, attempt }));
  });
  const chosen = sample(all, options.each, options.seed);
  const { limit = chosen.length } = options;
  const taken = limit >= chosen.length ? chosen : shuffled(chosen, random).slice(0, limit);
  const tried: Tried[] = [];
  const missed = new Map<string, Tried[]>();
  const tryOne = async ({ subject, attempt }: Placed): Promise<void> => {
    const one = await tryOnce(subject, attempt);
    options.onTried?.(one);
    tried.push(one);
    if (one.outcome !== 'missed') return;
    const cell = cellOf(one);
    missed.set(cell, [...(missed.get(cell) ?? []), one]);
  };
  for (const placed of taken) await tryOne(placed);
  const sought = new Set([...(options.sought ?? [])].filter((cell) => !missed.has(cell)));
  const untried = all.filter((placed) => !taken.includes(placed) && sought.has(cellOf(placed.attempt)));
  for (const placed of untried) if (!missed.has(cellOf(placed.attempt))) await tryOne(placed);
  return { tried, missed: new Map([...missed].sort(([a], [b]) => (a < b ? -1 : 1))), unsound };
}

/** Also true for errors of Node's own modules where globals are another realm's, as in Jest. */
function isError(value: unknown): value is Error {
  return Object.prototype.toString.call(value) === '[object Error]';
}

/** Makes one forgery and verifies it. */
export async function tryOnce(subject: Subject, attempt: Attempt): Promise<Tried> {
  const at = { ...attempt, pack: subject.name };
  let files: Files;
  try {
    files = await attempt.forge();
  } catch (error) {
    // The signer derives its statement with the verifier's code, so neither can read what the other cannot.
    const by = NotPlayed.is(error) ? 'engine' : isCodedError(error) ? 'signer' : null;
    if (by === null && !isError(error)) throw error;
    return { ...at, outcome: 'found', by: [by ?? 'signer'], detail: isError(error) ? error.message : '' };
  }
  if (isSame(files, subject.bundle)) return { ...at, outcome: 'same', by: [], detail: '' };
  const failed = sealObjections(subject, attempt, files) ?? verified(subject, files).checks.filter(({ ok }) => !ok);
  const by = failed.map(({ name }) => name);
  if (by.length > 0) return { ...at, outcome: 'found', by, detail: failed[0]?.detail ?? '' };
  return {
    ...at,
    outcome: 'missed',
    by,
    detail: '',
    ...(attempt.holder === 'worker' && { refused: refusals(subject, files) }),
  };
}

/** The fault of the manifest, if the forger cannot sign it; nothing else needs to be checked then. Null: check everything. */
function sealObjections({ trust }: Subject, { holder, document }: Attempt, files: Files): readonly Check[] | null {
  if (holder !== 'none' && !document.endsWith(IN_ARCHIVE)) return null;
  const opened = openSession({ files, trust, verifySignature });
  const checks = [
    answer('manifest.signature', manifestSignature, opened),
    answer('manifest.complete', manifestComplete, opened),
  ].filter(({ ok }) => !ok);
  return checks.length > 0 ? checks : null;
}

/** Checks by which a remote Attestor refuses the draft of this bundle. */
function refusals({ trust }: Subject, files: Files): readonly string[] {
  const statement = viewsOf(packRunAttestation(0), files.get(packRunAttestation(0)) ?? new Uint8Array())[1];
  const documents = readEvidence(readBundle(files, () => statement?.value ?? null));
  const draft = new Map(draftFiles(documents).map(({ path, bytes }) => [path, bytes]));
  const { asserted } = documents.evidence;
  const { checks } = verifyDraft({ files: draft, asserted, trust, verifySignature, now: NOW });
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

function isSame(files: Files, honest: Files): boolean {
  if (files.size !== honest.size) return false;
  for (const [path, bytes] of files) {
    const other = honest.get(path);
    if (!other || Buffer.compare(bytes, other) !== 0) return false;
  }
  return true;
}

interface Placed {
  readonly subject: Subject;
  readonly attempt: Attempt;
}

/** Of each kind some, of as many packs as possible. What is taken of a kind does not depend on the other kinds. */
function sample(all: readonly Placed[], each: number, seed: number): readonly Placed[] {
  const kinds = new Map<string, Placed[]>();
  for (const one of all) {
    const { holder, document, field, mutation } = one.attempt;
    const kind = `${holder} ${document}#${field} ${mutation}`;
    const list = kinds.get(kind);
    if (list) list.push(one);
    else kinds.set(kind, [one]);
  }
  return [...kinds].flatMap(([kind, list]) => {
    const random = new Random(seed ^ parseInt(sha256(kind).slice(7, 15), 16));
    return roundRobin(shuffled(list, random)).slice(0, each);
  });
}

/** The first of each pack, then the second of each. */
function roundRobin(list: readonly Placed[]): readonly Placed[] {
  const rank = new Map<string, number>();
  const ranked = list.map((one) => {
    const place = rank.get(one.subject.name) ?? 0;
    rank.set(one.subject.name, place + 1);
    return { one, place };
  });
  return ranked.sort((a, b) => a.place - b.place).map(({ one }) => one);
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  const list = [...all];
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
}
