/* prove: inclusion and consistency from the store. */
#include "store/cell_copy.h"
