/* cell_leaves: the leaf hashes of a cell made again from what it holds. */
#include "store/cell_copy.h"
