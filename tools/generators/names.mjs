import ts from 'typescript';
import { refuse } from './refusal.mjs';

/** A name in every spelling that the code uses. `value` must be kebab-case and must not be a reserved word. */
export function namesOf(option, value) {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9]+(-[a-z0-9]+)*$/.test(value) || value.length > 50)
    refuse(
      option,
      `${JSON.stringify(value)} is not kebab-case.`,
      'Use small letters, digits and single hyphens, at most 50 characters, such as object-lock.',
    );
  const words = value.split('-');
  const pascal = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  const camel = pascal[0].toLowerCase() + pascal.slice(1);
  if (isReserved(camel) || GLOBALS.has(pascal))
    refuse(option, `${JSON.stringify(value)} is a name of JavaScript.`, 'Choose another name.');
  return {
    kebab: value,
    camel,
    pascal,
    snake: words.join('_'),
    constant: words.join('_').toUpperCase(),
    words: words.join(' '),
  };
}

/** Globals that a class of the same name would shadow. */
const GLOBALS = new Set(Object.getOwnPropertyNames(globalThis));

function isReserved(word) {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, word);
  const token = scanner.scan();
  return token >= ts.SyntaxKind.FirstReservedWord && token <= ts.SyntaxKind.LastFutureReservedWord;
}
