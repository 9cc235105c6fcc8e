/** Options of the command line, as a page says them. Options that a page does not have are those of `taskrunner verify`. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  ...accepting('--allow-dev', 'Accept keys of a development stack'),
  ...accepting('--allow-local', 'Accept keys of a run without a server'),
  [/Use "--expect"\./g, 'Enter the run or the plan hash that you expect.'],
  [/Verify with "--original"/g, 'Verify with `taskrunner verify --original`'],
  [/with "--(original|checkpoints) FILE"/g, 'with `taskrunner verify --$1 FILE`'],
  [/"--audit FILE"/g, '`--audit FILE`'],
  [/and pass the tar/g, 'and choose the tar'],
];

/** How the page says an option that a check box stands for. */
function accepting(option: string, label: string): readonly (readonly [RegExp, string])[] {
  return [
    [new RegExp(`add "${option}"`, 'g'), `tick “${label}”`],
    [new RegExp(`accepted because of "?${option}"?`, 'g'), `accepted because “${label}” is ticked`],
    [new RegExp(`\\(${option}\\)`, 'g'), `(“${label}” is not ticked)`],
  ];
}

/** A text of the verifier that names options of the command line, in words of the page. */
export function browserWords(text: string): string {
  return WORDS.reduce((said, [option, words]) => said.replace(option, words), text);
}
