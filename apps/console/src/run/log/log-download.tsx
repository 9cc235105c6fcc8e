import { useMutation } from '@tanstack/react-query';
import type { LogLine, Run } from '@taskrunner/client';
import { messageOf } from '../../api/problem';
import { saveBlob } from '../../frame/save';
import { useServices } from '../../frame/services';
import { readLog } from './log-stream';
import type { LogFilter } from './log-filter';

/** The log as a file of text. It is read as a stream, and lines that are not shown are part of it. */
export function DownloadLog({ run, filter }: { readonly run: Run; readonly filter: LogFilter }) {
  const { client } = useServices();
  const download = useMutation({
    mutationFn: async () => {
      const pieces: Blob[] = [];
      await readLog(client, {
        ...{ runId: run.runId, filter },
        from: { after: 0 },
        follow: false,
        signal: new AbortController().signal,
        onLines: (lines) => void pieces.push(new Blob([lines.map(textOf).join('')])),
        onConnection: () => undefined,
      });
      saveBlob(new Blob(pieces, { type: 'text/plain' }), `${run.runId}.log`);
    },
  });
  return (
    <>
      <button type="button" className="button" disabled={download.isPending} onClick={() => download.mutate()}>
        {download.isPending ? 'Downloading …' : 'Download'}
      </button>
      {download.isError ? (
        <span className="tinted" data-tone="bad" role="alert">
          {messageOf(download.error)}
        </span>
      ) : null}
    </>
  );
}

function textOf({ sequence, timestamp, stepId = '', message = '' }: LogLine): string {
  return `${sequence}\t${timestamp}\t${stepId}\t${message}\n`;
}
