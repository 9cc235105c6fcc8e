import { visibleLine, visibleText, type Block, type Section, type Words } from '@taskrunner/core/evidence';
import { shownText } from '../shown/shown-text';

// A report is laid out by core, as `inspect` writes it. Text that comes from packs, steps, people or keys is shown as code, with every character
// that could disguise it spelled out.

/** Text of the product and quoted text. */
export function Said({ words }: { readonly words: Words }) {
  return words.map((part, at) =>
    typeof part === 'string' ? visibleLine(part) : <Quoted key={at}>{part.quoted}</Quoted>,
  );
}

/** Text that is not of this product, on one line. */
export function Quoted({ children }: { readonly children: string }) {
  return <code className="quoted">{visibleLine(children)}</code>;
}

/** A text of several lines. */
export function QuotedLines({ children }: { readonly children: string }) {
  return <code className="quoted lines">{shownText(children)}</code>;
}

/** The sections of a report. */
export function Sections({ sections }: { readonly sections: readonly Section[] }) {
  return sections.map(({ level, title, blocks }, at) => {
    const Heading = level === 3 ? 'h4' : 'h3';
    return (
      <section key={at} className="paper-section">
        <Heading>
          <Said words={title} />
        </Heading>
        {blocks.map((block, place) => (
          <ShownBlock key={place} block={block} />
        ))}
      </section>
    );
  });
}

function ShownBlock({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'text':
      return (
        <p>
          <Said words={block.words} />
        </p>
      );
    case 'good':
    case 'warning':
    case 'bad':
      return (
        <p className="tinted" data-tone={block.kind === 'warning' ? 'wait' : block.kind}>
          <Said words={block.words} />
        </p>
      );
    case 'facts':
      return (
        <dl className="paper-facts">
          {block.rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Said words={value} />
              </dd>
            </div>
          ))}
        </dl>
      );
    case 'list':
      return (
        <ul className="bullets">
          {block.items.map((item, at) => (
            <li key={at}>
              <Said words={item} />
            </li>
          ))}
        </ul>
      );
    case 'table':
      return (
        <div className="table-frame" role="region" aria-label={block.columns.join(', ')} tabIndex={0}>
          <table className="table paper-table">
            <thead>
              <tr>
                {block.columns.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((cells, at) => (
                <tr key={at}>
                  {cells.map((cell, place) => (
                    <td key={place} data-label={block.columns[place]}>
                      <Said words={cell} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    case 'quote':
      return <pre className="value code">{visibleText(block.text)}</pre>;
  }
}
