import '../style/packs.css';
import '../style/schedules.css';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { bodyOf } from '@taskrunner/client';
import { useRef } from 'react';
import { wholeList } from '../api/pages';
import { useKeys } from '../frame/keyboard/keys';
import { useHolds } from '../frame/me';
import { Denied, Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { SearchForm } from '../frame/search-form';
import { Executors } from './executors';
import { WorkerCard } from './worker-card';
import type { WorkersSearch } from './workers-search';

/** Who lives, what each of them drives, and what packs may use here. */
export function WorkersPage() {
  const search = useSearch({ from: '/workers' });
  const navigate = useNavigate({ from: '/workers' });
  const { part, q = '' } = search;
  const input = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => input.current?.focus() });
  const change = (next: WorkersSearch): void => void navigate({ search: next, replace: true });
  const find = (text: string): void => {
    const { q: _, ...rest } = search;
    change(text.trim() === '' ? rest : { ...rest, q: text.trim() });
  };
  return (
    <main className="page">
      <div className="page-head">
        <h1>Workers</h1>
        <div className="chips" role="group" aria-label="What is shown">
          <button type="button" className="chip" aria-pressed={part === undefined} onClick={() => change({})}>
            Workers
          </button>
          <button
            type="button"
            className="chip"
            aria-pressed={part === 'executors'}
            onClick={() => change({ part: 'executors' })}
          >
            Executors
          </button>
        </div>
        <SearchForm name="Workers" label="Search" placeholder="name, label …" q={q} find={find} input={input} />
      </div>
      {part === 'executors' ? <Executors q={q} clear={() => find('')} /> : <Living q={q} clear={() => find('')} />}
    </main>
  );
}

function Living({ q, clear }: { readonly q: string; readonly clear: () => void }) {
  const { client, connection, settings } = useServices();
  const may = useHolds('packs.admin');
  const query = useQuery({
    queryKey: ['workers'],
    enabled: may === true,
    queryFn: ({ signal }) =>
      wholeList((query) => bodyOf(client.api.GET('/api/workers', { params: { query }, signal }))),
    refetchInterval: connection.every(settings.refresh),
  });
  const all = query.data?.items ?? [];
  const wanted = q.toLowerCase();
  const workers = all.filter(({ name, labels }) => `${name} ${labels.join(' ')}`.toLowerCase().includes(wanted));
  if (may === false) return <Denied scope="packs.admin" />;
  if (query.isError && query.data === undefined)
    return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Notice kind="loading" title="Loading workers …" />;
  if (all.length === 0)
    return (
      <Notice kind="empty" title="No worker lives">
        <p>Runs wait until one starts. A worker that has missed its lease is not listed.</p>
      </Notice>
    );
  if (workers.length === 0)
    return (
      <Notice kind="filtered" title="No worker matches the search">
        <button type="button" className="button" onClick={clear}>
          Show all workers
        </button>
      </Notice>
    );
  return (
    <>
      <p className="faint">Workers serve all tenants. Runs and assignments count those of your tenant only.</p>
      <ul className="cards more">
        {workers.map((worker) => (
          <WorkerCard key={worker.workerId} worker={worker} />
        ))}
      </ul>
    </>
  );
}
