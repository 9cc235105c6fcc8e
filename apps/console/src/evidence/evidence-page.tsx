import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { failureText } from '../api/problem';
import { useServices } from '../frame/services';
import { Failed, Notice } from '../frame/notice';
import { sizeText } from '../frame/short';
import { useLiveRun } from '../run/live-run';
import { isOver } from '../run/run-view';
import { downloadBundle, type Progress } from './download';
import { saveBlob } from '../frame/save';
import { FindingsView } from './findings-view';
import { StageView } from './stage-view';
import { TrustBox } from './trust-box';
import { useExamination } from './use-examination';
import { useTerms } from './use-terms';
import './evidence.css';

/** The evidence of a run: downloaded once, verified in this browser, and shown as a report. */
export default function EvidencePage() {
  const { runId } = useParams({ from: '/runs/$runId/evidence' });
  const { query } = useLiveRun(runId);
  const run = query.data?.run;
  const from = useTerms(runId);
  const examination = useExamination(from.terms);
  const isSealed = run?.evidence.status === 'sealed';
  const { bundle, progress } = useBundle(runId, isSealed);
  const { open, stage } = examination;
  const name = `${runId}.evidence.tar`;
  useEffect(() => {
    if (bundle.data !== undefined) open(name, bundle.data);
  }, [bundle.data, name, open]);

  return (
    <main className="page evidence">
      <div className="run-head">
        <h1>Evidence of a run</h1>
        <Link to="/runs/$runId" params={{ runId }} className="code">
          {runId}
        </Link>
        {bundle.data === undefined ? null : (
          <button type="button" className="button" onClick={() => bundle.data && saveBlob(bundle.data, name)}>
            Save the bundle ({sizeText(bundle.data.size)})
          </button>
        )}
      </div>
      {query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : run === undefined ? (
        <Notice kind="loading" title="Loading the run …" />
      ) : !isSealed ? (
        <NotSealed isOver={isOver(run.status)} status={run.evidence.status} reason={run.evidence.reason} />
      ) : bundle.isError ? (
        <BundleFailed error={bundle.error} retry={() => void bundle.refetch()} />
      ) : bundle.data === undefined ? (
        <Downloading progress={progress} />
      ) : null}
      <StageView examination={examination} />
      <TrustBox from={from} findings={stage.kind === 'found' ? stage.findings : null} />
      {stage.kind === 'found' ? <FindingsView findings={stage.findings} write={examination.write} /> : null}
    </main>
  );
}

function useBundle(runId: string, isSealed: boolean) {
  const { client, settings } = useServices();
  const [progress, setProgress] = useState<Progress>({ received: 0, total: null });
  const last = useRef(0);
  const report = useCallback((next: Progress) => {
    // A page is drawn at most once for each hundredth of the bundle.
    const step = (next.total ?? 0) / 100;
    if (next.received !== next.total && next.received - last.current < step) return;
    last.current = next.received;
    setProgress(next);
  }, []);
  const bundle = useQuery({
    queryKey: ['bundle', runId],
    queryFn: ({ signal }) => downloadBundle(client, runId, { maxBytes: settings.bundleSize, signal, report }),
    enabled: isSealed,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  return { bundle, progress };
}

function Downloading({ progress: { received, total } }: { readonly progress: Progress }) {
  const of = total === null ? '' : ` of ${sizeText(total)}`;
  return (
    <Notice kind="loading" title="Downloading the bundle …">
      <p>
        <progress max={total ?? undefined} value={total === null ? undefined : received} aria-label="Download" />{' '}
        <span className="number">
          {sizeText(received)}
          {of}
        </span>
      </p>
    </Notice>
  );
}

interface NotSealedFacts {
  readonly isOver: boolean;
  readonly status: string;
  readonly reason: string | null;
}

function NotSealed({ isOver: hasEnded, status, reason }: NotSealedFacts) {
  return (
    <Notice
      kind="empty"
      title={hasEnded ? 'The evidence is not sealed yet' : 'The run has not ended, so there is no evidence yet'}
    >
      <p>
        State of the evidence: <code>{status}</code>
        {reason === null ? '' : `: ${reason}`}. This page goes on by itself.
      </p>
    </Notice>
  );
}

function BundleFailed({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  if (failureText(error) !== null) return <Failed error={error} retry={retry} />;
  return (
    <Notice kind="broken" title="The bundle cannot be read here">
      <p>{error instanceof Error ? error.message : String(error)}</p>
    </Notice>
  );
}
