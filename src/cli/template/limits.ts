/** A template may come from anybody's script: what it may cost. */

/** Characters of a template. */
export const LONGEST_TEMPLATE = 64 * 1024;
/** Parentheses and blocks within each other; also of the data. */
export const DEEPEST = 100;
/** Nodes and commands carried out. */
export const MOST_STEPS = 2_000_000;
/** Characters printed, and made by functions. */
export const MOST_TEXT = 8 * 1024 * 1024;
