/**
 * Buffers the lines of one turn of the event loop and writes them together, because a write to a pipe blocks the process. Remaining lines
 * are written when the process ends.
 */
export function gatheredLines(write: (text: string) => void): (line: string) => void {
  let waiting = '';
  const flush = (): void => {
    const text = waiting;
    waiting = '';
    process.off('exit', flush);
    if (text !== '') write(text);
  };
  return (line) => {
    if (waiting === '') {
      setImmediate(flush);
      // Registered only while a line is buffered, because a process may compose many services one after the other.
      process.once('exit', flush);
    }
    waiting += line;
  };
}
