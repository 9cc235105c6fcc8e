import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { V1Job } from '@kubernetes/client-node';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { LocalPod } from './local-pod';
import { restrictedFaults } from './pod-security';
import { podman } from './tiny-image';

const NAMESPACE = 'steps';

/**
 * A test double of Kubernetes: an HTTPS server on loopback with the routes that the engine uses (Jobs, pods, logs, delete). It validates a
 * Job against the OpenAPI schemas and the restricted Pod Security Standard, and runs its pod with podman.
 */
export class LocalApiServer {
  readonly namespace = NAMESPACE;
  readonly jobs = new Map<string, V1Job>();
  readonly pods = new Map<string, LocalPod>();
  /** Images that are started instead of the requested ones. */
  readonly substitute = new Map<string, string>();
  /** Number of requests that are still answered with 503. */
  outages = 0;
  /** Number of bytes after which the next log stream breaks off. */
  breakLogAfter: number | null = null;
  private readonly token = randomBytes(16).toString('hex');
  private readonly label = `taskrunner-test=${randomBytes(6).toString('hex')}`;

  private constructor(
    private readonly server: Server,
    private readonly folder: string,
    private readonly volume: string,
  ) {}

  /** `volume`: the folder of the cluster's claim `work`. */
  static async start(folder: string, volume: string): Promise<LocalApiServer> {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
      ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ]);
    const server = createServer({ key: await readFile(key), cert: await readFile(cert) });
    const local = new LocalApiServer(server, folder, volume);
    server.on('request', (request, response) => {
      void local.serve(request, response).catch((error: unknown) => {
        answer(response, 500, { message: String(error) });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await writeFile(local.kubeconfig, JSON.stringify(await local.clusterFile(cert)), { mode: 0o600 });
    return local;
  }

  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  async close(): Promise<void> {
    await Promise.all([...this.pods.values()].map((pod) => pod.delete(0)));
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** All remaining objects of this cluster, on this machine and in its store. */
  async left(): Promise<readonly string[]> {
    const containers = await podman('ps', '--all', '--filter', `label=${this.label}`, '--format', '{{.Names}}');
    return [...new Set([...containers.split('\n').filter((name) => name !== ''), ...this.pods.keys()])];
  }

  private async clusterFile(cert: string): Promise<object> {
    const { port } = this.server.address() as AddressInfo;
    const cluster = {
      server: `https://127.0.0.1:${port}`,
      'certificate-authority-data': (await readFile(cert)).toString('base64'),
    };
    return {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'local' },
      clusters: [{ name: 'local', cluster }],
      users: [{ name: 'worker', user: { token: this.token } }],
      contexts: [{ name: 'local', context: { cluster: 'local', user: 'worker', namespace: NAMESPACE } }],
    };
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://local');
    const body = await bodyOf(request);
    if (request.headers.authorization !== `Bearer ${this.token}`) return answer(response, 401, { message: 'who?' });
    if (this.outages > 0) {
      this.outages--;
      return answer(response, 503, { message: 'away' });
    }
    const path = /^\/(?:apis\/batch|api)\/v1\/namespaces\/steps\/(jobs|pods)(?:\/([a-z0-9-]+)(\/log)?)?$/.exec(
      url.pathname,
    );
    if (path === null) return answer(response, 404, { reason: 'NotFound' });
    const [, kind, name, log] = path;
    const route = `${request.method} ${kind}${name === undefined ? '' : '/x'}${log ?? ''}`;
    switch (route) {
      case 'GET jobs':
        return answer(response, 200, {
          items: [...this.jobs.values()].filter(chosen(url, (job) => job.metadata?.labels)),
        });
      case 'POST jobs':
        return this.create(body as V1Job, response);
      case 'GET jobs/x': {
        const job = this.jobs.get(name ?? '');
        return job === undefined ? answer(response, 404, { reason: 'NotFound' }) : answer(response, 200, job);
      }
      case 'DELETE jobs/x': {
        if (!this.jobs.delete(name ?? '')) return answer(response, 404, { reason: 'NotFound' });
        // Its pods are collected in the background, each with its own grace period.
        for (const pod of this.pods.values())
          if (pod.labels['job-name'] === name)
            void this.deletePod(pod, pod.pod.spec?.terminationGracePeriodSeconds ?? 30);
        return answer(response, 200, {});
      }
      case 'GET pods':
        return answer(response, 200, {
          items: [...this.pods.values()].map(({ pod }) => pod).filter(chosen(url, (pod) => pod.metadata?.labels)),
        });
      case 'DELETE pods/x': {
        const pod = this.pods.get(name ?? '');
        if (pod === undefined) return answer(response, 404, { reason: 'NotFound' });
        void this.deletePod(pod, (body as { gracePeriodSeconds?: number }).gracePeriodSeconds ?? 30);
        return answer(response, 200, {});
      }
      case 'GET pods/x/log': {
        const pod = this.pods.get(name ?? '');
        if (pod === undefined) return answer(response, 404, { reason: 'NotFound' });
        return this.log(pod, url.searchParams.get('follow') === 'true', response);
      }
      default:
        return answer(response, 405, {});
    }
  }

  private create(job: V1Job, response: ServerResponse): void {
    const name = job.metadata?.name ?? '';
    if (this.jobs.has(name)) return answer(response, 409, { reason: 'AlreadyExists' });
    try {
      new Job(structuredClone(job) as unknown as ConstructorParameters<typeof Job>[0]).validate();
    } catch (error) {
      return answer(response, 422, { reason: 'Invalid', message: String(error) });
    }
    const { template, activeDeadlineSeconds = 0 } = job.spec as NonNullable<V1Job['spec']>;
    const faults = template.spec === undefined ? ['no pod'] : restrictedFaults(template.spec);
    if (template.spec === undefined || faults.length > 0)
      return answer(response, 403, {
        reason: 'Forbidden',
        message: `violates PodSecurity restricted: ${faults.join()}`,
      });
    this.jobs.set(name, job);
    const pod = new LocalPod(
      { ...template.metadata?.labels, 'job-name': name },
      template.spec,
      `${name}-${randomBytes(3).toString('hex')}`,
      { folder: this.folder, volume: this.volume, label: this.label },
      this.substitute,
      activeDeadlineSeconds * 1_000,
    );
    this.pods.set(pod.name, pod);
    answer(response, 201, job);
  }

  private async deletePod(pod: LocalPod, graceSeconds: number): Promise<void> {
    await pod.delete(graceSeconds);
    this.pods.delete(pod.name);
  }

  private async log(pod: LocalPod, follow: boolean, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const file = await open(pod.logFile, 'r');
    try {
      let sent = 0;
      for (;;) {
        const { over } = pod;
        const { bytesRead, buffer } = await file.read(new Uint8Array(16_384), 0, 16_384, sent);
        sent += bytesRead;
        if (bytesRead > 0 && !response.write(buffer.subarray(0, bytesRead))) await roomIn(response);
        if (response.destroyed) return;
        if (this.breakLogAfter !== null && sent > this.breakLogAfter) {
          this.breakLogAfter = null;
          return void response.destroy();
        }
        if (bytesRead > 0) continue;
        if (over || !follow) return void response.end();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      await file.close();
    }
  }
}

function chosen<T>(url: URL, labelsOf: (one: T) => Readonly<Record<string, string>> | undefined): (one: T) => boolean {
  const wanted = (url.searchParams.get('labelSelector') ?? '').split(',').filter((part) => part !== '');
  return (one) =>
    wanted.every((part) => {
      const [name = '', value] = part.split('=');
      return labelsOf(one)?.[name] === value;
    });
}

/** Resolves when the response accepts more data or is closed. */
function roomIn(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  return text === '' ? {} : (JSON.parse(text) as unknown);
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
