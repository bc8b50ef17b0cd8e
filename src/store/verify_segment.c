/* verify_segment: columns against the lines they stand for. */
#include "store/cell_copy.h"
