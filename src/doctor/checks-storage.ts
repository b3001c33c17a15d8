/** Where images and containers lie, and how an image becomes a root file system. Pure. */
import { check, found, missing, notNeeded, outcome } from './check.js';
import { install, loadModule } from './distribution.js';

const GIB = 2 ** 30;

const store = check(
  { name: 'store', required: true, purpose: 'images and containers', without: 'no container runs' },
  ({ store: { path, type, free, ...tried } }) => outcome(tried, `${path}: ${type}, ${(free / GIB).toFixed(1)} GiB free`),
);

const overlay = check(
  {
    name: 'overlay',
    purpose: 'an image for many containers without a copy',
    without: 'fuse-overlayfs takes its place, or every container gets a copy of its image',
  },
  ({ overlay: tried }) => outcome(tried, 'in a user namespace, on the store'),
);

const fuse = check(
  { name: 'fuse-overlayfs', purpose: 'what takes the place of overlay', without: 'every container gets a copy of its image' },
  ({ fuse: tried, overlay: native }, distribution) => {
    if (native.works) return notNeeded('overlay works');
    if (tried === undefined) return missing('not installed', install(distribution, 'fuse-overlayfs'));
    return outcome(tried, tried.path, loadModule(distribution, 'fuse'), 'as root: chmod 666 /dev/fuse');
  },
);

const shifted = check(
  {
    name: 'idmapped-mounts',
    purpose: "volumes and layers of root's shown under a container's ids",
    without: "layers are unpacked for each map anew, and root's volumes cannot be shown as the container root's",
  },
  ({ shifted: tried }) => {
    if (tried === undefined) return notNeeded("only the host's root can make them");
    return tried.works
      ? found('on layers, below overlay')
      : missing(tried.why, 'run Linux 5.19 or newer, and put the store on ext4, xfs or btrfs');
  },
);

export const storageChecks = [store, overlay, fuse, shifted];
