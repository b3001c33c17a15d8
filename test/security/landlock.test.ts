import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { landlockRuleset } from '../../src/security/landlock.js';

/** linux/landlock.h, by name. */
const NAMES =
  'EXECUTE WRITE_FILE READ_FILE READ_DIR REMOVE_DIR REMOVE_FILE MAKE_CHAR MAKE_DIR MAKE_REG MAKE_SOCK MAKE_FIFO MAKE_BLOCK MAKE_SYM REFER TRUNCATE'.split(
    ' ',
  );
const names = (rights: number) => NAMES.filter((_, bit) => (rights >> bit) & 1).join(' ');
const CHANGES = NAMES.slice(4).join(' ');

function shown(rules: Parameters<typeof landlockRuleset>[0]) {
  const { version, handled, paths, rights } = landlockRuleset(rules);
  return { version, handled: names(handled[0]), rules: Object.fromEntries(paths.map((path, index) => [path, names(rights[index] ?? 0)])) };
}

describe('rules of Landlock', () => {
  it('exec alone: links and moves stay what they are, and the kernel lets no file gain a right by one', () => {
    assert.deepEqual(shown({ exec: ['/usr', '/opt/run'] }), {
      version: 2,
      handled: 'EXECUTE REFER',
      rules: { '/usr': 'EXECUTE', '/opt/run': 'EXECUTE', '/': 'REFER' },
    });
  });

  it('write: all that changes a tree, beneath its paths; of the devices those that keep nothing', () => {
    const { version, handled, rules } = shown({ write: ['/tmp'] });
    assert.equal(version, 3);
    assert.equal(handled, `WRITE_FILE ${CHANGES}`);
    assert.equal(rules['/tmp'], handled);
    for (const [path, rights] of Object.entries(rules)) if (path !== '/tmp') assert.equal(rights, 'WRITE_FILE TRUNCATE', path);
    assert.equal(rules['/'], undefined);
    assert.equal(rules['/dev'], undefined, 'what is mounted there is not writable by it');
  });

  it('both at one path, in one rule', () => {
    const { rules } = shown({ write: ['/w'], exec: ['/w', '/x'] });
    assert.equal(rules['/w'], `EXECUTE WRITE_FILE ${CHANGES}`);
    assert.equal(rules['/x'], 'EXECUTE');
  });

  it('nothing writable', () => {
    assert.equal(Object.values(shown({ write: [] }).rules).join(), Array(7).fill('WRITE_FILE TRUNCATE').join());
  });
});
