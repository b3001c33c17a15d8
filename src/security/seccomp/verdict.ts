/**
 * What a profile says of each call when several rules name it. Pure. As runc, a rule that repeats the default counts for nothing; as
 * libseccomp, the first of the others that looks at no argument holds, wherever it stands among those that do. Of those that do and that hold at
 * once libseccomp takes one by an order of its own; here it is the strictest, which is never weaker.
 */
import type { Seccomp, SeccompRule } from '../../spec/runtime.js';
import { defaultOf, invalid, resultOf, strictestFirst } from './actions.js';
import { holdsAlways, type Width } from './conditions.js';

export type Verdict =
  /** Whatever the arguments. */
  | { always: SeccompRule }
  /** The first of these whose conditions all hold, else the default. */
  | { sometimes: readonly SeccompRule[] };

/** Of the calls that are named and not left to the default. @param width of the arguments */
export function verdictsOf(seccomp: Seccomp, width: Width = 64): Map<string, Verdict> {
  const otherwise = resultOf(defaultOf(seccomp));
  const rules = (seccomp.syscalls ?? []).filter((rule) => resultOf(rule) !== otherwise);
  const said = new Map<string, SeccompRule[]>();
  for (const rule of rules.flatMap((each) => alternativesOf(each, width)))
    for (const name of rule.names) said.set(name, [...(said.get(name) ?? []), rule]);
  return new Map([...said].map(([name, rules]) => [name, verdictOf(rules)]));
}

function verdictOf(rules: readonly SeccompRule[]): Verdict {
  const always = rules.find(({ args }) => args === undefined);
  return always ? { always } : { sometimes: rules.toSorted(strictestFirst) };
}

/**
 * All conditions must hold; but several on the same argument are alternatives, as in runc and crun (libseccomp takes one for each argument).
 * A condition that holds for any argument is none.
 */
function alternativesOf({ args = [], ...rule }: SeccompRule, width: Width): SeccompRule[] {
  if (args.some(({ index }) => !Number.isInteger(index) || index < 0 || index > 5)) throw invalid('an argument index is not 0…5');
  const indices = new Set(args.map(({ index }) => index));
  const alternatives = indices.size < args.length ? args.map((arg) => [arg]) : [args];
  return alternatives
    .map((all) => all.filter((arg) => !holdsAlways(arg, width)))
    .map((all) => (all.length > 0 ? { ...rule, args: all } : rule));
}
