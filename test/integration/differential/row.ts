/** A row of the table: what is typed, and what comes of it. Plain data. */

export interface Answer {
  code: number;
  stdout: string;
  /** In words that both tools share (see normal in answer.ts): a refusal is `<refused>`, whoever refuses and however it says so. */
  stderr: string;
}

export interface Row extends Answer {
  /** What it shows; with the topic it is the row's name. */
  shows: string;
  /** For sh, in an empty directory: `t` is the tool, `$N` a name that no other row has, `$I` and the like are images (images.ts). */
  typed: string;
  /** What tsrun's refusal says, among other things. */
  says?: string;
  /** podman 4.3.1's answer: the same, another one and why tsrun does not follow it, or why it was not asked. */
  podman: 'same' | (Answer & { why: string }) | { notAsked: string };
  /** tsrun's answer is wrong, and this is what is wrong: the row holds what it does now. */
  fault?: string;
  /** Why a user without subordinate ids gets another answer. */
  notSingle?: string;
}

/** Topic → rows. */
export type Topic = readonly [topic: string, rows: readonly Row[]];
