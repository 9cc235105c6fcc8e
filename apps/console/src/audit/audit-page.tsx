import '../style/packs.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type AuditEntry, bodyOf } from '@taskrunner/client';
import type { Page } from '../api/pages';
import { useHolds } from '../frame/me';
import { Denied, Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { shortDigest, shortRun } from '../frame/short';
import { fullText } from '../frame/time';
import { Value } from '../run/value';
import { outcomeOf } from './audit-outcome';
import { lastEntry } from './audit-search';
import { checkChain } from './chain';

const PAGE = 100;

/** The audit chain of the tenant, a page at a time; first its end. */
export function AuditPage() {
  const { client } = useServices();
  const { after } = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const may = useHolds('packs.admin');
  const read = (from: number, limit: number, signal: AbortSignal): Promise<Page<AuditEntry>> =>
    bodyOf(client.api.GET('/api/audit', { params: { query: { after: from, limit } }, signal }));
  const query = useQuery({
    queryKey: ['audit', after ?? 'end'],
    enabled: may === true,
    queryFn: async ({ signal }) => {
      const has = async (seq: number): Promise<boolean> => (await read(seq - 1, 1, signal)).items.length > 0;
      const from = after ?? Math.max(0, (await lastEntry(has)) - PAGE);
      const { items, nextCursor } = await read(from, PAGE, signal);
      return { from, items, hasMore: nextCursor !== null, check: await checkChain(items) };
    },
  });
  const data = query.data;
  const show = (from: number | null): void => void navigate({ search: from === null ? {} : { after: from } });
  return (
    <main className="page">
      <div className="page-head">
        <h1>Audit</h1>
        {data === undefined || data.items.length === 0 ? null : (
          <span className="faint number">
            entries {data.from + 1} to {data.from + data.items.length}
          </span>
        )}
        {data === undefined ? null : (
          <span className="buttons">
            <button
              type="button"
              className="button"
              disabled={data.from === 0}
              onClick={() => show(Math.max(0, data.from - PAGE))}
            >
              Earlier
            </button>
            <button type="button" className="button" disabled={!data.hasMore} onClick={() => show(data.from + PAGE)}>
              Later
            </button>
            <button
              type="button"
              className="button"
              onClick={() => (after === undefined ? void query.refetch() : show(null))}
            >
              Latest
            </button>
          </span>
        )}
      </div>
      {may === false ? (
        <Denied scope="packs.admin" />
      ) : query.isError && data === undefined ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : data === undefined ? (
        <Notice kind="loading" title="Loading the audit chain …" />
      ) : data.items.length === 0 ? (
        data.from === 0 ? (
          <Notice kind="empty" title="The audit chain has no entries yet" />
        ) : (
          <Notice kind="filtered" title="The chain has no entries after this one">
            <button type="button" className="button" onClick={() => show(null)}>
              Show its end
            </button>
          </Notice>
        )
      ) : (
        <>
          <p role="status" className="tinted" data-tone={data.check.kind === 'intact' ? 'good' : 'bad'}>
            {data.check.kind === 'intact'
              ? '✓ This browser computed the hashes of these entries: each follows the one before it.'
              : `✕ Entry ${data.check.seq} does not follow the one before it, or was altered. Inform the operator.`}
          </p>
          <Entries entries={data.items} />
          <p className="faint more">
            Whether entries were cut off at the end is not seen here: compare with a signed checkpoint by{' '}
            <code>npx taskrunner audit verify</code>.
          </p>
        </>
      )}
    </main>
  );
}

function Entries({ entries }: { readonly entries: readonly AuditEntry[] }) {
  return (
    <div className="table-frame more">
      <table className="table stacked">
        <caption className="unseen">Entries of the audit chain, newest first</caption>
        <thead>
          <tr>
            <th scope="col" className="right">
              No.
            </th>
            <th scope="col">Time</th>
            <th scope="col">Event</th>
            <th scope="col">About</th>
            <th scope="col">Who</th>
            <th scope="col">Outcome</th>
            <th scope="col">Hash</th>
            <th scope="col">Content</th>
          </tr>
        </thead>
        <tbody>
          {[...entries].reverse().map((entry) => (
            <Row key={entry.seq} entry={entry} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ entry: { seq, at, event, hash } }: { readonly entry: AuditEntry }) {
  const outcome = outcomeOf(event);
  const runId = textOf(event['runId']);
  const scheduleId = textOf(event['scheduleId']);
  const about = textOf(event['gate']) ?? textOf(event['gateId']) ?? textOf(event['step']);
  return (
    <tr>
      <td data-label="No." className="right number">
        {seq}
      </td>
      <td data-label="Time">{fullText(new Date(at).toISOString())}</td>
      <td data-label="Event" className="main-cell">
        <span className="code">{textOf(event['type']) ?? '–'}</span>
      </td>
      <td data-label="About">
        {runId === null ? null : (
          <Link to="/runs/$runId" params={{ runId }} className="code">
            {shortRun(runId)}
          </Link>
        )}{' '}
        {about === null ? null : <span className="code">{about}</span>}
        {scheduleId === null ? null : (
          <Link to="/schedules/$scheduleId" params={{ scheduleId }} className="code">
            {shortRun(scheduleId)}
          </Link>
        )}
        {runId === null && about === null && scheduleId === null ? <span className="faint">–</span> : null}
      </td>
      <td data-label="Who">{whoIn(event) ?? <span className="faint">–</span>}</td>
      <td data-label="Outcome">
        {outcome === null ? (
          <span className="faint">–</span>
        ) : (
          <>
            <span className="tinted" data-tone={outcome.tone}>
              {outcome.text}
            </span>
            {outcome.code === null ? null : <span className="code faint"> {outcome.code}</span>}
          </>
        )}
      </td>
      <td data-label="Hash" className="code faint" title={hash}>
        {shortDigest(hash)}
      </td>
      <td data-label="Content" className="wide-cell">
        <details>
          <summary>Show</summary>
          <Value value={event} label={`Content of entry ${seq}`} />
        </details>
      </td>
    </tr>
  );
}

/** The person or program that an event names. */
function whoIn(event: Readonly<Record<string, unknown>>): string | null {
  for (const name of ['person', 'caller', 'requester', 'by', 'actor']) {
    const value = event[name];
    if (typeof value === 'string') return value;
    if (typeof value !== 'object' || value === null) continue;
    const { name: called, sub } = value as { readonly name?: unknown; readonly sub?: unknown };
    const found = textOf(called) ?? textOf(sub);
    if (found !== null) return found;
  }
  return null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
