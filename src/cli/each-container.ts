/** Verbs that do one thing to each of several containers, and print the names of those that it was done to. */
import { defineCommand } from './command.js';
import { each } from './each.js';
import type { OptionsOf, Values } from './flags/flag.js';
import type { Verb } from './verb.js';
import { visible } from './visible.js';

export function defineEach<V extends Verb>(
  verb: V,
  act: (name: string, options: OptionsOf<V['flags']> & { signal: AbortSignal }, values: Values<V['flags']>) => Promise<object>,
) {
  return defineCommand(verb, async ({ args, options, values, stdout, json, fail }) => {
    const asJson = (values as { json?: boolean }).json;
    const done = await each(
      args,
      async (name) => {
        const result = await act(name, options, values);
        if (!asJson) stdout.write(`${visible(name)}\n`);
        return result;
      },
      fail,
    );
    if (asJson) json(done);
  });
}
