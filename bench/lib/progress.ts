/** One line on a terminal that says what is being measured; nothing where nobody looks. */
export function showProgress(name: string): { progress: (text: string) => void; done: () => void } {
  if (!process.stderr.isTTY) return { progress: () => {}, done: () => {} };
  return {
    progress: (text) => process.stderr.write(`\r\x1b[K${name}: ${text}`),
    done: () => process.stderr.write('\r\x1b[K'),
  };
}
