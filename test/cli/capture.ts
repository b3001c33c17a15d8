import type { Output } from '../../src/cli/output.js';

/** An Output that keeps what is written. */
export function capture(isTerminal = false, columns = 80, rows = 24): Output & { text: string } {
  return {
    isTerminal,
    columns,
    rows,
    text: '',
    write(text) {
      this.text += text;
    },
  };
}
