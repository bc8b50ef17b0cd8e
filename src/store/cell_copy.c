/* cell_copy: the rows of one cell, read in one transaction. */
#include "store/cell_copy.h"
