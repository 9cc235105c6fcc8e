import { ApiProblem } from '@taskrunner/client';
import { useContext, useEffect, useRef, type ReactNode } from 'react';
import { failureText, messageOf, type RequestFault } from '../api/problem';
import { needsSignIn } from '../api/send-once';
import { ServicesContext } from './services';

interface RefusalFacts {
  readonly error: Error | null;
  /** What of its faults is listed; absent: all. */
  readonly faults?: readonly RequestFault[];
  /** What became of the request meanwhile. It stands in place of the words of the error. */
  readonly outcome?: ReactNode;
}

/** Why the server refused something: what, where, and what to do. Nothing if there is no error. */
export function Refusal({ error, faults, outcome = null }: RefusalFacts) {
  const box = useRef<HTMLDivElement>(null);
  // It stands below the button that was pressed, which may be at the end of what can be seen. Who uses the keyboard goes on from there.
  useEffect(() => {
    box.current?.scrollIntoView({ block: 'nearest' });
    box.current?.focus({ preventScroll: true });
  }, [error]);
  if (error === null) return null;
  const problem = failureText(error);
  return (
    <div className="failure" role="alert" ref={box} tabIndex={-1}>
      <p className="failure-code code">{problem?.code ?? 'Something went wrong'}</p>
      {outcome ?? (
        <>
          <p>{messageOf(error)}</p>
          {problem?.remediation ? <p>{problem.remediation}</p> : null}
        </>
      )}
      <Faults faults={faults ?? problem?.faults ?? []} />
      {needsSignIn(error) ? <SignInAgain error={error} /> : null}
    </div>
  );
}

/** The way to a new sign-in, which comes back to this page. */
function SignInAgain({ error }: { readonly error: Error }) {
  const services = useContext(ServicesContext);
  if (services === null) return null;
  const isTooOld = ApiProblem.is(error) && error.code === 'GATE_AUTH_TOO_OLD';
  return (
    <p>
      <button type="button" className="button" onClick={() => void services.session.signIn(isTooOld)}>
        Sign in again
      </button>
    </p>
  );
}

/** What is wrong in a request. */
export function Faults({ faults }: { readonly faults: readonly RequestFault[] }) {
  if (faults.length === 0) return null;
  return (
    <ul className="plain faults">
      {faults.map(({ code, path, message, remediation, file, line, column }) => (
        <li key={`${code} ${path} ${message}`}>
          <span className="code">
            {code} {path}
          </span>
          {line == null ? null : (
            <span className="faint">
              {' '}
              {file === undefined ? 'line' : `${file}, line`} {line}, column {column}
            </span>
          )}
          <br />
          {message} {remediation}
        </li>
      ))}
    </ul>
  );
}
