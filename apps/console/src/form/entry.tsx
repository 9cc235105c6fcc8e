import type { Json } from '@taskrunner/core/foundation';
import { useId } from 'react';
import { sizeText } from '../frame/short';
import type { Field } from './field';

interface EntryFacts {
  readonly field: Field;
  readonly entry: string | File;
  readonly faults: readonly string[];
  readonly change: (entry: string | File) => void;
}

/** One entry of a form with its name, its description, and what is wrong with it. */
export function Entry({ field, entry, faults, change }: EntryFacts) {
  const id = useId();
  const { name, title, description, limits, isRequired, kind, isSensitive } = field;
  const isWrong = faults.length > 0;
  const notes = [
    ...(description === null ? [] : [`${id}-about`]),
    ...(limits === null ? [] : [`${id}-limits`]),
    ...(isWrong ? [`${id}-faults`] : []),
  ].join(' ');
  const marks = {
    id,
    'aria-invalid': isWrong,
    ...(notes === '' ? {} : { 'aria-describedby': notes }),
  };
  const word = title ?? name;
  return (
    <div className="entry" data-kind={kind} data-wrong={isWrong}>
      <label className="entry-name" htmlFor={id}>
        {title === null ? <span className="code">{word}</span> : word}
        {isRequired ? <span className="faint"> (required)</span> : null}
        {isSensitive ? <span className="faint"> (sensitive: encrypted, and deleted after the run)</span> : null}
      </label>
      {description === null ? null : (
        <p id={`${id}-about`} className="faint">
          {description}
        </p>
      )}
      {limits === null ? null : (
        <p id={`${id}-limits`} className="faint">
          Allowed: {limits}
        </p>
      )}
      <Control field={field} entry={entry} change={change} marks={marks} />
      {isWrong ? (
        <ul id={`${id}-faults`} className="plain entry-faults">
          {faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

interface ControlFacts {
  readonly field: Field;
  readonly entry: string | File;
  readonly change: (entry: string | File) => void;
  readonly marks: { readonly id: string };
}

function Control({ field, entry, change, marks }: ControlFacts) {
  const text = typeof entry === 'string' ? entry : '';
  switch (field.kind) {
    case 'text':
      return (
        <input
          {...marks}
          className="field"
          type={field.isSecret ? 'password' : 'text'}
          autoComplete="off"
          value={text}
          onChange={({ target }) => change(target.value)}
        />
      );
    case 'number':
      return (
        <input
          {...marks}
          className="field short"
          inputMode="decimal"
          autoComplete="off"
          value={text}
          onChange={({ target }) => change(target.value)}
        />
      );
    case 'switch':
      return (
        <span className="check">
          <input
            {...marks}
            type="checkbox"
            checked={text === 'true'}
            onChange={({ target }) => change(String(target.checked))}
          />
          {text === 'true' ? 'yes' : 'no'}
        </span>
      );
    case 'choice':
      return (
        <select {...marks} className="field short" value={text} onChange={({ target }) => change(target.value)}>
          {field.isRequired && text !== '' ? null : <option value="">not set</option>}
          {field.choices.map((choice) => (
            <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
              {choiceText(choice)}
            </option>
          ))}
        </select>
      );
    case 'lines':
    case 'json':
      return (
        <textarea
          {...marks}
          className="field code"
          rows={Math.min(12, Math.max(3, text.split('\n').length))}
          spellCheck={false}
          placeholder={field.kind === 'json' ? 'JSON' : 'one on each line'}
          value={text}
          onChange={({ target }) => change(target.value)}
        />
      );
    case 'file':
      return (
        <span className="file-entry">
          <input {...marks} type="file" onChange={({ target }) => change(target.files?.[0] ?? '')} />
          {typeof entry === 'string' ? null : <span className="faint number">{sizeText(entry.size)}</span>}
        </span>
      );
  }
}

function choiceText(choice: Json): string {
  if (typeof choice === 'boolean') return choice ? 'yes' : 'no';
  return typeof choice === 'string' ? choice : JSON.stringify(choice);
}
