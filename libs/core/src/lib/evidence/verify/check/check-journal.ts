import { sha256 } from '../../../canonical/digest';
import type { RunId } from '../../../foundation/ids';
import { checkChain } from '../../../journal/chain';
import type { Entry } from '../../../journal/page';
import { NOBODY, ReplayState } from '../../../journal/replay-state';
import { replay } from '../../../journal/replay';
import { initialState } from '../../../run/advance';
import { hasMachine } from '../../../run/run-state';
import { logFiles } from '../../records/log-files';
import { isWithheld } from '../../records/run-evidence';
import { unnamedValue } from '../named-values';
import { noteDetails } from '../../records/run-facts';
import { takesOver } from '../../records/takes-over';
import { fail } from './verification-session';
import { found, type Checker } from './check';
import { strayFact } from './check-executions';
import { isStatedTooEarly } from './clocks';

/**
 * The journal has no gaps, its times do not fall and do not precede the admission, its pages are hash-chained from the admission, and its
 * values have the digests that it names.
 */
export const journalChain: Checker = (bundle) => {
  const { evidence, facts, profile } = bundle.documents();
  const { opened, record } = bundle.admission();
  // Only the cancellation of a run that never began precedes the first claim.
  const claim = facts.entries.find(({ kind, event }) => kind !== 'derived' && event.type !== 'run.cancel-requested');
  if (claim?.event.type !== 'run.claimed') fail('it does not begin with a claim');
  const { broken } = checkChain({ seq: 0, hash: opened.digest }, evidence.pages);
  if (broken) fail(`the page that begins at ${broken.first} breaks the chain (${broken.reason})`);
  // The times of the chain never fall.
  if (isStatedTooEarly(facts.entries[0]?.at ?? 0, record.acceptedAt)) fail('it begins before the run was admitted');
  const stray = strayFact(bundle.documents());
  if (stray !== null) fail(stray);
  const unnamed = unnamedValue(bundle.documents());
  if (unnamed !== null) fail(`no entry refers to the value ${unnamed}`);
  const read = noteDetails(facts, 'SECRET_VERSION').find(
    ({ name }) => !profile.secrets.some((one) => one.name === name),
  );
  if (read) fail('it records the version of a secret that the profile does not have');
  return found('recomputed', `${facts.entries.length} entries in ${evidence.pages.length} pages`);
};

function hasSnapshots(entries: readonly Entry[]): boolean {
  return entries.some(({ event }) => event.type === 'state');
}

/** A replay of the machine derives the same events, and the run ends where the journal ends. */
export const journalReplay: Checker = (bundle) => {
  const { environment, index, facts } = bundle.documents();
  const { record } = bundle.admission();
  if (!hasMachine(environment.machine)) fail(`this verifier does not have machine ${environment.machine}`);
  const start = initialState(index, record.runId as RunId, record.initiators, takesOver(record));
  const { state, diverged } = replay(
    index,
    start,
    facts.entries,
    hasSnapshots(facts.entries) ? new ReplayState() : NOBODY,
  );
  if (diverged) fail(`entry ${diverged.seq}: expected ${diverged.expected?.type ?? 'nothing'}`);
  if (state.phase !== 'ended') fail('the run has not ended');
  return found('recomputed', `machine ${environment.machine}`);
};

/**
 * Each numbered chunk is in its stream with its bytes, lines and digest, and no stream holds more. Chunks are numbered from 0 without gaps,
 * also those of a withheld stream.
 */
export const logsDigest: Checker = (bundle) => {
  const { evidence, facts } = bundle.documents();
  const streams = new Map(evidence.logs.map(({ step, execution, data }) => [`${execution} ${step}`, data]));
  const expected = logFiles(facts);
  let withheld = 0;
  for (const { path, step, execution, chunks } of expected) {
    const data = streams.get(`${execution} ${step}`) ?? fail(`${path} is missing`);
    // What the journal says of chunks must be possible even if their bytes are withheld.
    chunks.forEach(({ chunk, bytes, lines }, i) => {
      if (chunk !== i) fail(`${path}: chunk ${i} is missing`);
      if (lines > bytes) fail(`${path}: chunk ${i} has more lines than bytes`);
    });
    if (isWithheld(data)) {
      if (data.size !== undefined && data.size !== chunks.reduce((sum, chunk) => sum + chunk.bytes, 0))
        fail(`${path}: the notice is of another file`);
      withheld += 1;
      continue;
    }
    if (!(data instanceof Uint8Array)) fail(`${path} is not available`);
    let at = 0;
    for (const { chunk, bytes, lines, sha256: digest } of chunks) {
      const part = data.subarray(at, at + bytes);
      if (part.length !== bytes || sha256(part) !== digest) fail(`${path}: chunk ${chunk} differs`);
      if (countLines(part) !== lines) fail(`${path}: chunk ${chunk} has other lines`);
      at += bytes;
    }
    if (at !== data.length) fail(`${path} continues after its last chunk`);
  }
  const known = new Set(expected.map(({ path }) => path));
  for (const path of bundle.request.files.keys()) {
    if (path.startsWith('logs/') && !known.has(path)) fail(`${path} is not in the journal`);
  }
  if (expected.length === 0) return found('absent', 'no lines');
  return withheld > 0 ? found('signed', `${withheld} withheld`) : found('recomputed', `${expected.length} streams`);
};

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 10) count += 1;
  return count;
}
