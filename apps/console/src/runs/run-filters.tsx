import { useEffect, useState } from 'react';
import { RUN_STATUSES } from '../api/statuses';
import { wordOf } from '../frame/mark';
import { isFiltered, isLabel, SINCE, withFilter, type RunFilter, type Since } from './run-filter';

interface FiltersFacts {
  readonly filter: RunFilter;
  readonly change: (filter: RunFilter) => void;
  readonly search: React.RefObject<HTMLInputElement | null>;
}

/** Members that are behind the button, so that the page is not a form. */
const MORE: readonly (keyof RunFilter)[] = ['pack', 'label', 'requester', 'from', 'to'];

/** What the list of runs is filtered by. */
export function RunFilters({ filter, change, search }: FiltersFacts) {
  const hidden = MORE.filter((name) => filter[name] !== undefined && !(name === 'requester' && filter[name] === 'me'));
  const [isOpen, setOpen] = useState(hidden.length > 0);
  const set = (name: keyof RunFilter) => (value: string) => change(withFilter(filter, name, value));
  return (
    <div className="run-filters">
      <div className="filters" role="search" aria-label="Runs">
        <TextFilter
          field={search}
          type="search"
          label="Search runs"
          placeholder="pack, label, requester, run …"
          value={filter.q ?? ''}
          set={set('q')}
        />
        <label>
          <span className="label">Status</span>
          <select className="field" value={filter.status ?? ''} onChange={({ target }) => set('status')(target.value)}>
            <option value="">any</option>
            {RUN_STATUSES.map((status) => (
              <option key={status} value={status}>
                {wordOf(status)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span className="label">Created</span>
          <select className="field" value={filter.since ?? ''} onChange={({ target }) => set('since')(target.value)}>
            <option value="">{filter.from === undefined && filter.to === undefined ? 'any time' : 'these days'}</option>
            {(Object.keys(SINCE) as Since[]).map((since) => (
              <option key={since} value={since}>
                {SINCE[since].word}
              </option>
            ))}
          </select>
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={filter.requester === 'me'}
            onChange={({ target: { checked } }) => set('requester')(checked ? 'me' : '')}
          />
          Requested by me
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={filter.stuck === 'any'}
            onChange={({ target: { checked } }) => set('stuck')(checked ? 'any' : '')}
          />
          Needs a person
        </label>
        <button
          type="button"
          className="button"
          aria-expanded={isOpen}
          aria-controls="more-filters"
          onClick={() => setOpen(!isOpen)}
        >
          More filters{hidden.length > 0 ? `, ${hidden.length} set` : ''}
        </button>
        {isFiltered(filter) ? (
          <button type="button" className="link-button" onClick={() => change({})}>
            Clear
          </button>
        ) : null}
      </div>
      <div className="filters" id="more-filters" hidden={!isOpen}>
        <TextFilter label="Pack" value={filter.pack ?? ''} set={set('pack')} isLabelled />
        <TextFilter
          label="Label"
          placeholder="key:value"
          value={filter.label ?? ''}
          set={set('label')}
          isValid={isLabel}
          help="A label is key:value"
          isLabelled
        />
        <TextFilter
          label="Requester"
          placeholder="id of a person"
          value={filter.requester ?? ''}
          set={set('requester')}
          isLabelled
        />
        <label>
          <span className="label">From</span>
          <input
            type="date"
            className="field"
            value={filter.from ?? ''}
            onChange={({ target: { value } }) => change(withFilter(withFilter(filter, 'since', ''), 'from', value))}
          />
        </label>
        <label>
          <span className="label">to</span>
          <input
            type="date"
            className="field"
            value={filter.to ?? ''}
            onChange={({ target: { value } }) => change(withFilter(withFilter(filter, 'since', ''), 'to', value))}
          />
        </label>
      </div>
    </div>
  );
}

interface TextFacts {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly type?: 'search' | 'text';
  readonly placeholder?: string;
  readonly field?: React.RefObject<HTMLInputElement | null>;
  readonly isValid?: (value: string) => boolean;
  readonly help?: string;
  /** The label can be seen. */
  readonly isLabelled?: boolean;
}

/** A text that filters when Enter is pressed or the field is left. */
function TextFilter(facts: TextFacts) {
  const {
    label,
    value,
    set,
    type = 'text',
    placeholder,
    field,
    isValid = () => true,
    help,
    isLabelled = false,
  } = facts;
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const isWrong = text.trim() !== '' && !isValid(text.trim());
  const apply = (): void => {
    if (!isWrong && text.trim() !== value) set(text.trim());
  };
  return (
    <form
      className="text-filter"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <label>
        <span className={isLabelled ? 'label' : 'unseen'}>{label}</span>
        <input
          ref={field}
          type={type}
          className={type === 'search' ? 'field search' : 'field'}
          placeholder={placeholder}
          maxLength={200}
          value={text}
          aria-invalid={isWrong}
          onBlur={apply}
          onChange={({ target: { value: next } }) => {
            setText(next);
            if (next === '' && value !== '') set('');
          }}
        />
      </label>
      {isWrong && help !== undefined ? (
        <span className="tinted" data-tone="bad" role="status">
          {help}
        </span>
      ) : null}
    </form>
  );
}
