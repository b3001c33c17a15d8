import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IMAGES } from '../../src/cli/flags/images.js';
import { overview, verbHelp, WELCOME } from '../../src/cli/help.js';
import type { Verb } from '../../src/cli/verb.js';
import { VERBS } from '../../src/cli/verbs.js';

describe('the help of a verb', () => {
  it('is made from its data', () => {
    assert.equal(
      verbHelp(IMAGES, 100),
      `Usage: tsrun images [options] [REPOSITORY[:TAG]]

List the images in the store.

Arguments:
  REPOSITORY[:TAG]   list these only

Options:
  -a, --all                List all images; there are no intermediate ones that it would add
  -q, --quiet              Print ids only
      --no-trunc           Do not shorten ids and commands
  -f, --filter KEY=VALUE   Show only what matches: reference, dangling, label, before or since (may
                           be repeated)
      --format FORMAT      Print by a Go template such as '{{.ID}}', 'table {{.ID}}\\t{{.Size}}', or
                           json: an object on each line
      --digests            Show digests
      --root DIR           Keep the store in this directory (or set TSRUN_ROOT)
      --run-root DIR       Keep the runtime state in this directory (or set TSRUN_RUN_ROOT)
      --json               Print results and errors as JSON
      --debug              Print the causes of an error (or set TSRUN_DEBUG)
  -h, --help               Show this help

Examples:
  tsrun images
  tsrun images -f reference='alpine:3.*' --format '{{.Tag}}'   the tags of a version
  tsrun rmi -f $(tsrun images -q alpine)                       remove every tag of alpine

Also: tsrun image ls, tsrun image list
`,
    );
  });

  it('names every flag and fits the terminal', () => {
    for (const verb of VERBS as readonly Verb[]) {
      for (const columns of [60, 80, 200]) {
        const text = verbHelp(verb, columns);
        for (const name of Object.keys(verb.flags)) assert.ok(text.includes(`--${name}`), `${verb.name}: --${name}`);
        const prose = text.split('\n').filter((line) => !line.startsWith('  ') && !line.startsWith('Also') && !line.startsWith('Usage'));
        assert.ok(
          prose.every((line) => line.length <= Math.min(100, columns)),
          `${verb.name} at ${columns}`,
        );
      }
    }
  });
});

describe('the overview', () => {
  it('lists the verbs, or those of one topic', () => {
    const all = overview(VERBS, 80);
    for (const verb of VERBS) assert.match(all, new RegExp(`^  ${verb.name} `, 'm'));
    for (const flag of ['--root DIR', '--run-root DIR', '--json', '--debug', '--help', '--version']) assert.ok(all.includes(flag), flag);
    assert.doesNotMatch(overview(VERBS, 80, 'image'), /--root/);
    assert.match(overview(VERBS, 80, 'image'), /image ls .*\(images\)/);
    assert.doesNotMatch(overview(VERBS, 80, 'image'), /container/);
  });
});

describe('tsrun alone', () => {
  it('prints three commands to try', () => {
    assert.equal(WELCOME.match(/^ {2}tsrun /gm)?.length, 3);
  });
});
