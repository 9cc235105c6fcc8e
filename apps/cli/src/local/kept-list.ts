import { runIdsWith, runStatuses, runUuidEnd } from '@taskrunner/core/foundation';
import { STUCK_REASONS } from '@taskrunner/core/ports';
import type { KeptRuns, KeptRunView } from './kept-runs';
import { localPerson, localUser } from './local-person';

const STATUSES: readonly string[] = [...runStatuses, 'interrupted'];
const STUCK: readonly string[] = [...STUCK_REASONS, 'any'];
/** Entries of a page. */
const PAGE = 200;
const PARAMETERS: ReadonlySet<string> = new Set([
  ...['limit', 'cursor', 'status', 'pack', 'version', 'label', 'requester', 'q', 'stuck'],
]);

/** A page of a list, as the API answers it. */
interface KeptPage {
  readonly items: readonly KeptRunView[];
  readonly nextCursor: string | null;
}

/** A page of kept runs, newest first; or why the query is refused. */
export function listKept(kept: KeptRuns, query: URLSearchParams): KeptPage | { readonly refused: string } {
  const refused = refusalOf(query);
  if (refused !== null) return { refused };
  const limit = Number(query.get('limit') ?? PAGE);
  const cursor = query.get('cursor');
  const q = query.get('q');
  const range = q === null ? null : runIdsWith(q.toLowerCase());
  const items: KeptRunView[] = [];
  let last: string | null = null;
  for (const runId of kept.ids) {
    if ((cursor !== null && runId >= cursor) || (range !== null && (runId < range.first || runId > range.last)))
      continue;
    if (items.length === limit) return { items, nextCursor: last };
    const run = kept.listed(runId);
    if (run !== null && matches(run, query, range === null ? q : null)) items.push(run);
    last = runId;
  }
  return { items, nextCursor: null };
}

function refusalOf(query: URLSearchParams): string | null {
  const unknown = [...query.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) return `kept runs have no filter ${unknown}`;
  const status = query.getAll('status').find((one) => !STATUSES.includes(one));
  if (status !== undefined) return `the status ${status} is none of ${STATUSES.join(', ')}`;
  const stuck = query.get('stuck');
  if (stuck !== null && !STUCK.includes(stuck)) return `the reason ${stuck} is none of ${STUCK.join(', ')}`;
  const label = query.getAll('label').find((one) => one.indexOf(':') < 1);
  return label === undefined ? null : `the label ${label} is not name:value`;
}

/** `text`: what pack name, label values or requester name contain; null: anything. */
function matches(run: KeptRunView, query: URLSearchParams, text: string | null): boolean {
  const statuses = query.getAll('status');
  const is = (name: string, value: string): boolean => !query.has(name) || query.get(name) === value;
  const requester = query.get('requester') === 'me' ? localPerson(localUser()) : query.get('requester');
  const stuck = query.get('stuck');
  return (
    (statuses.length === 0 || statuses.includes(run.status)) &&
    is('pack', run.pack.name) &&
    is('version', run.pack.version) &&
    (requester === null || run.requester.id === requester) &&
    (stuck === null || (stuck === 'any' ? run.stuck !== null : run.stuck === stuck)) &&
    query.getAll('label').every((label) => hasLabel(run, label)) &&
    (text === null ||
      hasText(run, text.toLowerCase()) ||
      (runUuidEnd(text) !== null && run.runId.endsWith(text.toLowerCase())))
  );
}

function hasLabel({ labels }: KeptRunView, label: string): boolean {
  const colon = label.indexOf(':');
  const name = label.slice(0, colon);
  return Object.hasOwn(labels, name) && labels[name] === label.slice(colon + 1);
}

function hasText({ pack, labels, requester }: KeptRunView, text: string): boolean {
  return [pack.name, ...Object.values(labels), requester.name].some((one) => one.toLowerCase().includes(text));
}
