import { useRouter } from '@tanstack/react-router';
import { useSyncExternalStore } from 'react';
import { useServices } from './services';

/** Says that a change was being sent when its page was left. */
export function LeftChangeNotice() {
  const { left } = useServices();
  const router = useRouter();
  const change = useSyncExternalStore(left.subscribe, left.current);
  return (
    <div role="status">
      {change === null ? null : (
        <p className="lost">
          You left while {change.what} was being sent. It may have arrived. Nothing more is sent.{' '}
          <button
            type="button"
            className="link-button"
            onClick={() => {
              left.dismiss();
              router.history.push(change.path);
            }}
          >
            See what became of it
          </button>{' '}
          <button type="button" className="link-button" onClick={left.dismiss}>
            Dismiss
          </button>
        </p>
      )}
    </div>
  );
}
