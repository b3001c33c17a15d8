/** oclif's table: command id (words joined by colons) → class. The manifest is made from it. */
import Bundle from '../commands/bundle.js';
import Help from '../commands/help.js';
import ImageInspect from '../commands/image-inspect.js';
import Images from '../commands/images.js';
import Inspect from '../commands/inspect.js';
import Port from '../commands/port.js';
import Ps from '../commands/ps.js';
import Pull from '../commands/pull.js';
import Rm from '../commands/rm.js';
import Rmi from '../commands/rmi.js';
import Run from '../commands/run.js';
import Version from '../commands/version.js';

export const COMMANDS = {
  bundle: Bundle,
  help: Help,
  'image:inspect': ImageInspect,
  images: Images,
  inspect: Inspect,
  port: Port,
  ps: Ps,
  pull: Pull,
  rm: Rm,
  rmi: Rmi,
  run: Run,
  version: Version,
};
