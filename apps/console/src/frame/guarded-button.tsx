import { useId, type ReactNode } from 'react';

interface GuardedFacts {
  readonly children: ReactNode;
  /** Why it does nothing; null: it acts. */
  readonly obstacle: string | null;
  readonly act: () => void;
  readonly tone?: 'primary' | 'danger' | 'plain';
}

/** A button that says why it does not act. It stays in the order of the keyboard, so the reason is found. */
export function GuardedButton({ children, obstacle, act, tone = 'plain' }: GuardedFacts) {
  const id = useId();
  return (
    <span className="guarded">
      <button
        type="button"
        className={tone === 'plain' ? 'button' : `button ${tone}`}
        {...(obstacle === null ? {} : { 'aria-disabled': true, 'aria-describedby': id })}
        onClick={() => (obstacle === null ? act() : undefined)}
      >
        {children}
      </button>
      {obstacle === null ? null : (
        <span id={id} className="faint obstacle">
          {obstacle}
        </span>
      )}
    </span>
  );
}
