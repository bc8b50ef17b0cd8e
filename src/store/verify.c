/* verify: all cells, then what lies across them. */
#include "store/store.h"
