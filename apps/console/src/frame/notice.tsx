import type { ReactNode } from 'react';
import { ApiProblem } from '@taskrunner/client';
import { failureText } from '../api/problem';
import { useServices } from './services';

interface NoticeFacts {
  readonly kind: 'loading' | 'empty' | 'filtered' | 'denied' | 'broken';
  readonly title: string;
  readonly children?: ReactNode;
}

/** A notice in place of content: it is loading, there is none yet, a filter hides it, it is not permitted, or it cannot be read. */
export function Notice({ kind, title, children }: NoticeFacts) {
  return (
    <div className="notice" data-kind={kind} role={kind === 'broken' || kind === 'denied' ? 'alert' : 'status'}>
      <p className="notice-title">{title}</p>
      {children}
    </div>
  );
}

/** A failure in place of content. `retry` tries again. */
export function Failed({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const problem = failureText(error);
  const isDenied = ApiProblem.is(error) && error.status === 403;
  const title = isDenied ? 'You may not see this' : (problem?.message ?? 'Something went wrong');
  return (
    <Notice kind={isDenied ? 'denied' : 'broken'} title={title}>
      {isDenied ? (
        <p>The server says: {problem?.message}. Ask the operator for that right.</p>
      ) : problem?.remediation ? (
        <p>{problem.remediation}</p>
      ) : null}
      {problem === null ? <p>{String(error)}</p> : <p className="code faint">{problem.code}</p>}
      {retry === undefined || isDenied ? null : (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </Notice>
  );
}

/** A notice in place of content that the person has no right to. The server is not asked. */
export function Denied({ scope }: { readonly scope: string }) {
  const { settings } = useServices();
  return (
    <Notice kind="denied" title="You may not see this">
      <p>
        It needs the scope <code>{scope}</code>, which your sign-in does not have. Ask the operator for it.
      </p>
      {settings.scopes.includes(scope) ? null : (
        <p>
          This console does not request that scope: the operator adds it to <code>console.scopes</code>.
        </p>
      )}
    </Notice>
  );
}
