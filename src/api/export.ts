/** `export`: all files of a container as a tar. */
import { Readable } from 'node:stream';
import { findContainer } from '../container/state.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions } from './options.js';
import { recordContainer } from './record.js';
import { openSession } from './session.js';
import { noteLeftOut, visit } from './visit.js';

/**
 * Its own root file system, as it is seen from inside, whether it runs or not; of what is mounted over that there are the mount points alone. Names
 * are relative, in the order of their bytes. Owners are those that the container sees; holes stay holes; sockets are left out, with a note.
 * The stream fails when the container's side does. @throws ERR_TSRUN_CONTAINER_NOT_FOUND
 */
export async function exportContainer(container: string, options: CommonOptions = {}): Promise<Readable> {
  const { signal, onNote } = checkArguments({ container }, options);
  const { paths } = openSession(options);
  const visited = await visit(paths, container, ({ become }) => ({ whole: true, become }), signal, 'bare');
  visited.input.end();
  const whole = async function* () {
    yield* visited.output;
    noteLeftOut(await visited.ended, onNote);
    recordContainer(paths, findContainer(paths, container), 'export');
  };
  const archive = Readable.from(whole(), { objectMode: false });
  archive.once('close', () => visited.abandon());
  return archive;
}
