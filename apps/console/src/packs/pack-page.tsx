import '../style/packs.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { bodyOf, type PackDetail, type PublishedPack } from '@taskrunner/client';
import { isAbsent } from '../api/problem';
import { fieldsOfInputs } from '../form/field';
import { lacks, useHolds } from '../frame/me';
import { Denied, Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { shortDigest } from '../frame/short';
import { groupPacks } from './pack-versions';
import { usePublishedPacks } from './published-packs';
import { RunForm } from './run-form';

/** One published pack: what it needs, who signed it, and the form to run it. */
export function PackPage() {
  const { name } = useParams({ from: '/packs/$name' });
  const { version: wanted } = useSearch({ from: '/packs/$name' });
  const isDenied = useHolds('packs.read') === false;
  const published = usePublishedPacks();
  const found = groupPacks((published.data?.items ?? []).filter((pack) => pack.name === name))[0];
  const version = wanted ?? found?.latest.version;
  return (
    <main className="page">
      <p className="trail">
        <Link to="/packs" search={{}}>
          Packs
        </Link>
      </p>
      <div className="page-head">
        <h1>{name}</h1>
        {found === undefined || version === undefined ? null : <Versions versions={found.versions} version={version} />}
      </div>
      {isDenied ? (
        <Denied scope="packs.read" />
      ) : version !== undefined ? (
        <Version key={version} name={name} version={version} />
      ) : published.isError ? (
        <Failed error={published.error} retry={() => void published.refetch()} />
      ) : published.isPending ? (
        <Notice kind="loading" title="Loading the pack …" />
      ) : (
        <Absent />
      )}
    </main>
  );
}

function Absent() {
  return (
    <Notice kind="empty" title="There is no such pack for your tenant">
      <Link to="/packs" search={{}}>
        Show the packs
      </Link>
    </Notice>
  );
}

interface VersionsFacts {
  readonly versions: readonly PublishedPack[];
  readonly version: string;
}

function Versions({ versions, version }: VersionsFacts) {
  const navigate = useNavigate({ from: '/packs/$name' });
  const names = [...new Set(versions.map((pack) => pack.version))];
  return (
    <label>
      <span className="label">Version</span>
      <select
        className="field"
        value={version}
        onChange={({ target: { value } }) => void navigate({ search: { version: value }, replace: true })}
      >
        {(names.includes(version) ? names : [version, ...names]).map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

function Version({ name, version }: { readonly name: string; readonly version: string }) {
  const { client } = useServices();
  const query = useQuery({
    queryKey: ['pack', name, version],
    queryFn: ({ signal }) =>
      bodyOf(client.api.GET('/api/packs/{name}/{version}', { params: { path: { name, version } }, signal })),
    staleTime: 30_000,
  });
  if (query.data !== undefined) return <Detail key={query.data.digest} pack={query.data} />;
  if (isAbsent(query.error)) return <Absent />;
  return query.isError ? (
    <Failed error={query.error} retry={() => void query.refetch()} />
  ) : (
    <Notice kind="loading" title="Loading the pack …" />
  );
}

function Detail({ pack }: { readonly pack: PackDetail }) {
  const mayRun = useHolds('packs.run');
  const obstacle = mayRun === false ? lacks('packs.run') : pack.refusal === null ? null : pack.refusal.detail;
  return (
    <div className="pack">
      <section className="pack-run" aria-label="Run the pack">
        {pack.description === null ? null : <p>{pack.description}</p>}
        {pack.refusal === null ? null : (
          <div className="failure" role="status">
            <p className="failure-code code">{pack.refusal.code}</p>
            <p>{pack.refusal.detail}</p>
            <p>{pack.refusal.remediation}</p>
          </div>
        )}
        <h2>Run it</h2>
        <RunForm
          source={{ pack: `${pack.name}@${pack.digest}` }}
          fields={fieldsOfInputs(pack.inputs)}
          digest={pack.digest}
          obstacle={obstacle}
        />
      </section>
      <Facts pack={pack} />
    </div>
  );
}

function Facts({ pack }: { readonly pack: PackDetail }) {
  return (
    <aside className="pack-facts" aria-label="About the pack">
      <h2>Signed by</h2>
      {pack.signers.length === 0 ? (
        <p className="tinted" data-tone="wait">
          No publisher that this server knows
        </p>
      ) : (
        <ul className="plain">
          {pack.signers.map((signer) => (
            <li key={signer} className="code">
              {signer}
            </li>
          ))}
        </ul>
      )}
      <h2>Approvals</h2>
      {pack.approvals.length === 0 ? (
        <p className="faint">It asks nobody.</p>
      ) : (
        <ul className="plain">
          {pack.approvals.map(({ id, grants, minApprovals }) => (
            <li key={id}>
              <span className="code">{id}</span>: {minApprovals} {minApprovals === 1 ? 'person' : 'people'}
              {grants.length === 0 ? null : (
                <>
                  {' '}
                  with <span className="code">{grants.join(', ')}</span>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <h2>Secrets</h2>
      {pack.secrets.length === 0 ? (
        <p className="faint">It uses none.</p>
      ) : (
        <>
          <ul className="plain">
            {pack.secrets.map(({ name, description, required }) => (
              <li key={name}>
                <span className="code">{name}</span>
                {required ? null : <span className="faint"> (optional)</span>}
                {description === null ? null : <span className="faint"> {description}</span>}
              </li>
            ))}
          </ul>
          <p className="faint">Steps read them from the server’s secret store, by name. Nobody enters them here.</p>
        </>
      )}
      <h2>Artifact</h2>
      <dl className="facts">
        <Fact name="Registry">{pack.registry}</Fact>
        <Fact name="License">{pack.license ?? '–'}</Fact>
        <Fact name="Digest">
          <span className="code" title={pack.digest}>
            {shortDigest(pack.digest)}
          </span>
        </Fact>
        <Fact name="Content">
          <span className="code" title={pack.contentDigest}>
            {shortDigest(pack.contentDigest)}
          </span>
        </Fact>
        {pack.maintainers.length === 0 ? null : (
          <Fact name="Maintainers">{pack.maintainers.map(({ name }) => name).join(', ')}</Fact>
        )}
        {pack.tags.length === 0 ? null : <Fact name="Tags">{pack.tags.join(', ')}</Fact>}
      </dl>
    </aside>
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
