import { useQuery } from '@tanstack/react-query';
import { bodyOf, type Schemas } from '@taskrunner/client';
import { useHolds } from '../frame/me';
import { Denied, Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { Value } from '../run/value';

type Executor = Schemas['Executors']['items'][number];

/** What steps may use here. */
export function Executors({ q, clear }: { readonly q: string; readonly clear: () => void }) {
  const { client } = useServices();
  const may = useHolds('packs.read');
  const query = useQuery({
    queryKey: ['executors'],
    enabled: may === true,
    queryFn: ({ signal }) => bodyOf(client.api.GET('/api/executors', { signal })),
    staleTime: 60_000,
  });
  const all = query.data?.items ?? [];
  const executors = all.filter(({ uses }) => uses.toLowerCase().includes(q.toLowerCase()));
  if (may === false) return <Denied scope="packs.read" />;
  if (query.isError && query.data === undefined)
    return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Notice kind="loading" title="Loading executors …" />;
  if (all.length === 0) return <Notice kind="empty" title="Packs may use no executor here" />;
  if (executors.length === 0)
    return (
      <Notice kind="filtered" title="No executor matches the search">
        <button type="button" className="button" onClick={clear}>
          Show all executors
        </button>
      </Notice>
    );
  return (
    <ul className="cards pairs">
      {executors.map((executor) => (
        <ExecutorCard key={`${executor.uses} ${executor.version}`} executor={executor} />
      ))}
    </ul>
  );
}

const EFFECTS: Readonly<Record<Executor['effects']['loosest'], string>> = {
  pure: 'none',
  idempotent: 'may be repeated',
  once: 'once',
};

function ExecutorCard({ executor }: { readonly executor: Executor }) {
  const { uses, version, builtin, effects, sandboxed, environments, parameters } = executor;
  return (
    <li className="card">
      <div className="card-head">
        <h2 className="code">{uses}</h2>
        <span className="faint">
          version {version}, {builtin ? 'built in' : 'of the platform team'}
        </span>
      </div>
      <dl className="run-facts">
        <Fact name="Effects">
          {EFFECTS[effects.loosest]}
          {effects.by === null ? null : (
            <span className="faint">
              , by the value of <span className="code">{effects.by.parameter}</span>
            </span>
          )}
        </Fact>
        <Fact name="Sandboxed">{sandboxed ? 'yes' : 'no'}</Fact>
        <Fact name="Modes">
          {environments
            .map(({ mode, isolation }) => (isolation === null ? mode : `${mode} (${isolation})`))
            .join(', ') || 'none'}
        </Fact>
      </dl>
      <details>
        <summary>Parameters</summary>
        <Value value={parameters} label={`Parameters of ${uses}`} />
      </details>
    </li>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
