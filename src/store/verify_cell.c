/* verify_cell: one cell and everything in it. */
#include "store/cell_copy.h"
