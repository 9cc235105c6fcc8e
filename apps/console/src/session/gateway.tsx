import { useSyncExternalStore, type ReactNode } from 'react';
import { Notice } from '../frame/notice';
import type { Session } from './session';

/** Shows its content to a signed-in person. Everybody else sees how to sign in. */
export function Gateway({ session, children }: { readonly session: Session; readonly children: ReactNode }) {
  const state = useSyncExternalStore(session.subscribe, session.current);
  switch (state.kind) {
    case 'signed-in':
      return children;
    case 'starting':
    case 'leaving':
      return (
        <main className="entrance">
          <Notice kind="loading" title="Signing in …" />
        </main>
      );
    case 'failed':
      return (
        <Entrance session={session} title="The sign-in failed">
          <p role="alert">{state.message}</p>
        </Entrance>
      );
    case 'signed-out':
      return (
        <Entrance session={session} title="You are signed out">
          {state.reason === null ? null : <p role="alert">{state.reason}</p>}
        </Entrance>
      );
  }
}

interface EntranceFacts {
  readonly session: Session;
  readonly title: string;
  readonly children: ReactNode;
}

function Entrance({ session, title, children }: EntranceFacts) {
  return (
    <main className="entrance">
      <p className="brand">TaskRunner</p>
      <h1>{title}</h1>
      {children}
      <p className="buttons">
        <button type="button" className="button primary" onClick={() => void session.signIn()}>
          Sign in
        </button>
        <button type="button" className="button" onClick={() => void session.signIn(true)}>
          Sign in as another person
        </button>
      </p>
      <p>
        <a href="verify">Verify an evidence bundle without signing in</a>
      </p>
    </main>
  );
}
