import { useEffect, useState, type FunctionComponent } from 'react';
import { Notice } from './notice';

type State<Props> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'loaded'; readonly Part: FunctionComponent<Props> }
  | { readonly kind: 'failed' };

/**
 * A part of the console that is read when it is first shown. If it cannot be read, the page says so and stays: whoever has lost the connection
 * does not lose the console. `preload` reads it early, and never rejects.
 */
export function latePage<Props extends object = object>(
  load: () => Promise<FunctionComponent<Props>>,
): FunctionComponent<Props> & { readonly preload: () => Promise<void> } {
  let known: FunctionComponent<Props> | null = null;
  const read = async (): Promise<FunctionComponent<Props>> => (known = await load());
  function LatePage(props: Props) {
    const [state, setState] = useState<State<Props>>(() =>
      known === null ? { kind: 'loading' } : { kind: 'loaded', Part: known },
    );
    useEffect(() => {
      if (state.kind !== 'loading') return undefined;
      let isGone = false;
      read().then(
        (Part) => isGone || setState({ kind: 'loaded', Part }),
        () => isGone || setState({ kind: 'failed' }),
      );
      return () => {
        isGone = true;
      };
    }, [state.kind]);
    if (state.kind === 'loaded') return <state.Part {...props} />;
    if (state.kind === 'loading') return <Notice kind="loading" title="Loading …" />;
    return (
      <Notice kind="broken" title="This part of the console cannot be loaded">
        <p>Check the connection, then try again. Nothing that you have entered elsewhere is lost.</p>
        <button type="button" className="button" onClick={() => setState({ kind: 'loading' })}>
          Try again
        </button>
      </Notice>
    );
  }
  return Object.assign(LatePage, {
    preload: () =>
      read().then(
        () => undefined,
        () => undefined,
      ),
  });
}
