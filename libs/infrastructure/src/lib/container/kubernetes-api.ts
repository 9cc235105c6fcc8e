import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { refusal } from './container-error';

const MAX_ANSWER = 16 * 1024 * 1024;

/** A response of the API server. Dates in its body remain texts. */
export interface ApiAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/** The `Status` object of a failed request. */
export interface ApiStatus {
  readonly reason?: string;
  readonly message?: string;
}

/**
 * Client for the API server of a cluster, as configured by `kubeconfig` or the pod's service account. TLS is always verified, and every
 * request has a timeout. The client library only reads configuration and credentials: its own requests have no timeout, and they lose the
 * rest of a log stream that breaks.
 */
export class KubernetesApi {
  private constructor(
    private readonly config: KubeConfig,
    private readonly server: URL,
    private readonly timeoutMs: number,
  ) {}

  /** `kubeconfig`: path of the file; null: the service account of this pod. Throws `ENGINE_UNAVAILABLE`. */
  static async open(kubeconfig: string | null, timeoutMs: number): Promise<KubernetesApi> {
    const { KubeConfig: Config } = await import('@kubernetes/client-node');
    const config = new Config();
    try {
      if (kubeconfig === null) config.loadFromCluster();
      else config.loadFromFile(kubeconfig);
    } catch (error) {
      throw refusal('ENGINE_UNAVAILABLE', 'the kubeconfig or service account cannot be read', error);
    }
    const cluster = config.getCurrentCluster();
    if (cluster === null || !cluster.server.startsWith('https://') || cluster.skipTLSVerify === true)
      throw refusal('ENGINE_UNAVAILABLE', 'the API server must use https with a verified certificate');
    return new KubernetesApi(config, new URL(cluster.server), timeoutMs);
  }

  /** Sends one request. Rejects only without a complete response; an error status is a response too. */
  async ask<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: { readonly query?: Readonly<Record<string, string>>; readonly body?: object } = {},
  ): Promise<ApiAnswer<T>> {
    const response = await this.send(method, path, options.query ?? {}, options.body ?? null, this.timeoutMs);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of response as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > MAX_ANSWER) throw new Error('the response of the API server is too large');
      pieces.push(piece);
    }
    if (!response.complete) throw new Error('the response of the API server is incomplete');
    const text = Buffer.concat(pieces).toString('utf8');
    return { status: response.statusCode ?? 0, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  /** Reads a body as a stream, with backpressure. Rejects if it breaks off. */
  async *read(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const response = await this.send('GET', path, query, null, null, signal);
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`the API server returned status ${response.statusCode}`);
    }
    yield* response as AsyncIterable<Buffer>;
    if (!response.complete) throw new Error('the response of the API server is incomplete');
  }

  private async send(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    body: object | null,
    timeoutMs: number | null,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const secured: RequestOptions = {};
    await this.config.applyToHTTPSOptions(secured as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    const url = new URL(`${this.server.pathname.replace(/\/$/, '')}${path}`, this.server);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const content = body === null ? null : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const request = httpsRequest(url, {
        ...secured,
        method,
        headers: {
          ...(secured.headers as Record<string, string> | undefined),
          accept: 'application/json, */*',
          ...(content === null ? {} : { 'content-type': 'application/json', 'content-length': content.length }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      const late = () => request.destroy(new Error(`the API server took longer than ${timeoutMs} ms`));
      const timer = timeoutMs === null ? undefined : setTimeout(late, timeoutMs);
      request.once('close', () => clearTimeout(timer));
      request.on('error', reject);
      request.once('response', resolve);
      request.end(content ?? undefined);
    });
  }
}
