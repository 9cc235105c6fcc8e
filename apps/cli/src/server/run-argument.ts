import type { Step } from '@taskrunner/client';
import { isOver, isRunId, nearestName, runUuidEnd, type StepId } from '@taskrunner/core/foundation';
import { nodeOf } from '@taskrunner/core/plan';
import { CliError } from '../terminal/cli-error';
import { remedyForName } from '../terminal/hints/known-names';
import { isRefusal } from './failure';
import type { GateView, RunGateView, RunView } from './run-views';
import type { Server } from './server';

/** Maximum number of requests that search for one run. The server searches a bounded number of runs for each. */
export const SEARCHES = 10;
/** Maximum number of candidates that an error lists. */
const SHOWN_CANDIDATES = 10;
/** Number of the newest runs among which a mistyped id is looked for. */
const NEWEST = 200;
/** The beginning of a run id. The part before the underscore may be omitted. */
const BEGINNING = /^(?:run_)?([0-9a-hjkmnp-tv-z]{1,26})$/i;

type Candidate = Pick<RunView, 'runId' | 'status' | 'createdAt' | 'pack'>;

/**
 * The id of the run that an argument names: a full id, the beginning or the end of one id, or `latest` for the newest run of this caller. Throws
 * `CLI_RUN_NOT_FOUND`, with the nearest name or id, and `CLI_RUN_AMBIGUOUS`.
 */
export async function runIdOf(server: Server, written: string): Promise<string> {
  if (written.trim() === '')
    throw new CliError(
      'CLI_USAGE',
      'the run id is empty',
      'Name a run: its id, the beginning or the end of its id, or latest.',
    );
  if (isRunId(written)) return existing(server, written);
  if (written === 'latest') return latestOf(server);
  const beginning = BEGINNING.exec(written)?.[1];
  if (beginning !== undefined) return oneOf(server, written, `run_${beginning.toLowerCase()}`);
  throw new CliError(
    'CLI_RUN_NOT_FOUND',
    `${written} is not a run id`,
    `${meantLatest(written)}Name a run: its id, the beginning or the end of its id, or latest.`,
  );
}

/**
 * A full id. The server is asked for it once, so that a mistyped one gets the nearest id. What the caller may not read, or the server cannot answer now, is
 * left to the command.
 */
async function existing(server: Server, runId: string): Promise<string> {
  try {
    await server.client.run(runId);
  } catch (error) {
    if (isRefusal(error) && error.code === 'RUN_NOT_FOUND')
      throw new CliError('CLI_RUN_NOT_FOUND', `there is no run ${runId}`, await nearestHelp(server, runId, runId), [], {
        cause: error,
      });
  }
  return runId;
}

/** A remedy for a misspelt `latest`; empty for any other text. */
function meantLatest(written: string): string {
  return nearestName(written, ['latest']) === null ? '' : 'Did you mean latest? ';
}

async function latestOf(server: Server): Promise<string> {
  const { found, isWhole } = await search(server, { requester: 'me', limit: 1 }, 1);
  const [newest] = found;
  if (newest !== undefined) return newest.runId;
  throw new CliError(
    'CLI_RUN_NOT_FOUND',
    isWhole ? 'you have submitted no run' : 'none of the newest runs is yours',
    'Name the run by its id. `taskrunner list` prints the ids.',
  );
}

async function oneOf(server: Server, written: string, beginning: string): Promise<string> {
  const begins = ({ runId }: Candidate): boolean => runId.startsWith(beginning);
  const found = await onlyOne(server, written, { q: beginning, matches: begins, verb: 'begins' });
  if (found !== null) return found;
  if (runUuidEnd(written) !== null) {
    // Lists of the console show the end of an id.
    const end = written.toLowerCase();
    const ends = ({ runId }: Candidate): boolean => runId.endsWith(end);
    const ended = await onlyOne(server, written, { q: end, matches: ends, verb: 'ends' });
    if (ended !== null) return ended;
  }
  throw new CliError(
    'CLI_RUN_NOT_FOUND',
    `no run has an id that begins with ${written}`,
    await nearestHelp(server, written, beginning),
  );
}

interface PartOfId {
  readonly q: string;
  readonly matches: (run: Candidate) => boolean;
  readonly verb: 'begins' | 'ends';
}

/** The only run whose id has this part; null: there is none. Throws if there are several, or if that is not certain. */
async function onlyOne(server: Server, written: string, { q, matches, verb }: PartOfId): Promise<string | null> {
  const { found, isWhole } = await search(server, { q }, 2, matches);
  const [first, second] = found;
  if (second !== undefined) throw ambiguous(written, found, verb);
  if (isWhole) return first?.runId ?? null;
  throw new CliError(
    'CLI_RUN_NOT_FOUND',
    `the search for ${written} ended before it was certain`,
    'Write the full id of the run. `taskrunner list` prints the ids.',
  );
}

/** The remedy for an id, or the beginning of one, that no run has: the only one of the newest ids that differs by one mistake, if there is one. */
async function nearestHelp(server: Server, written: string, beginning: string): Promise<string> {
  const { found: newest } = await search(server, { limit: NEWEST }, 1);
  const [near, further] = newest.filter(({ runId }) => differsOnce(beginning, runId));
  const help = 'Write the full id of the run, its last 8 characters or latest. `taskrunner list` prints the ids.';
  return near === undefined || further !== undefined
    ? `${meantLatest(written)}${help}`
    : `Did you mean ${near.runId}? ${help}`;
}

