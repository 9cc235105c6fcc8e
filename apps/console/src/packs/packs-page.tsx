import '../style/packs.css';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef } from 'react';
import { stepIn, useKeys } from '../frame/keyboard/keys';
import { useHolds } from '../frame/me';
import { Denied, Failed, Notice } from '../frame/notice';
import { SearchForm } from '../frame/search-form';
import { groupPacks, packsWith, type PackVersions } from './pack-versions';
import { usePublishedPacks } from './published-packs';

const MOST_VERSIONS = 3;

/** The published packs. */
export function PacksPage() {
  const { q = '' } = useSearch({ from: '/packs' });
  const navigate = useNavigate({ from: '/packs' });
  const isDenied = useHolds('packs.read') === false;
  const query = usePublishedPacks();
  const all = groupPacks(query.data?.items ?? []);
  const packs = packsWith(all, q);
  const rows = useRef<HTMLTableSectionElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const move = (by: 1 | -1): void => {
    const links = [...(rows.current?.querySelectorAll<HTMLElement>('a[data-row]') ?? [])];
    const at = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement) === true);
    links[stepIn(links.length, at, by)]?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1), '/': () => search.current?.focus() });
  const find = (value: string): void =>
    void navigate({ search: value.trim() === '' ? {} : { q: value.trim() }, replace: true });
  return (
    <main className="page">
      <div className="page-head">
        <h1>Packs</h1>
        <SearchForm
          name="Packs"
          label="Search packs"
          placeholder="name, description …"
          q={q}
          find={find}
          input={search}
        />
        <span className="bar-space" />
        <Link to="/submit" className="button">
          Run a pack of your own …
        </Link>
      </div>
      {isDenied ? (
        <Denied scope="packs.read" />
      ) : query.isError && query.data === undefined ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Notice kind="loading" title="Loading packs …" />
      ) : all.length === 0 ? (
        <Notice kind="empty" title="No pack is published for your tenant">
          <p>
            Publish one with <code>npx taskrunner pack push PACK</code>, or run one of your own.
          </p>
        </Notice>
      ) : packs.length === 0 ? (
        <Notice kind="filtered" title="No pack matches the search">
          <button type="button" className="button" onClick={() => find('')}>
            Show all packs
          </button>
        </Notice>
      ) : (
        <div className="table-frame">
          <table className="table packs stacked">
            <caption className="unseen">Published packs, by name</caption>
            <thead>
              <tr>
                <th scope="col">Pack</th>
                <th scope="col">Versions</th>
                <th scope="col">Registry</th>
                <th scope="col">Visible to</th>
              </tr>
            </thead>
            <tbody ref={rows}>
              {packs.map((pack) => (
                <PackRow key={pack.name} pack={pack} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {query.data?.isWhole === false ? (
        <p className="faint more">The registry has more versions than the console reads. Packs may be missing here.</p>
      ) : null}
    </main>
  );
}

const VISIBLE: Readonly<Record<PackVersions['latest']['visibility'], string>> = {
  private: 'your tenant',
  listed: 'chosen tenants',
  public: 'all tenants',
};

function PackRow({ pack: { name, versions, latest } }: { readonly pack: PackVersions }) {
  const rest = versions.length - MOST_VERSIONS;
  return (
    <tr>
      <td data-label="Pack" className="main-cell wide-cell">
        <Link to="/packs/$name" params={{ name }} search={{}} data-row="">
          {name}
        </Link>
        {latest.description === null ? null : <p className="faint">{latest.description}</p>}
      </td>
      <td data-label="Versions">
        <span className="versions">
          {versions.slice(0, MOST_VERSIONS).map(({ version, registry }) => (
            <Link key={`${registry} ${version}`} to="/packs/$name" params={{ name }} search={{ version }}>
              {version}
            </Link>
          ))}
          {rest > 0 ? <span className="faint">and {rest} more</span> : null}
        </span>
      </td>
      <td data-label="Registry">{[...new Set(versions.map(({ registry }) => registry))].join(', ')}</td>
      <td data-label="Visible to">{VISIBLE[latest.visibility]}</td>
    </tr>
  );
}
