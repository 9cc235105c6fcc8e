import '../style/packs.css';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type Artifact, bodyOf, type Run } from '@taskrunner/client';
import { messageOf } from '../api/problem';
import { ONCE } from '../api/client';
import { Failed, Notice } from '../frame/notice';
import { saveBlob } from '../frame/save';
import { useServices } from '../frame/services';
import { shortDigest, sizeText } from '../frame/short';

function useArtifacts(run: Run) {
  const { client } = useServices();
  return useQuery({
    queryKey: ['of-run', run.runId, 'artifacts'],
    queryFn: ({ signal }) =>
      bodyOf(client.api.GET('/api/runs/{runId}/artifacts', { params: { path: { runId: run.runId } }, signal })),
  });
}

/** All artifacts of a run. */
export function ArtifactsPanel({ run }: { readonly run: Run }) {
  const query = useArtifacts(run);
  if (query.data === undefined)
    return query.isError ? (
      <Failed error={query.error} retry={() => void query.refetch()} />
    ) : (
      <Notice kind="loading" title="Loading artifacts …" />
    );
  if (query.data.items.length === 0) return <Notice kind="empty" title="The run has no artifacts" />;
  return (
    <div className="table-frame">
      <table className="table stacked">
        <caption className="unseen">Artifacts</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Step</th>
            <th scope="col">Type</th>
            <th scope="col" className="right">
              Size
            </th>
            <th scope="col">SHA-256</th>
          </tr>
        </thead>
        <tbody>
          {query.data.items.map((artifact) => (
            <tr key={artifact.artifactId}>
              <td data-label="Name" className="main-cell">
                <Download run={run} artifact={artifact} />
              </td>
              <td data-label="Step" className="code">
                {artifact.step}
              </td>
              <td data-label="Type" className="faint">
                {artifact.mediaType}
              </td>
              <td data-label="Size" className="right number">
                {sizeText(artifact.size)}
              </td>
              <td data-label="SHA-256" className="code faint" title={artifact.digest}>
                {shortDigest(artifact.digest)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The artifacts of one step, if it has any. */
export function ArtifactList({ run, step }: { readonly run: Run; readonly step: string }) {
  const items = useArtifacts(run).data?.items.filter((artifact) => artifact.step === step) ?? [];
  if (items.length === 0) return null;
  return (
    <>
      <h3>Artifacts</h3>
      <ul className="plain">
        {items.map((artifact) => (
          <li key={artifact.artifactId}>
            <Download run={run} artifact={artifact} /> <span className="faint number">{sizeText(artifact.size)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** A download carries the token in a header, so the bytes are read here and then handed to the browser. */
function Download({ run, artifact }: { readonly run: Run; readonly artifact: Artifact }) {
  const { client } = useServices();
  const download = useMutation({
    mutationFn: async () => {
      const { stream } = await client.artifact(run.runId, artifact.artifactId, ONCE);
      const bytes = new Blob([await new Response(stream).blob()], { type: 'application/octet-stream' });
      saveBlob(bytes, artifact.path.split('/').at(-1) ?? artifact.name);
    },
  });
  return (
    <>
      <button type="button" className="link-button" disabled={download.isPending} onClick={() => download.mutate()}>
        {artifact.name}
      </button>
      {download.isError ? (
        <span className="tinted" data-tone="bad">
          {' '}
          {messageOf(download.error)}
        </span>
      ) : null}
    </>
  );
}
