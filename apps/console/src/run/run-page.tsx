import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { failureIn } from './failure';
import { isAbsent } from '../api/problem';
import type { Run } from '@taskrunner/client';
import { useKeys } from '../frame/keyboard/keys';
import { latePage } from '../frame/late-page';
import { Mark, wordOf } from '../frame/mark';
import { Elapsed, Moment } from '../frame/moment';
import { Failed, Notice } from '../frame/notice';
import { shortDigest } from '../frame/short';
import { Progress } from '../runs/progress';
import { Waits } from '../runs/waits';
import { ArtifactsPanel } from './artifacts';
import { useFirstFailure } from './first-failure';
import { GateList } from './gates/gate-list';
import { paceOf, useLiveRun, useRefreshed } from './live-run';
import { LogPanel } from './log/log-panel';
import { RunActions } from './actions/run-actions';
import { isCancelled } from './cancelled-by';
import { RunCancellation } from './run-cancellation';
import { RunMessage } from './run-message';
import { isOver, RUN_TABS, type RunSearch, type RunTab } from './run-view';
import { FailureFacts, StepDetail } from './step-detail';
import { StepTable } from './steps/step-table';
import { TimelinePanel } from './timeline/timeline-panel';
import { Value } from './value';
import { WaitList } from './wait-list';

const GraphView = latePage(() => import('./graph-view').then((module) => module.default));

/** One run: its plan as a graph, its steps, its log, and what it gave. */
export function RunPage() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const { query, tag = '' } = useLiveRun(runId);
  if (query.data === undefined)
    return (
      <main className="page">
        <h1 className="unseen">Run</h1>
        {isAbsent(query.error) ? (
          <Notice kind="empty" title="There is no such run in your tenant">
            <Link to="/runs" search={{}}>
              Show the runs
            </Link>
          </Notice>
        ) : query.isError ? (
          <Failed error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Notice kind="loading" title="Loading the run …" />
        )}
      </main>
    );
  return <Loaded key={runId} run={query.data.run} tag={tag} />;
}

interface LoadedFacts {
  readonly run: Run;
  readonly tag: string;
}

function Loaded({ run, tag }: LoadedFacts) {
  useRefreshed(run.runId, tag, paceOf(run));
  const search = useSearch({ from: '/runs/$runId' });
  const navigate = useNavigate({ from: '/runs/$runId' });
  const tab = search.tab ?? 'graph';
  const isBare = Object.keys(search).length === 0;
  const failed = useFirstFailure(run, isBare);
  const step = search.step ?? (isBare ? failed : null);
  const change = (next: RunSearch): void => void navigate({ search: next, replace: true });
  const open = (next: RunTab): void => {
    change({ ...search, ...(step === null ? {} : { step }), tab: next });
  };
  const close = (): void => {
    const { step: _, ...rest } = search;
    change({ ...rest, tab });
  };
  useKeys({
    ...Object.fromEntries(RUN_TABS.map((name, index) => [String(index + 1), () => open(name)])),
    Escape: close,
  });
  return (
    <main className="page run">
      <Head run={run} />
      <WaitList run={run} open={(id) => change({ ...search, step: id })} />
      <GateList run={run} />
      <div className="tabs run-tabs" role="tablist" aria-label="Parts of the run">
        {RUN_TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === tab}
            aria-controls="part"
            className="tab"
            onClick={() => open(name)}
          >
            {NAMES[name]}
          </button>
        ))}
      </div>
      <div className="run-body" data-detail={step !== null && tab !== 'log'}>
        <div className="run-part" role="tabpanel" id="part" aria-labelledby={`tab-${tab}`}>
          <TabContent tab={tab} run={run} search={search} step={step} change={change} />
        </div>
        {step === null || tab === 'log' ? null : (
          <StepDetail run={run} step={step} search={search} change={change} close={close} />
        )}
      </div>
    </main>
  );
}

const NAMES: Readonly<Record<RunTab, string>> = {
  graph: 'Graph',
  steps: 'Steps',
  timeline: 'Timeline',
  log: 'Log',
  outputs: 'Outputs',
  artifacts: 'Artifacts',
};

interface TabFacts {
  readonly tab: RunTab;
  readonly run: Run;
  readonly search: RunSearch;
  readonly step: string | null;
  readonly change: (search: RunSearch) => void;
}

function TabContent({ tab, run, search, step, change }: TabFacts) {
  switch (tab) {
    case 'graph':
      return <GraphView run={run} selected={step} select={(id) => change({ ...search, step: id })} />;
    case 'steps':
      return <StepTable run={run} search={search} change={change} />;
    case 'timeline':
      return <TimelinePanel run={run} selected={step} select={(id) => change({ ...search, step: id })} />;
    case 'log':
      return <LogPanel run={run} search={search} change={change} />;
    case 'outputs':
      return run.outputs === null ? (
        <Notice kind="empty" title={isOver(run.status) ? 'The run has no outputs' : 'The run has no outputs yet'} />
      ) : (
        <Value value={run.outputs} label="Outputs of the run" />
      );
    case 'artifacts':
      return <ArtifactsPanel run={run} />;
  }
}

function Head({ run }: { readonly run: Run }) {
  return (
    <>
      <div className="run-head">
        <h1>
          {run.pack.name} <span className="faint version">{run.pack.version}</span>
        </h1>
        <span aria-live="polite">
          <Mark status={run.status} />
          <span className="unseen">The run is {wordOf(run.status).toLowerCase()}</span>
        </span>
        <Progress steps={run.steps} />
        <RunActions run={run} />
      </div>
      <RunCancellation run={run} />
      <dl className="run-facts">
        <div>
          <dt>Run</dt>
          <dd className="code">{run.runId}</dd>
        </div>
        <div>
          <dt>Plan</dt>
          <dd className="code" title={run.planHash}>
            {shortDigest(run.planHash)}
          </dd>
        </div>
        <div>
          <dt>Requested by</dt>
          <dd>{run.requester.name}</dd>
        </div>
        <div>
          <dt>Created</dt>
          <dd>
            <Moment at={run.createdAt} isPast />
          </dd>
        </div>
        <div>
          <dt>Duration</dt>
          <dd className="number">
            <Elapsed from={run.startedAt} to={run.finishedAt} />
          </dd>
        </div>
        <div>
          <dt>Evidence</dt>
          <dd>
            <Link to="/runs/$runId/evidence" params={{ runId: run.runId }}>
              {run.evidence.status}
            </Link>
          </dd>
        </div>
        {run.stuck === null ? null : (
          <div>
            <dt>Needs a person</dt>
            <dd>
              <Waits run={run} />
            </dd>
          </div>
        )}
        {run.rerunOf === null ? null : (
          <div>
            <dt>Rerun of</dt>
            <dd className="code">
              <Link to="/runs/$runId" params={{ runId: run.rerunOf }}>
                {run.rerunOf}
              </Link>
            </dd>
          </div>
        )}
      </dl>
      <RunMessage run={run} />
      {run.error === null || failureIn(run.error).stepId !== null || isCancelled(run) ? null : (
        <FailureFacts error={run.error} />
      )}
    </>
  );
}
