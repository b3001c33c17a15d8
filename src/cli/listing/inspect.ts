/** How `inspect` and `image inspect` print: docker's JSON, or a template carried out on each. */
import type { Output } from '../output.js';
import { parseTemplate } from '../template/template.js';
import { visibleJson, visibleLines } from '../visible.js';
import { refuseBoth } from './listing.js';
import { templateValue } from './shape.js';

export interface InspectPrinter {
  /** The members that the template names: what is dear to find out need not be, unless it is among them. */
  readonly needs: ReadonlySet<string>;
  /** What is printed of one at once; nothing where all are printed together. */
  one(value: object): void;
  /** When there are no more. */
  end(all: readonly object[]): void;
}

/** @throws ERR_TSRUN_TEMPLATE, ERR_TSRUN_USAGE */
export function inspectPrinter(values: { json?: boolean; format?: string }, stdout: Output): InspectPrinter {
  const { format = '' } = values;
  refuseBoth(values);
  if (format === '' || format === 'json') {
    return { needs: new Set(), one() {}, end: (all) => stdout.write(`${visibleJson(all, format === '' ? 2 : undefined)}\n`) };
  }
  const template = parseTemplate(format);
  return {
    needs: template.fields,
    one: (value) => {
      const text = `${template.execute(templateValue(value))}\n`;
      // Scripts get what there is; a terminal is not told what to do by an image.
      stdout.write(stdout.isTerminal ? visibleLines(text) : text);
    },
    end() {},
  };
}
