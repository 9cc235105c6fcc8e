import { useEffect, useState } from 'react';
import { personBefore, type NamedPerson } from '../session/tab-person';
import { useMe } from './me';

/** Says that this tab now belongs to another person than before: the issuer has signed somebody else in. */
export function OtherPerson() {
  const { data: me } = useMe();
  const [before, setBefore] = useState<NamedPerson | null>(null);
  useEffect(() => {
    if (me === undefined) return;
    const found = personBefore(me.person, sessionStorage);
    if (found !== null) setBefore(found);
  }, [me]);
  return (
    <div role="status">
      {before === null || me === undefined ? null : (
        <p className="lost">
          You are signed in as {me.person.name} ({me.person.sub}). Before, this tab was that of {before.name} (
          {before.sub}).{' '}
          <button type="button" className="link-button" onClick={() => setBefore(null)}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}
