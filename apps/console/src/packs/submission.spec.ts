import { answeredClient } from '../testing/answered-client';
import { inputsFor, labelsIn } from './submission';

it('reads labels from lines', () => {
  expect(labelsIn('ticket=SEC-42\n\n team = x=y ')).toEqual({ ticket: 'SEC-42', team: 'x=y' });
  expect(labelsIn('')).toEqual({});
  expect(labelsIn('ticket')).toBeNull();
  expect(labelsIn('=x')).toBeNull();
});

it('uploads files and names them by their digests', async () => {
  const sent: string[] = [];
  const client = answeredClient(async (request) => {
    const { method, url } = request;
    sent.push(`${method} ${url} ${request.headers.get('content-type')} ${await request.text()}`);
    return Response.json({ digest: 'sha256:1', size: 1 }, { status: 201 });
  });
  const file = new File(['x'], 'bundle.tar', { type: 'application/x-tar' });
  expect(await inputsFor(client, { values: { a: 1 }, files: { bundle: file } })).toEqual({
    a: 1,
    bundle: { digest: 'sha256:1', name: 'bundle.tar', mediaType: 'application/x-tar' },
  });
  expect(sent).toEqual(['POST https://runner.example.org/api/uploads application/octet-stream x']);
});
