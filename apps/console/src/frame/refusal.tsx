import { ApiProblem } from '../api/problem';

/** Why the server refused something: what, where, and what to do. Nothing if there is no error. */
export function Refusal({ error }: { readonly error: Error | null }) {
  if (error === null) return null;
  const problem = ApiProblem.is(error) ? error : null;
  return (
    <div className="failure" role="alert">
      <p className="failure-code code">{problem?.code ?? 'Something went wrong'}</p>
      <p>{error.message}</p>
      {problem?.remediation ? <p>{problem.remediation}</p> : null}
      <Faults faults={problem?.faults ?? []} />
    </div>
  );
}

/** What is wrong in a request. */
export function Faults({ faults }: { readonly faults: ApiProblem['faults'] }) {
  if (faults.length === 0) return null;
  return (
    <ul className="plain faults">
      {faults.map(({ code, path, message, remediation }) => (
        <li key={`${code} ${path} ${message}`}>
          <span className="code">
            {code} {path}
          </span>
          <br />
          {message} {remediation}
        </li>
      ))}
    </ul>
  );
}
