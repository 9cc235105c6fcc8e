import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Run } from '@taskrunner/client';
import { Question } from '../../frame/question';
import { useServices } from '../../frame/services';
import { useChange } from '../../frame/use-change';
import { releaseBody } from './release-body';

/** Asks how blocked evidence is sealed after all: after its cause was removed, or without the files that must not be disclosed. */
export function ReleaseEvidence({ run, close }: { readonly run: Run; readonly close: () => void }) {
  const { client } = useServices();
  const queries = useQueryClient();
  const [files, setFiles] = useState('');
  const [reason, setReason] = useState('');
  const release = useChange({
    what: 'the release',
    send: (_: void, signal) =>
      client.api.POST('/api/runs/{runId}/evidence/release', {
        params: { path: { runId: run.runId } },
        body: releaseBody(files, reason),
        signal,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['run', run.runId] });
      close();
    },
  });
  return (
    <Question
      title="Release the evidence of this run?"
      answer="Try the seal again"
      dismiss="Leave it blocked"
      close={close}
      isPending={release.isPending}
      error={release.error}
      act={() => release.mutate()}
    >
      {run.evidence.reason === null ? null : <p className="failure">{run.evidence.reason}</p>}
      <label className="entry">
        <span className="entry-name">Files to withhold, one on each line</span>
        <textarea
          className="field code"
          rows={3}
          spellCheck={false}
          value={files}
          onChange={({ target }) => setFiles(target.value)}
        />
        <span className="faint">
          Empty if the cause was removed. A notice replaces each withheld file, and the statement lists it.
        </span>
      </label>
      <label className="entry">
        <span className="entry-name">
          Reason<span className="faint"> (required)</span>
        </span>
        <textarea
          className="field"
          rows={2}
          required
          maxLength={4_000}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
        <span className="faint">It is part of the signed record, so it must not contain the secret.</span>
      </label>
    </Question>
  );
}
