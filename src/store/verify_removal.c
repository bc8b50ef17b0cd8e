/* verify_removal: what is gone or changed against the records that say so. */
#include "store/cell_copy.h"
