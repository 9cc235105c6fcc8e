import { useId, useState, type DragEvent, type ReactNode } from 'react';

interface DropFacts {
  readonly label: string;
  /** What the field takes, such as `.tar`. */
  readonly accept: string;
  /** The file that was taken; null: none. */
  readonly chosen: string | null;
  readonly children?: ReactNode;
  readonly take: (file: File) => void;
}

/** A place for one file: dropped, or chosen with the button, which is the way for keyboards. */
export function DropZone({ label, accept, chosen, children, take }: DropFacts) {
  const id = useId();
  const [isOver, setOver] = useState(false);
  const over = (event: DragEvent, next: boolean): void => {
    event.preventDefault();
    setOver(next);
  };
  return (
    <div
      className="drop"
      data-over={isOver}
      onDragOver={(event) => over(event, true)}
      onDragLeave={(event) => over(event, false)}
      onDrop={(event) => {
        over(event, false);
        const file = event.dataTransfer.files[0];
        if (file !== undefined) take(file);
      }}
    >
      <label htmlFor={id} className="drop-label">
        {label}
      </label>
      <input
        id={id}
        type="file"
        accept={accept}
        className="drop-input"
        data-chosen={chosen !== null}
        aria-describedby={chosen === null ? undefined : `${id}-chosen`}
        onChange={({ target }) => {
          const file = target.files?.[0];
          if (file !== undefined) take(file);
          // The same file can be chosen again after it was changed.
          target.value = '';
        }}
      />
      {chosen === null ? null : (
        <p className="faint" role="status" id={`${id}-chosen`}>
          Chosen: <span className="code">{chosen}</span>
        </p>
      )}
      {children}
    </div>
  );
}
