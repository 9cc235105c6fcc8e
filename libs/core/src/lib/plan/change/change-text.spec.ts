import { changeText } from './change-text';

const numbered = (count: number, change: (at: number) => string = String): string =>
  Array.from({ length: count }, (_, at) => change(at)).join('\n');

describe('the text of a change', () => {
  it('is both values, if they are short or on one line', () => {
    expect(changeText({ before: ['scan'], after: 'x' })).toEqual({ kind: 'pair', before: '["scan"]', after: '"x"' });
    expect(changeText({ after: 1 })).toEqual({ kind: 'pair', before: '(none)', after: '1' });
  });

  it('is cut around the first difference of long values', () => {
    const text = (last: string) => `${'x'.repeat(50_000)}${last}${'y'.repeat(50_000)}`;
    expect(changeText({ before: text('1'), after: text('2') })).toEqual({
      kind: 'pair',
      before: `…${'x'.repeat(40)}1${'y'.repeat(119)}…`,
      after: `…${'x'.repeat(40)}2${'y'.repeat(119)}…`,
    });
  });

  it('has the lines of long texts that differ, with two equal ones around them', () => {
    const [before, after] = [numbered(400), numbered(400, (at) => (at === 7 || at === 300 ? `new ${at}` : String(at)))];
    expect(changeText({ before, after })).toEqual({
      kind: 'lines',
      lines: [
        { mark: '…', text: '5 equal lines' },
        ...[' 5', ' 6', '-7', '+new 7', ' 8', ' 9'].map(line),
        { mark: '…', text: '288 equal lines' },
        ...[' 298', ' 299', '-300', '+new 300', ' 301', ' 302'].map(line),
        { mark: '…', text: '97 equal lines' },
      ],
      more: 0,
    });
  });

  it('finds a line that was put in, and one that was taken out', () => {
    expect(changeText({ before: 'a\nb\nc\n', after: 'a\nc\nd\n' })).toEqual({
      kind: 'lines',
      lines: [' a', '-b', ' c', '+d', ' '].map(line),
      more: 0,
    });
  });

  it('counts what differs beyond the first lines', () => {
    const { lines, more } = linesOf(
      changeText({ before: numbered(3_000), after: numbered(3_000, (at) => `new ${at}`) }),
    );
    expect([lines.length, lines.at(-1), more]).toEqual([40, line('-39'), 5_960]);
    expect(linesOf(changeText({ after: 'a\nb' })).lines).toEqual(['+a', '+b'].map(line));
  });

  it('cuts a long line around what differs in it', () => {
    const text = (last: string) => `#!/bin/sh\n${'x'.repeat(5_000)}${last}`;
    expect(linesOf(changeText({ before: text('1'), after: text('2') })).lines.slice(1)).toEqual([
      { mark: '-', text: `…${'x'.repeat(40)}1` },
      { mark: '+', text: `…${'x'.repeat(40)}2` },
    ]);
  });
});

function line(text: string) {
  return { mark: text.slice(0, 1), text: text.slice(1) };
}

function linesOf(text: ReturnType<typeof changeText>) {
  if (text.kind !== 'lines') throw new Error('not a difference of lines');
  return text;
}
