/** Shows a pull while it runs, on standard error: bars on a terminal, lines elsewhere. Notes go in between. */
import type { Output } from '../output.js';
import { printNote } from '../print-error.js';
import { shownName } from '../shown-name.js';
import { humanDuration, humanSize } from '../units.js';
import { visible } from '../visible.js';
import { barLines } from './bars.js';
import { advance, emptyProgress, type ProgressEvent, type PullProgress } from './layers.js';
import { stepLine } from './steps.js';

export interface Reporter {
  /** Nothing is shown: a note given to it would be lost, and told once only. */
  readonly silent: boolean;
  /** Says at once what is about to be pulled, before anything is known of it. */
  begin(image: string): void;
  event(event: ProgressEvent): void;
  note(note: string): void;
  /** Puts the terminal back as it was. May be called twice. @param interrupted a signal ended it: says what is kept of a pull */
  stop(interrupted?: boolean): void;
}

/** Milliseconds between two pictures. */
const FRAME = 100;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

export function createReporter(stderr: Output, options: { quiet?: boolean; bars?: boolean; now?: () => number } = {}): Reporter {
  if (options.quiet) return { silent: true, begin() {}, event() {}, note() {}, stop() {} };
  const now = options.now ?? (() => performance.now());
  return (options.bars ?? stderr.isTerminal) ? new Bars(stderr, now) : lineReporter(stderr, now);
}

/** With `--json` only a terminal sees progress: a program that reads standard error finds an error object there or nothing. */
export function reporterFor(stderr: Output, values: { quiet?: boolean; json?: boolean }): Reporter {
  return createReporter(stderr, { quiet: values.quiet === true || (values.json === true && !stderr.isTerminal) });
}

function lineReporter(stderr: Output, now: () => number): Reporter {
  const progress = emptyProgress('');
  let begun = false;
  const event = (happened: ProgressEvent) => {
    const line = begun && happened.type === 'resolve' ? undefined : stepLine(progress, happened);
    advance(progress, happened, now());
    if (line !== undefined) stderr.write(`${line}\n`);
  };
  return {
    silent: false,
    begin(image) {
      event({ type: 'resolve', reference: image });
      begun = true;
    },
    event,
    note: (note) => printNote(note, stderr),
    stop(interrupted) {
      if (interrupted) stderr.write(kept(progress));
    },
  };
}

class Bars implements Reporter {
  readonly silent = false;
  private progress: PullProgress | undefined;
  private started = 0;
  /** Events may still come from a pull that was told to end. */
  private stopped = false;
  /** Lines of the picture on the screen; the cursor is below them. */
  private drawn = 0;
  private drawnAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  /** Whatever ends the process, the cursor comes back. */
  private readonly onExit = () => this.stop();

  constructor(
    private readonly stderr: Output,
    private readonly now: () => number,
  ) {}

  begin(image: string): void {
    this.event({ type: 'resolve', reference: image });
  }

  event(event: ProgressEvent): void {
    if (this.stopped) return;
    if (this.progress === undefined) {
      this.progress = emptyProgress('');
      this.started = this.now();
      this.stderr.write(HIDE_CURSOR);
      process.once('exit', this.onExit);
      this.timer = setInterval(() => this.draw(), FRAME).unref();
    }
    advance(this.progress, event, this.now());
    if (event.type === 'fallback') this.note(stepLine(this.progress, event) ?? '');
    if (this.now() - this.drawnAt >= FRAME) this.draw();
  }

  note(note: string): void {
    this.erase();
    printNote(note, this.stderr);
    this.draw();
  }

  /** Replaces the picture by one line that says what was done; a pull that failed leaves nothing. */
  stop(interrupted = false): void {
    this.stopped = true;
    clearInterval(this.timer);
    process.off('exit', this.onExit);
    if (this.progress === undefined) return;
    this.erase();
    const last = interrupted ? kept(this.progress) : summary(this.progress, this.now() - this.started);
    this.stderr.write(`${SHOW_CURSOR}${last}`);
    this.progress = undefined;
  }

  private draw(): void {
    if (this.progress === undefined) return;
    this.drawnAt = this.now();
    // One column stays free: a line that ends in the last one wraps on some terminals.
    const lines = barLines(this.progress, this.drawnAt, this.stderr.columns - 1, this.stderr.rows - 1);
    const up = this.drawn === 0 ? '' : `\x1b[${this.drawn}A`;
    this.stderr.write(`${up}\r${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
    this.drawn = lines.length;
  }

  private erase(): void {
    if (this.drawn > 0) this.stderr.write(`\x1b[${this.drawn}A\r\x1b[J`);
    this.drawn = 0;
  }
}

/** What an interrupted pull leaves for the next one. */
function kept({ reference, layers, done, sent }: PullProgress): string {
  const steps = [...layers.values()].map(({ step }) => step);
  const whole = steps.filter((step) => step !== 'waiting' && step !== 'downloading' && step !== 'uploading').length;
  if (done || whole === 0) return '';
  const rest = sent === undefined ? 'are kept, and the next pull goes on from there' : 'have arrived, and need not be sent again';
  return `${visible(shownName(reference))}: interrupted: ${whole} of ${steps.length} layers ${rest}\n`;
}

function summary(progress: PullProgress, milliseconds: number): string {
  const { reference, received, unpacked, sent, done } = progress;
  if (sent !== undefined) return done ? `${visible(shownName(reference))}: sent ${humanSize(sent)} in ${elapsed(milliseconds)}\n` : '';
  if (received === 0 && unpacked === 0) return done ? `${visible(shownName(reference))}: up to date\n` : '';
  if (!done && received > 0) return '';
  const what = received > 0 ? `pulled ${humanSize(received)}` : `unpacked ${unpacked} ${unpacked === 1 ? 'layer' : 'layers'}`;
  return `${visible(shownName(reference))}: ${what} in ${elapsed(milliseconds)}\n`;
}

function elapsed(milliseconds: number): string {
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : humanDuration(milliseconds).toLowerCase();
}
