import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { bodyOf } from '@taskrunner/client';
import { useState } from 'react';
import { useHolds } from '../frame/me';
import { Question } from '../frame/question';
import { useServices } from '../frame/services';
import { useChange } from '../frame/use-change';

/** The way to publish a manifest, for those who may. Others run it only, so nothing is said to them. */
export function PublishPack({ name, manifest }: { readonly name: string; readonly manifest: string }) {
  const { client } = useServices();
  const queries = useQueryClient();
  const [isAsked, ask] = useState(false);
  const publish = useChange({
    what: 'the pack',
    send: (_: void, signal) => bodyOf(client.api.POST('/api/packs', { body: { manifest }, signal })),
    onSuccess: () => {
      ask(false);
      void queries.invalidateQueries({ queryKey: ['packs'] });
    },
  });
  if (useHolds('packs.write') !== true) return null;
  if (publish.data !== undefined)
    return (
      <p role="status">
        Published:{' '}
        <Link to="/packs/$name" params={{ name: publish.data.name }} search={{ version: publish.data.version }}>
          {publish.data.name} {publish.data.version}
        </Link>
      </p>
    );
  return (
    <p>
      <button type="button" className="button" onClick={() => ask(true)}>
        Publish it …
      </button>
      {isAsked ? (
        <Question
          title={`Publish ${name}?`}
          answer="Publish it"
          dismiss="Do not publish"
          close={() => ask(false)}
          isPending={publish.isPending}
          error={publish.error}
          act={() => publish.mutate()}
        >
          <p>
            A version never changes, so another content needs another version. It is published without a signature: a
            server that asks for signatures does not run it until a publisher signs it with{' '}
            <code>npx taskrunner pack sign</code>.
          </p>
        </Question>
      ) : null}
    </p>
  );
}
