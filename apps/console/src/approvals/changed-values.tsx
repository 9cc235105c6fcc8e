import type { PlanChange } from '@taskrunner/client';
import { changeText, moreText, type ChangeLine } from '@taskrunner/core/plan';
import { placeText } from './difference-parts';

/** Values before and after, cut around what differs as on the command line. The marks tell them apart without their colours. */
export function ChangedValues({ changes }: { readonly changes: readonly PlanChange[] }) {
  if (changes.length === 0) return null;
  return (
    <ul className="plain change-list">
      {changes.map((change) => (
        <li key={change.path} className="code">
          {change.path === '' ? null : <span className="faint">{placeText(change.path)}: </span>}
          <ChangedValue change={change} />
        </li>
      ))}
    </ul>
  );
}

function ChangedValue({ change }: { readonly change: PlanChange }) {
  const text = changeText(change);
  if (text.kind === 'pair')
    return (
      <>
        <del>{text.before}</del> <span aria-hidden="true">→</span>
        <span className="unseen"> is now </span> <ins>{text.after}</ins>
      </>
    );
  return (
    <>
      <ol className="plain change-lines">
        {text.lines.map((line, at) => (
          <li key={at}>
            <ChangedLine line={line} />
          </li>
        ))}
      </ol>
      {text.more === 0 ? null : <p className="faint">{moreText(text.more)}</p>}
    </>
  );
}

function ChangedLine({ line: { mark, text } }: { readonly line: ChangeLine }) {
  const words = `${mark} ${text}`;
  if (mark === '-') return <del>{words}</del>;
  return mark === '+' ? <ins>{words}</ins> : <span className="faint">{words}</span>;
}
