/** `diff`: docker's fields of a change (github.com/docker/cli/cli/command/container/formatter_diff.go). */
import type { Listing } from './listing.js';

export interface ChangeRow {
  kind: 'A' | 'C' | 'D';
  path: string;
}

export const CHANGES: Listing<ChangeRow> = {
  columns: ['Type', 'Path'],
  quiet: 'Path',
  fields: {
    Type: { head: 'CHANGE TYPE', text: ({ kind }) => kind },
    Path: { head: 'PATH', text: ({ path }) => path },
  },
};

/** What docker prints without a format. */
export const PLAIN = '{{.Type}} {{.Path}}';
