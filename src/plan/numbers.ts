/** Numbers of open(2) and mount(2) that plans bring. */

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
/** O_PATH, of a directory. */
export const O_PATH_DIRECTORY = 0o10200000;
export const MS_REC = 0x4000;
/** Nothing that is mounted here is seen elsewhere, nor the other way round. */
export const MS_REC_PRIVATE = MS_REC | 0x40000;
