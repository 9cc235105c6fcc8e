import { isRunId } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';
import type { Client } from './client';
import { listGates, pagesOf } from './run-api';
import type { RunGateView, RunView } from './run-views';

/** Maximum number of runs, newest first, that are searched for `latest` or the beginning of an id. */
export const SEARCHED_RUNS = 2_000;
/** Maximum number of candidates that an error lists. */
const SHOWN_CANDIDATES = 10;
const PAGE = 200;
/** The beginning of a run id. The part before the underscore may be omitted. */
const BEGINNING = /^(?:run_)?([0-9a-hjkmnp-tv-z]{1,26})$/i;

type Candidate = Pick<RunView, 'runId' | 'status' | 'createdAt' | 'pack' | 'requester'>;

/**
 * The id of the run that an argument names: a full id, the beginning of one id, or `latest` for the newest run of this caller. Any other
 * text is returned unchanged; the server refuses it. Throws `CLI_RUN_NOT_FOUND` and `CLI_RUN_AMBIGUOUS`.
 */
export async function runIdOf(client: Client, written: string): Promise<string> {
  if (isRunId(written)) return written;
  if (written === 'latest') return latestOf(client);
  const beginning = BEGINNING.exec(written)?.[1];
  return beginning === undefined ? written : oneOf(client, written, `run_${beginning.toLowerCase()}`);
}

async function latestOf(client: Client): Promise<string> {
  const { body } = await client.ask<{ readonly person: { readonly sub: string } }>('/api/me');
  let searched = 0;
  for await (const page of pagesOf<Candidate>(client, '/api/runs', { limit: PAGE })) {
    const own = page.find(({ requester }) => requester.id === body.person.sub);
    if (own !== undefined) return own.runId;
    searched += page.length;
    if (searched >= SEARCHED_RUNS) break;
  }
  throw new CliError(
    'CLI_RUN_NOT_FOUND',
    `you have submitted none of the newest ${searched} runs`,
    'Name the run by its id. `taskrunner list` prints the ids.',
  );
}

/** The server lists runs by id, newest first, so runs that could match follow one another. */
async function oneOf(client: Client, written: string, beginning: string): Promise<string> {
  const found: Candidate[] = [];
  let searched = 0;
  let isOver = false;
  for await (const page of pagesOf<Candidate>(client, '/api/runs', { limit: PAGE })) {
    found.push(...page.filter(({ runId }) => runId.startsWith(beginning)));
    searched += page.length;
    isOver = page.some(({ runId }) => runId < beginning);
    if (isOver || found.length > SHOWN_CANDIDATES || searched >= SEARCHED_RUNS) break;
    isOver = page.length < PAGE;
  }
  const [first, second] = found;
  if (second !== undefined) throw ambiguous(written, found);
  if (first !== undefined && isOver) return first.runId;
  throw new CliError(
    'CLI_RUN_NOT_FOUND',
    isOver
      ? `no run has an id that begins with ${written}`
      : `none of the newest ${searched} runs can be told by ${written}`,
    'Write the full id of the run. `taskrunner list` prints the ids.',
  );
}

function ambiguous(written: string, found: readonly Candidate[]): CliError {
  const shown = found
    .slice(0, SHOWN_CANDIDATES)
    .map(({ runId, status, pack, createdAt }) => `  ${runId}  ${status}  ${pack.name} ${pack.version}  ${createdAt}`);
  const more = found.length > SHOWN_CANDIDATES ? ['  …'] : [];
  return new CliError(
    'CLI_RUN_AMBIGUOUS',
    [`several runs have an id that begins with ${written}:`, ...shown, ...more].join('\n'),
    'Write more characters of the id.',
  );
}

/** The gate that is meant: the named one or, if none is named, the only open gate of the run. Throws `CLI_GATE_CHOICE`. */
export async function gateIdOf(client: Client, runId: string, named: string | undefined): Promise<string> {
  return named ?? onlyOpen(runId, await listGates(client, runId));
}

/** Throws `CLI_GATE_CHOICE` unless exactly one gate is open. */
export function onlyOpen(runId: string, gates: readonly RunGateView[]): string {
  const open = gates.filter(({ status }) => status === 'open');
  const [first, second] = open;
  if (first === undefined)
    throw new CliError('CLI_GATE_CHOICE', `${runId} has no open gate`, `See its gates with: taskrunner gates ${runId}`);
  if (second === undefined) return first.gateId;
  const shown = open.slice(0, SHOWN_CANDIDATES).map(({ gateId, label }) => `  ${gateId}${label ? `  ${label}` : ''}`);
  const more = open.length > SHOWN_CANDIDATES ? ['  …'] : [];
  throw new CliError(
    'CLI_GATE_CHOICE',
    [`${runId} has ${open.length} open gates:`, ...shown, ...more].join('\n'),
    'Name one of them after the run.',
  );
}
