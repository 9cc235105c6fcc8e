import '../style/packs.css';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { bodyOf, type Schedule } from '@taskrunner/client';
import { useRef } from 'react';
import { wholeList } from '../api/pages';
import { stepIn, useKeys } from '../frame/keyboard/keys';
import { useHolds } from '../frame/me';
import { Moment } from '../frame/moment';
import { Denied, Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { SearchForm } from '../frame/search-form';
import { ScheduleMark, scheduleWord } from './schedule-mark';
import { SCHEDULE_STATUSES, schedulesWith, type SchedulesSearch } from './schedules-search';

/** The schedules of the tenant. */
export function SchedulesPage() {
  const { client, connection, settings } = useServices();
  const search = useSearch({ from: '/schedules' });
  const navigate = useNavigate({ from: '/schedules' });
  const may = useHolds('packs.run');
  const query = useQuery({
    queryKey: ['schedules'],
    enabled: may === true,
    queryFn: ({ signal }) =>
      wholeList((query) => bodyOf(client.api.GET('/api/schedules', { params: { query }, signal }))),
    refetchInterval: connection.every(settings.refresh * 2),
  });
  const all = query.data?.items ?? [];
  const schedules = schedulesWith(all, search);
  const rows = useRef<HTMLTableSectionElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const move = (by: 1 | -1): void => {
    const links = [...(rows.current?.querySelectorAll<HTMLElement>('a[data-row]') ?? [])];
    const at = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement) === true);
    links[stepIn(links.length, at, by)]?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1), '/': () => input.current?.focus() });
  const change = (next: SchedulesSearch): void => void navigate({ search: next, replace: true });
  return (
    <main className="page">
      <div className="page-head">
        <h1>Schedules</h1>
        {may === false ? null : <Filters search={search} change={change} input={input} />}
      </div>
      {may === false ? (
        <Denied scope="packs.run" />
      ) : query.isError && query.data === undefined ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Notice kind="loading" title="Loading schedules …" />
      ) : all.length === 0 ? (
        <Notice kind="empty" title="There are no schedules yet">
          <p>
            Create one with <code>npx taskrunner schedule create PACK --name NAME --cron '30 2 * * MON-FRI'</code>.
          </p>
        </Notice>
      ) : schedules.length === 0 ? (
        <Notice kind="filtered" title="No schedule matches the filter">
          <button type="button" className="button" onClick={() => change({})}>
            Show all schedules
          </button>
        </Notice>
      ) : (
        <div className="table-frame">
          <table className="table stacked">
            <caption className="unseen">Schedules, newest first</caption>
            <thead>
              <tr>
                <th scope="col">Schedule</th>
                <th scope="col">Status</th>
                <th scope="col">Pack</th>
                <th scope="col">When</th>
                <th scope="col">Next</th>
                <th scope="col">Created by</th>
              </tr>
            </thead>
            <tbody ref={rows}>
              {schedules.map((schedule) => (
                <ScheduleRow key={schedule.scheduleId} schedule={schedule} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {query.data?.isWhole === false ? (
        <p className="faint more">There are more schedules than the console reads. Some may be missing here.</p>
      ) : null}
    </main>
  );
}

function ScheduleRow({ schedule }: { readonly schedule: Schedule }) {
  const { scheduleId, name, status, pack, cron, timeZone, nextTick, creator, stopped } = schedule;
  return (
    <tr>
      <td data-label="Schedule" className="main-cell">
        <Link to="/schedules/$scheduleId" params={{ scheduleId }} data-row="">
          {name}
        </Link>
      </td>
      <td data-label="Status">
        <ScheduleMark status={status} />
        {stopped === null ? null : <span className="code faint"> {stopped.code}</span>}
      </td>
      <td data-label="Pack">
        {pack.name} <span className="faint">{pack.version}</span>
      </td>
      <td data-label="When">
        <span className="code">{cron}</span> <span className="faint">{timeZone}</span>
      </td>
      <td data-label="Next">
        <Moment at={nextTick} />
      </td>
      <td data-label="Created by">{creator.name}</td>
    </tr>
  );
}

interface FiltersFacts {
  readonly search: SchedulesSearch;
  readonly change: (search: SchedulesSearch) => void;
  readonly input: React.RefObject<HTMLInputElement | null>;
}

function Filters({ search, change, input }: FiltersFacts) {
  const find = (value: string): void => {
    const { q: _, ...rest } = search;
    change(value.trim() === '' ? rest : { ...rest, q: value.trim() });
  };
  return (
    <SearchForm
      name="Schedules"
      label="Search schedules"
      placeholder="schedule, pack …"
      q={search.q ?? ''}
      find={find}
      input={input}
    >
      <label>
        <span className="label">Status</span>
        <select
          className="field"
          value={search.status ?? ''}
          onChange={({ target: { value } }) => {
            const { status: _, ...rest } = search;
            const status = SCHEDULE_STATUSES.find((one) => one === value);
            change(status === undefined ? rest : { ...rest, status });
          }}
        >
          <option value="">any</option>
          {SCHEDULE_STATUSES.map((status) => (
            <option key={status} value={status}>
              {scheduleWord(status)}
            </option>
          ))}
        </select>
      </label>
    </SearchForm>
  );
}
