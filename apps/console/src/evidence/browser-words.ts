/** Options of the command line, as a page says them. Options that a page does not have are those of `taskrunner verify`. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/add "--allow-dev"/g, 'tick “Accept keys of a development stack”'],
  [/accepted because of "?--allow-dev"?/g, 'accepted because “Accept keys of a development stack” is ticked'],
  [/\(--allow-dev\)/g, '(“Accept keys of a development stack” is not ticked)'],
  [/Use "--expect"\./g, 'Enter the run or the plan hash that you expect.'],
  [/Verify with "--original"/g, 'Verify with `taskrunner verify --original`'],
  [/with "--(original|checkpoints) FILE"/g, 'with `taskrunner verify --$1 FILE`'],
  [/"--audit FILE"/g, '`--audit FILE`'],
  [/and pass the tar/g, 'and choose the tar'],
];

/** A text of the verifier that names options of the command line, in words of the page. */
export function browserWords(text: string): string {
  return WORDS.reduce((said, [option, words]) => said.replace(option, words), text);
}