/** True if a beginning of the id becomes the other text when one character is changed, left out or added, or two neighbours are swapped. */
function differsOnce(written: string, runId: string): boolean {
  const at = [...written].findIndex((character, index) => character !== runId[index]);
  if (at < 0) return true;
  const rest = written.slice(at + 1);
  const swapped = `${written[at + 1] ?? ''}${written[at] ?? ''}${written.slice(at + 2)}`;
  // A change, a character too many, one too few, and a swap.
  return [
    [rest, at + 1],
    [rest, at],
    [written.slice(at), at + 1],
    [swapped, at],
  ].some(([text, from]) => runId.startsWith(text as string, from as number));
}

/** Searches the runs, newest first, until enough are found. `isWhole`: all runs were searched. */
async function search(
  server: Server,
  query: { readonly requester?: string; readonly q?: string; readonly limit?: number },
  enough: number,
  matches: (run: Candidate) => boolean = () => true,
): Promise<{ readonly found: readonly Candidate[]; readonly isWhole: boolean }> {
  const found: Candidate[] = [];
  let requests = 0;
  for await (const page of server.runPages(query)) {
    found.push(...page.filter(matches));
    requests += 1;
    if (found.length >= enough || requests >= SEARCHES) return { found, isWhole: false };
  }
  return { found, isWhole: true };
}

function ambiguous(written: string, found: readonly Candidate[], verb: PartOfId['verb']): CliError {
  const shown = found
    .slice(0, SHOWN_CANDIDATES)
    .map(({ runId, status, pack, createdAt }) => `  ${runId}  ${status}  ${pack.name} ${pack.version}  ${createdAt}`);
  const more = found.length > SHOWN_CANDIDATES ? ['  …'] : [];
  return new CliError(
    'CLI_RUN_AMBIGUOUS',
    [`several runs have an id that ${verb} with ${written}:`, ...shown, ...more].join('\n'),
    'Write more characters of the id.',
  );
}

/** A gate by its id. Throws `CLI_GATE_NOT_FOUND` with the nearest id. */
export async function gateOf(server: Server, runId: string, gateId: string): Promise<GateView> {
  try {
    return await server.gate(runId, gateId);
  } catch (error) {
    if (!isRefusal(error) || error.code !== 'GATE_NOT_FOUND') throw error;
    const known = (await server.gates(runId)).map((one) => one.gateId);
    const list = `List its gates with: taskrunner gates ${runId}`;
    const help = remedyForName(gateId, known, { are: 'Its gates are', list, none: 'The run has no gates.' });
    throw new CliError('CLI_GATE_NOT_FOUND', `${runId} has no gate ${gateId}`, help, [], { cause: error });
  }
}

/** A step by its id. Throws `CLI_STEP_NOT_FOUND` with the nearest id. */
export async function stepOf(server: Server, runId: string, stepId: string): Promise<Step> {
  try {
    return await server.step(runId, stepId);
  } catch (error) {
    if (!isRefusal(error) || error.code !== 'STEP_NOT_FOUND') throw error;
    const known = (await server.steps(runId)).map(({ id }) => id);
    throw noSuchStep(runId, stepId, known, error);
  }
}

/**
 * Refuses the id of a step that a run does not have and will not have. A step that an active run has not reached yet is none. Throws
 * `CLI_STEP_NOT_FOUND` with the nearest id.
 */
export async function refuseUnknownStep(server: Server, runId: string, stepId: string): Promise<void> {
  try {
    await server.step(runId, stepId);
  } catch (error) {
    if (!isRefusal(error) || error.code !== 'STEP_NOT_FOUND') throw error;
    const planned = await server.planOrder(runId);
    if (planned.includes(nodeOf(stepId as StepId)) && !isOver((await server.client.run(runId)).status)) return;
    const reached = (await server.steps(runId)).map(({ id }) => id);
    throw noSuchStep(runId, stepId, [...new Set([...planned, ...reached])], error);
  }
}

function noSuchStep(runId: string, stepId: string, known: readonly string[], cause: unknown): CliError {
  const list = `List its steps with: taskrunner show ${runId}`;
  const help = remedyForName(stepId, known, { are: 'Its steps are', list });
  return new CliError('CLI_STEP_NOT_FOUND', `${runId} has no step ${stepId}, or has not reached it`, help, [], {
    cause,
  });
}

/** The gate that is meant: the named one or, if none is named, the only open gate of the run (or the only one that ended). Throws `CLI_GATE_CHOICE`. */
export async function gateIdOf(server: Server, runId: string, named: string | undefined): Promise<string> {
  return named ?? onlyOpen(runId, await server.gates(runId));
}

/**
 * The only open gate; if none is open, the only one that has been, so that the answer is what became of it. Throws `CLI_GATE_CHOICE` if there is
 * no such gate, or more than one.
 */
export function onlyOpen(runId: string, gates: readonly RunGateView[]): string {
  const open = gates.filter(({ status }) => status === 'open');
  const [first, second] = open;
  if (first === undefined) {
    // Only gates that asked people have a request.
    const [ended, further] = gates.filter(({ gateDigest }) => gateDigest !== null);
    if (ended !== undefined && further === undefined) return ended.gateId;
    throw new CliError('CLI_GATE_CHOICE', `${runId} has no open gate`, `See its gates with: taskrunner gates ${runId}`);
  }
  if (second === undefined) return first.gateId;
  const shown = open.slice(0, SHOWN_CANDIDATES).map(({ gateId, label }) => `  ${gateId}${label ? `  ${label}` : ''}`);
  const more = open.length > SHOWN_CANDIDATES ? ['  …'] : [];
  throw new CliError(
    'CLI_GATE_CHOICE',
    [`${runId} has ${open.length} open gates:`, ...shown, ...more].join('\n'),
    'Name one of them after the run.',
  );
}
