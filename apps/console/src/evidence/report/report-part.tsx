import { createContext, useContext, type ReactNode } from 'react';
import { Quoted } from '../words';

/** Whether the bundle was verified. Parts of a long report are far below the verdict, so each says that it was not. */
export const IsVerified = createContext(true);

/** A part of the report with its heading. */
export function ReportPart({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const isVerified = useContext(IsVerified);
  return (
    <section className="report-part">
      <h2>
        {title}
        {isVerified ? null : (
          <>
            {' '}
            <small className="tinted" data-tone="bad">
              not verified
            </small>
          </>
        )}
      </h2>
      {children}
    </section>
  );
}

/** An instant of the bundle, in UTC, as every reader of the bundle sees it. */
export function Instant({ at }: { readonly at: string | null }) {
  if (at === null) return <span className="faint">never</span>;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(at);
  return isTime ? (
    <time dateTime={at} className="number">
      {at.slice(0, 10)} {at.slice(11, 19)} UTC
    </time>
  ) : (
    <Quoted>{at}</Quoted>
  );
}

/** A name with its value in a list of facts. */
export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
