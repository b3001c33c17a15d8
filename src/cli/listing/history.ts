/** `history`: docker's fields of a step (github.com/docker/cli/cli/command/formatter/history.go). */
import type { ImageHistoryStep } from '../../index.js';
import { age, humanSize, shortId } from '../units.js';
import type { Listing } from './listing.js';
import { ellipsis } from './shorten.js';
import { rfc3339 } from './time.js';

const CREATED_BY_WIDTH = 45;
const MISSING = '<missing>';
const UNKNOWN = 'N/A';

/** @param human false: bytes, and the time in place of the age */
export function historyListing(human: boolean): Listing<ImageHistoryStep> {
  const createdAt = ({ created }: ImageHistoryStep) => rfc3339(created) ?? UNKNOWN;
  return {
    columns: ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'],
    quiet: 'ID',
    fields: {
      ID: { head: 'IMAGE', text: ({ id = MISSING }, { noTrunc }) => (noTrunc || id === MISSING ? id : shortId(id)) },
      CreatedSince: { head: 'CREATED', text: (step, { now }) => (human ? age(step.created, now) : createdAt(step)) },
      CreatedAt: { head: 'CREATED AT', text: createdAt },
      CreatedBy: {
        head: 'CREATED BY',
        text: ({ createdBy }, { noTrunc }) => {
          const line = createdBy.replaceAll('\t', ' ');
          return noTrunc ? line : ellipsis(line, CREATED_BY_WIDTH);
        },
      },
      Size: { head: 'SIZE', text: ({ size }) => (human ? humanSize(size) : String(size)) },
      Comment: { head: 'COMMENT', text: ({ comment }) => comment },
    },
  };
}
