/** Progress on standard error: lines that stay, and one status line that is rewritten on a terminal. */
export class Screen {
  readonly #terminal = process.stderr.isTTY === true;
  #status = '';
  #statusesSkipped = 0;

  line(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
    if (this.#terminal) process.stderr.write(this.#status);
  }

  /** Without a terminal every fifth status is a line of its own. */
  status(text: string): void {
    if (this.#terminal) {
      this.#clear();
      this.#status = text.slice(0, (process.stderr.columns ?? 80) - 1);
      process.stderr.write(this.#status);
    } else if (this.#statusesSkipped++ % 5 === 0) {
      process.stderr.write(`${text}\n`);
    }
  }

  endStatus(): void {
    this.#clear();
    this.#status = '';
  }

  #clear(): void {
    if (this.#terminal) process.stderr.write('\r\u001b[K');
  }
}
