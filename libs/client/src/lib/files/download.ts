import type { Api } from '../connection/api';
import { withRetry, type RetryOptions } from '../retry/retry';
import { ANSWER_MS } from '../runs/answer-time';

/** Bytes that are read as they arrive. A connection that breaks is an error of the stream. */
export interface Download {
  readonly stream: ReadableStream<Uint8Array>;
  /** Number of bytes; null: the server does not say. */
  readonly size: number | null;
  /** Digest of the content, `sha256:…`; null: the server does not say. */
  readonly digest: string | null;
}

/** The evidence bundle of a run, a tar file. The seal follows the end of the run, and is waited for: by default 60 s. */
export function downloadEvidence(api: Api, runId: string, options: RetryOptions = {}): Promise<Download> {
  const { signal = null } = options;
  const params = { path: { runId } };
  return download(() => api.GET('/api/runs/{runId}/evidence', { params, parseAs: 'stream', signal }), options);
}

/** An artifact of a run. */
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
