import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PullEvent } from '../../../src/api/options.js';
import { patient } from '../../../src/cli/progress/patient.js';
import { createReporter } from '../../../src/cli/progress/reporter.js';
import { capture } from '../capture.js';

const LAYER = `sha256:${'a'.repeat(64)}`;

function told(...events: PullEvent[]): string {
  const stderr = capture();
  const reporter = patient(createReporter(stderr));
  for (const event of events) reporter.event(event);
  reporter.stop();
  return stderr.text;
}

const local: PullEvent[] = [
  { type: 'resolve', reference: 'oci:/images/app:v1' },
  { type: 'manifest', digest: LAYER, layers: [{ digest: LAYER, size: 1000 }] },
];
const done: PullEvent = { type: 'done', reference: 'oci:/images/app:v1', digest: LAYER };

describe('run', () => {
  it('says nothing of a local image that is in the store already', () => {
    assert.equal(told(...local, { type: 'downloaded', digest: LAYER, alreadyPresent: true }, done), '');
  });

  it('tells the whole story when something had to be brought', () => {
    const text = told(...local, { type: 'downloaded', digest: LAYER, alreadyPresent: false }, done);
    assert.match(text, /^oci:\/images\/app:v1: resolving\n.*1 layer.*\n.*downloaded\n.*pulled/);
  });

  it('says at once that a registry is asked', () => {
    assert.equal(told({ type: 'resolve', reference: 'docker.io/library/alpine:latest' }), 'alpine:latest: resolving\n');
  });
});
