import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Run } from '@taskrunner/client';
import { GuardedButton } from '../../frame/guarded-button';
import { lacks, useHolds, useMe } from '../../frame/me';
import { CancelRun } from './cancel-run';
import { obstacleToCancel } from './may-cancel';
import { ReleaseEvidence } from './release-evidence';
import { RerunRun } from './rerun-run';
import { isOver } from '../run-view';

/** What a person can do with a run: cancel it while it lasts, rerun it when it has ended, release its evidence, and find the steps that need somebody. */
export function RunActions({ run }: { readonly run: Run }) {
  const [asked, ask] = useState<'cancel' | 'rerun' | 'release' | null>(null);
  const mayRun = useHolds('packs.run');
  const mayAdminister = useHolds('packs.admin');
  const close = (): void => ask(null);
  const obstacle = obstacleToCancel(run, useMe().data);
  return (
    <div className="buttons run-actions">
      {isOver(run.status) ? (
        <GuardedButton obstacle={mayRun === false ? lacks('packs.run') : null} act={() => ask('rerun')}>
          Rerun …
        </GuardedButton>
      ) : (
        <GuardedButton tone="danger" obstacle={obstacle} act={() => ask('cancel')}>
          {run.status === 'cancelling' ? 'Stop the cleanup …' : 'Cancel the run …'}
        </GuardedButton>
      )}
      {run.steps.needs_attention > 0 ? (
        <Link
          to="/runs/$runId"
          params={{ runId: run.runId }}
          search={{ tab: 'steps', status: 'needs_attention' }}
          className="button"
        >
          {run.steps.needs_attention === 1 ? 'A step needs' : `${run.steps.needs_attention} steps need`} attention
        </Link>
      ) : null}
      {run.evidence.status === 'blocked' ? (
        <GuardedButton obstacle={mayAdminister === false ? lacks('packs.admin') : null} act={() => ask('release')}>
          Release the evidence …
        </GuardedButton>
      ) : null}
      {asked === 'release' ? <ReleaseEvidence run={run} close={close} /> : null}
      {asked === 'cancel' ? <CancelRun run={run} close={close} /> : null}
      {asked === 'rerun' ? <RerunRun run={run} close={close} /> : null}
    </div>
  );
}
