/**
 * What a terminal would show: enough of one for a shell, a prompt and progress bars (ECMA-48 cursor movement and erasure).
 * Colours and titles are dropped, lines never wrap.
 */
export class Screen {
  readonly #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #rest = '';

  /** Lines as shown, trailing blanks removed. */
  get lines(): string[] {
    return this.#lines.map((line) =>
      Array.from(line, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  get text(): string {
    return this.lines.join('\n').trimEnd();
  }

  write(text: string): void {
    const input = this.#rest + text;
    // CSI sequences, then OSC (titles), then two-character escapes, then anything else one character at a time.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are made of them
    const token = /\x1b\[([0-9;?]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^[\]]|[^\x1b]/gsu;
    let end = 0;
    for (const match of input.matchAll(token)) {
      if (match.index !== end) break;
      end += match[0].length;
      if (match[2] !== undefined) this.#control(match[1] ?? '', match[2]);
      else if (!match[0].startsWith('\x1b')) this.#print(match[0]);
    }
    this.#rest = input.slice(end);
  }

  #print(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#row++;
    else if (character === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (character === '\t') this.#column = (Math.floor(this.#column / 8) + 1) * 8;
    else if (character >= ' ') this.#line()[this.#column++] = character;
    this.#line();
  }

  #control(parameters: string, final: string): void {
    const [first = 0, second = 0] = parameters.split(';').map(Number);
    const count = Math.max(1, first || 1);
    if (final === 'A') this.#row = Math.max(0, this.#row - count);
    else if (final === 'B') this.#row += count;
    else if (final === 'C') this.#column += count;
    else if (final === 'D') this.#column = Math.max(0, this.#column - count);
    else if (final === 'G') this.#column = count - 1;
    else if (final === 'H') [this.#row, this.#column] = [count - 1, Math.max(1, second || 1) - 1];
    else if (final === 'K') this.#eraseLine(first);
    else if (final === 'J') this.#eraseScreen(first);
    this.#line();
  }

  #eraseLine(what: number): void {
    const line = this.#line();
    if (what === 0) line.length = Math.min(line.length, this.#column);
    else if (what === 1) line.fill(' ', 0, this.#column + 1);
    else line.length = 0;
  }

  #eraseScreen(what: number): void {
    if (what === 0) {
      this.#eraseLine(0);
      this.#lines.length = this.#row + 1;
    } else {
      for (const line of this.#lines) line.length = 0;
    }
  }

  #line(): string[] {
    while (this.#lines.length <= this.#row) this.#lines.push([]);
    return this.#lines[this.#row] as string[];
  }
}
