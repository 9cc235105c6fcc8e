import { Examination } from './examination';
import type { Reply, Request } from './protocol';

// Verifies beside the page. It requests nothing: whatever it needs is in this file.

let open: Examination | null = null;
/** Requests are answered one after the other. */
let last: Promise<void> = Promise.resolve();

function say(reply: Reply): void {
  self.postMessage(reply);
}

async function answer(request: Request): Promise<Reply> {
  const { id } = request;
  if (request.kind === 'open') {
    open = await Examination.open(request.name, new Uint8Array(request.bytes));
    return { kind: 'opened', id, bundle: open.file };
  }
  if (open === null) throw new Error('no bundle is open');
  if (request.kind === 'verify') return { kind: 'verified', id, findings: open.verify(request.terms, Date.now()) };
  const html = open.write();
  if (html === null) throw new Error('nothing was verified yet');
  return { kind: 'written', id, html };
}

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  last = last.then(async () => {
    try {
      say(await answer(data));
    } catch (error) {
      say({ kind: 'failed', id: data.id, message: error instanceof Error ? error.message : String(error) });
    }
  });
});
say({ kind: 'ready' });
