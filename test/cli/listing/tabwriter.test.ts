import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alignColumns } from '../../../src/cli/listing/tabwriter.js';

/** Go 1.24's text/tabwriter with docker's settings (10, 1, 3, ' ', 0); `·` for a blank. */
const CASES: [what: string, text: string, aligned: string][] = [
  ['nothing', '', ''],
  ['no tab', 'a\nb\n', 'a\nb\n'],
  ['short cells', 'TAG\tIMAGE ID\nx\ty\n', 'TAG·······IMAGE ID\nx·········y\n'],
  ['a long cell', 'A\tB\nlonger than ten\ty\n', 'A·················B\nlonger than ten···y\n'],
  ['an empty last cell', 'A\tB\nx\t\n', 'A·········B\nx·········\n'],
  ['empty cells', 'A\tB\tC\nx\t\tz\n', 'A·········B·········C\nx···················z\n'],
  ['characters, not bytes', 'ünïçödé\tB\n日本\tC\n', 'ünïçödé···B\n日本········C\n'],
  [
    'columns that end where a line has no more',
    'a\tb\tc\nlong enough for it\td\nx\ty\tz\n',
    'a····················b·········c\nlong enough for it···d\nx····················y·········z\n',
  ],
  ['blocks that a line without tabs parts', 'a\tb\nnone\nlong enough for it\td\n', 'a·········b\nnone\nlong enough for it···d\n'],
];

describe('columns', () => {
  for (const [what, text, aligned] of CASES) {
    it(`are aligned as docker does: ${what}`, () => {
      assert.equal(alignColumns(text), aligned.replaceAll('·', ' '));
    });
  }
});
