import type { Api } from '../connection/api';
import { withRetry, type RetryOptions } from '../retry/retry';
import { ANSWER_MS } from '../runs/answer-time';

/** A stream of bytes. A broken connection is an error of the stream. */
export interface Download {
  readonly stream: ReadableStream<Uint8Array>;
  /** Number of bytes; null: the server does not state it. */
  readonly size: number | null;
  /** Digest of the content, `sha256:…`; null: the server does not state it. */
  readonly digest: string | null;
}

/**
 * Downloads the evidence bundle of a run, a tar file. A run is sealed after it has ended; the download waits for the seal, by default 60 s.
 */
export function downloadEvidence(api: Api, runId: string, options: RetryOptions = {}): Promise<Download> {
  const { signal = null } = options;
  const params = { path: { runId } };
  return download(() => api.GET('/api/runs/{runId}/evidence', { params, parseAs: 'stream', signal }), options);
}

/** Downloads an artifact of a run. */
export function downloadArtifact(
  api: Api,
  runId: string,
  artifactId: string,
  options: RetryOptions = {},
): Promise<Download> {
  const { signal = null } = options;
  const params = { path: { runId, artifactId } };
  return download(
    () => api.GET('/api/runs/{runId}/artifacts/{artifactId}', { params, parseAs: 'stream', signal }),
    options,
  );
}

interface StreamAnswer {
  readonly data?: ReadableStream<Uint8Array> | null;
  readonly response: Response;
}

async function download(ask: () => Promise<StreamAnswer>, options: RetryOptions): Promise<Download> {
  const { data, response } = await withRetry(ask, { giveUpAfterMs: ANSWER_MS, ...options });
  const size = response.headers.get('content-length');
  const digest = /sha256:[0-9a-f]{64}/.exec(response.headers.get('etag') ?? '');
  return {
    // A file may be empty.
    stream: data ?? new Blob([]).stream(),
    size: size === null ? null : Number(size),
    digest: digest?.[0] ?? null,
  };
}
