/** An error of the YAML library. */
export interface LibraryError {
  readonly code: string;
  readonly pos: readonly [number, number];
  readonly message: string;
}

/** A syntax error in the words of this product: what is wrong, and what to do. */
interface SyntaxCause {
  readonly message: string;
  readonly remediation: string;
}

/** What a cause is found by: the error, the rest of its line, and whether only white space precedes it in the line. */
interface Place {
  readonly message: string;
  readonly rest: string;
  readonly isFirst: boolean;
}

/** Maximum characters of a line that are examined. */
const EXAMINED = 200;
const LIST_ITEM = /^\s*-(?:\s|$)/;
const ENTRY = 'Write it as "key: value".';

/**
 * Why a text cannot be read, for people who do not know the terms of the YAML specification. Null if the error has no cause of its own here:
 * then its message stands as it is.
 */
export function causeOf({ code, pos: [at], message }: LibraryError, text: string): SyntaxCause | null {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  const rest = (/^[^\n]*/.exec(text.slice(at, at + EXAMINED))?.[0] ?? '').trimEnd();
  return CAUSES[code]?.({ message, rest, isFirst: before.trim() === '' }) ?? null;
}

const CAUSES: Readonly<Record<string, (place: Place) => SyntaxCause | null>> = {
  TAB_AS_INDENT: () => ({ message: 'The line is indented with a tab.', remediation: 'Indent with spaces.' }),
  MULTILINE_IMPLICIT_KEY: keyWithoutValue,
  BLOCK_AS_IMPLICIT_KEY: nested,
  BLOCK_IN_FLOW: ({ rest }) =>
    LIST_ITEM.test(rest)
      ? {
          message: 'An item between brackets begins with a dash.',
          remediation: 'Separate the items by commas, without dashes.',
        }
      : NO_COMMA,
  BAD_INDENT: badIndent,
  MISSING_CHAR: missing,
  UNEXPECTED_TOKEN: unexpected,
  BAD_SCALAR_START: ({ rest }) => ({
    message: `A text that is not in quotes cannot begin with ${rest.charAt(0)}.`,
    remediation: 'Put the text in quotes.',
  }),
  BAD_DQ_ESCAPE: ({ message }) => ({
    message: `${message.replace(/^.* /, '')} is not an escape.`,
    remediation: 'Write \\\\ for a backslash, or put the text in single quotes.',
  }),
};

const NO_COMMA: SyntaxCause = {
  message: 'There is no comma between two values.',
  remediation: 'Put a comma between them, or close the brackets first.',
};

const STRAY_ITEM: SyntaxCause = {
  message: 'A list item stands where an entry of an object is expected.',
  remediation: `If it belongs to a list, indent it like the items before it. Otherwise remove the dash. ${ENTRY}`,
};

function keyWithoutValue({ rest, isFirst }: Place): SyntaxCause {
  if (isFirst && LIST_ITEM.test(rest)) return STRAY_ITEM;
  if (/^[^\s:"'{}[\],]+:[^\s:/]/.test(rest))
    return { message: 'There is no space after the colon of a key.', remediation: `${ENTRY} A colon needs a space.` };
  return {
    message: 'There is no colon after a key, or the line is part of a text.',
    remediation: `${ENTRY} A text of several lines begins with | and is indented more than its key.`,
  };
}

function nested(place: Place): SyntaxCause {
  const { rest, isFirst } = place;
  if (isFirst && LIST_ITEM.test(rest)) return STRAY_ITEM;
  return /:(?:\s|$)/.test(rest)
    ? {
        message: 'A text that contains a colon followed by a space is not in quotes.',
        remediation: 'Put the text in quotes. If it is an object, begin it in the next line, and indent it.',
      }
    : {
        message: 'The next line is indented like a part of this value, which is complete.',
        remediation: 'Indent the next line like the entry that precedes it, or remove this value.',
      };
}

function badIndent({ message, rest, isFirst }: Place): SyntaxCause | null {
  if (message.includes('sequence items'))
    return {
      message: 'The list item is not indented like the items before it.',
      remediation: 'Indent all items of a list alike, with spaces.',
    };
  if (message.includes('mapping items'))
    return isFirst && LIST_ITEM.test(rest)
      ? STRAY_ITEM
      : {
          message: 'The line is not indented like the other entries of its object.',
          remediation: 'Indent all entries of an object alike, with spaces.',
        };
  return null;
}

function missing(place: Place): SyntaxCause | null {
  const { message } = place;
  if (message.startsWith('Implicit map keys')) return keyWithoutValue(place);
  if (message.startsWith('Missing space after :'))
    return { message: 'There is no space after the colon of a key.', remediation: `${ENTRY} A colon needs a space.` };
  if (message.startsWith('Missing ,')) return NO_COMMA;
  if (message.startsWith('Sequence item without'))
    return {
      message: 'The line stands in a list, but does not begin with a dash.',
      remediation: 'Begin the item with a dash, or indent the line like the object to which it belongs.',
    };
  if (message.startsWith('Comments must'))
    return {
      message: 'There is no space before the # of a comment.',
      remediation: 'Write a space before it. If it is not a comment, put the text in quotes.',
    };
  return null;
}

function unexpected({ message, rest, isFirst }: Place): SyntaxCause | null {
  if (message.includes('block-seq-ind'))
    return isFirst
      ? STRAY_ITEM
      : {
          message: 'A list item begins in the line of its key.',
          remediation: 'Begin the list in the next line, or write it as [a, b]. If it is text, put it in quotes.',
        };
  if (/flow-(?:map|seq)-end/.test(message))
    return {
      message: `The ${rest.charAt(0)} closes nothing.`,
      remediation: 'Remove it, or write its opening bracket. If it is text, put the text in quotes.',
    };
  if (/^Unexpected (?:,|empty item)/.test(message))
    return { message: 'There is no value before the comma.', remediation: 'Remove the comma, or write the value.' };
  if (message.startsWith('Block scalar header'))
    return {
      message: 'Text follows the | or > with which a text begins.',
      remediation: 'Begin the text in the next line, and indent it.',
    };
  if (!message.endsWith('at node end')) return null;
  return isFirst
    ? {
        message: 'The line does not belong to the value before it.',
        remediation: 'Indent it like the lines to which it belongs. Do not mix list items and entries.',
      }
    : {
        message: 'Text follows a value that has ended.',
        remediation: 'Put the whole text in quotes, or remove the rest. Check that quotes before it are closed.',
      };
}
