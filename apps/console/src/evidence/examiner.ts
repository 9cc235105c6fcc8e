import type { BundleFile, Findings, Reply, Request, Terms } from './protocol';

type Unnumbered<R> = R extends Request ? Omit<R, 'id'> : never;
type Answer = Exclude<Reply, { kind: 'ready' } | { kind: 'failed' }>;

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** The worker that verifies, for one page. */
export class Examiner {
  private readonly worker = new Worker(new URL('./verify.worker.ts', import.meta.url), { type: 'module' });
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;
  /** Everything is loaded. */
  readonly ready: Promise<void>;

  constructor() {
    this.ready = new Promise((resolve, reject) => {
      this.worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
        if (data.kind === 'ready') resolve();
        else this.take(data);
      });
      this.worker.addEventListener('error', ({ message }) => {
        const error = new Error(message || 'the verifier cannot be started');
        reject(error);
        for (const waiting of this.waiting.values()) waiting.reject(error);
        this.waiting.clear();
      });
    });
  }

  /** Gives the worker a bundle. The bytes belong to it then. */
  async open(name: string, bytes: ArrayBuffer): Promise<BundleFile> {
    const answer = await this.ask({ kind: 'open', name, bytes }, [bytes]);
    return answer.kind === 'opened' ? answer.bundle : unexpected();
  }

  async verify(terms: Terms): Promise<Findings> {
    const answer = await this.ask({ kind: 'verify', terms });
    return answer.kind === 'verified' ? answer.findings : unexpected();
  }

  /** The report as one HTML file. */
  async write(): Promise<string> {
    const answer = await this.ask({ kind: 'write' });
    return answer.kind === 'written' ? answer.html : unexpected();
  }

  stop(): void {
    this.worker.terminate();
  }

  private async ask(request: Unnumbered<Request>, transfer: Transferable[] = []): Promise<Answer> {
    await this.ready;
    this.asked += 1;
    const id = this.asked;
    return new Promise<Answer>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...request, id }, transfer);
    });
  }

  private take(reply: Exclude<Reply, { kind: 'ready' }>): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (reply.kind === 'failed') waiting?.reject(new Error(reply.message));
    else waiting?.resolve(reply);
  }
}

function unexpected(): never {
  throw new Error('the verifier answered something else');
}
